/**
 * The KV-list that is the payload of a HELLO and of a DISCONNECT (HAProxy doc/SPOE.txt section 3.1).
 *
 *     repeat to the end of the frame:  STRING name | TYPED DATA
 */
import { equalBytes } from "@synprint/core"
import type { Frame } from "./frame.ts"
import {
  TYPE_UINT32,
  Value,
  readName,
  readTyped,
  writeString,
  writeTypedInteger,
  writeTypedString
} from "./typed-data.ts"
import { Cursor } from "./varint.ts"

/** A reader over the pairs of a frame; it can be reset for another frame. */
export class KeyValueList {
  /** Value of the current pair. */
  readonly value: Value = new Value()
  readonly #cursor = new Cursor()
  readonly #name = new Value()

  reset(frame: Frame): void {
    this.#cursor.reset(frame.bytes, frame.payload, frame.end)
  }

  /** Moves to the next pair. False at the end of the list, or if the list is malformed: `hasFailed`. */
  next(): boolean {
    const cursor = this.#cursor
    if (cursor.failed || cursor.at >= cursor.end) return false
    readName(cursor, this.#name)
    if (!cursor.failed) readTyped(cursor, this.value)
    return !cursor.failed
  }

  get hasFailed(): boolean {
    return this.#cursor.failed
  }

  /** Returns true if the current pair has this name. */
  isNamed(name: Uint8Array): boolean {
    const { at, length } = this.#name
    return equalBytes(this.#cursor.bytes, at, at + length, name)
  }
}

/** Writes a pair with a STRING and returns the offset after it. */
export function writeTextPair(out: Uint8Array, at: number, name: string, text: string): number {
  return writeTypedString(out, writeString(out, at, name), text)
}

/** Writes a pair with a UINT32 and returns the offset after it. */
export function writeNumberPair(out: Uint8Array, at: number, name: string, value: number): number {
  return writeTypedInteger(out, writeString(out, at, name), TYPE_UINT32, value)
}
