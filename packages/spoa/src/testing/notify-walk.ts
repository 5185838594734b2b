/**
 * A walk over NOTIFY's payload argument by argument, whatever their names are: what tests compare the reader of arguments.ts with.
 */
import type { Frame } from "../protocol/frame.ts"
import { Value, readTyped } from "../protocol/typed-data.ts"
import { Cursor, readVarint } from "../protocol/varint.ts"

/** A reader over the arguments of all messages of one NOTIFY. One instance is reused. */
export class NotifyWalk extends Cursor {
  #left = 0
  /** Name of the message that the current argument belongs to, as a range. */
  messageAt = 0
  messageLength = 0
  /** Name of the current argument, as a range. */
  nameAt = 0
  nameLength = 0
  /** The current argument. */
  readonly value: Value = new Value()
  /** Messages begun so far. */
  messages = 0

  open(frame: Frame): void {
    this.reset(frame.bytes, frame.payload, frame.end)
    this.#left = 0
    this.messages = 0
  }

  /** Moves to the next argument of this or a later message. False at the end of the frame or at a broken value: `failed`. */
  next(): boolean {
    while (this.#left === 0) {
      if (this.at >= this.end) return false
      const length = this.#nameLength()
      if (length < 0) return false
      this.messageAt = this.at
      this.messageLength = length
      const countAt = this.at + length
      if (countAt >= this.end) {
        this.failed = true
        return false
      }
      this.#left = this.bytes[countAt]!
      this.at = countAt + 1
      this.messages++
    }
    this.#left--
    const length = this.#nameLength()
    if (length < 0) return false
    this.nameAt = this.at
    this.nameLength = length
    this.at += length
    readTyped(this, this.value)
    return !this.failed
  }

  /** Length of the STRING that begins here, all of which is in the frame, and moves to its first byte; -1: `failed`. */
  #nameLength(): number {
    const length = readVarint(this)
    if (!this.failed && length <= this.end - this.at) return length
    this.failed = true
    return -1
  }
}
