/**
 * NOTIFY's payload, a list of messages, read where it lies (HAProxy doc/SPOE.txt section 3.2.6).
 *
 *   repeat to the end of the frame:  STRING message name | 1 byte argument count | count x { STRING name, TYPED DATA }
 *
 * Argument names may be empty, a message may have no arguments, and the count is one byte: at most 255.
 */
import type { Frame } from "./frame.ts"
import { Value, readName, readTyped } from "./typed-data.ts"
import { Cursor } from "./varint.ts"

/** A reader over the arguments of all messages of one NOTIFY. One instance is reused. */
export class Notify {
  readonly #cursor = new Cursor()
  #left = 0
  bytes: Uint8Array = new Uint8Array(0)
  /** Name of the message that the current argument belongs to, as a range. */
  readonly message = new Value()
  /** Name of the current argument, as a range. */
  readonly name = new Value()
  /** The current argument. */
  readonly value = new Value()
  /** Messages begun so far. */
  messages = 0

  open(frame: Frame): void {
    this.bytes = frame.bytes
    this.#cursor.reset(frame.bytes, frame.payload, frame.end)
    this.#left = 0
    this.messages = 0
  }

  /** Moves to the next argument of this or a later message. False at the end of the frame or at a broken value: `isMalformed`. */
  next(): boolean {
    const cursor = this.#cursor
    while (this.#left === 0) {
      if (cursor.at >= cursor.end) return false
      readName(cursor, this.message)
      if (cursor.failed) return false
      if (cursor.at >= cursor.end) {
        cursor.failed = true
        return false
      }
      this.#left = this.bytes[cursor.at++]!
      this.messages++
    }
    this.#left--
    readName(cursor, this.name)
    if (cursor.failed) return false
    readTyped(cursor, this.value)
    return !cursor.failed
  }

  get isMalformed(): boolean {
    return this.#cursor.failed
  }
}
