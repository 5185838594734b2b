/**
 * HttpHead: a view of the header lines that were found in a flow's data; one instance is moved from head to head.
 */
import {
  HDR_ACCEPT_LANGUAGE,
  HDR_DATE,
  HDR_SERVER,
  HDR_USER_AGENT,
  HDR_VIA,
  HDR_X_FORWARDED_FOR
} from "../../tcp/database/http-headers.ts"
import { type FlowData, HEAD_COUNT, HEAD_LINES, HEAD_VERSION, LINE_WORDS } from "../flows/flow-data.ts"
import { parseHttpDate } from "./date.ts"
import { CLIENT, type Subject } from "../log/observation-log.ts"

/** Id of a header name that is not known. */
export const ID_UNKNOWN = 0xffff
/** In a line's value length: there is a value, though it may begin with NUL and so have no bytes for p0f. */
export const VALUE_PRESENT = 0x8000

export class HttpHead {
  bytes: Uint8Array = new Uint8Array(0)
  /** Number of header lines. */
  count = 0
  /** HTTP/1.N. */
  ver = 0
  /** Line of the last User-Agent or Server with a value, -1 for none. */
  software = -1
  /** Line of the last Accept-Language of a request with a value, -1 for none. */
  language = -1
  /** There is a non-empty Via or X-Forwarded-For. */
  via = false
  /** Date of a response, unix seconds; 0 for none. */
  date = 0
  #at = 0
  #head: Uint16Array = new Uint16Array(0)
  #headAt = 0

  move(data: FlowData, slot: number, subject: Subject): void {
    this.bytes = data.bytes(slot)
    this.#at = data.bytesAt(slot)
    this.#head = data.head(slot)
    this.#headAt = data.headAt(slot) + HEAD_LINES
    this.count = this.#head[this.#headAt - HEAD_LINES + HEAD_COUNT]!
    this.ver = this.#head[this.#headAt - HEAD_LINES + HEAD_VERSION]!
    this.software = -1
    this.language = -1
    this.via = false
    this.date = 0
    for (let line = 0; line < this.count; line++) {
      if (!this.hasValue(line)) continue
      const id = this.id(line)
      if (id === HDR_VIA || id === HDR_X_FORWARDED_FOR) this.via = true
      else if (subject === CLIENT) {
        if (id === HDR_USER_AGENT) this.software = line
        else if (id === HDR_ACCEPT_LANGUAGE) this.language = line
      } else if (id === HDR_SERVER) this.software = line
      else if (id === HDR_DATE) this.date = parseHttpDate(this.bytes, this.valueAt(line), this.valueEnd(line))
    }
  }

  id(line: number): number {
    return this.#head[this.#headAt + line * LINE_WORDS]!
  }
  nameAt(line: number): number {
    return this.#at + this.#head[this.#headAt + line * LINE_WORDS + 1]!
  }
  nameLength(line: number): number {
    return this.#head[this.#headAt + line * LINE_WORDS + 2]!
  }
  valueAt(line: number): number {
    return this.#at + this.#head[this.#headAt + line * LINE_WORDS + 3]!
  }
  valueEnd(line: number): number {
    return this.valueAt(line) + (this.#head[this.#headAt + line * LINE_WORDS + 4]! & ~VALUE_PRESENT)
  }
  hasValue(line: number): boolean {
    return (this.#head[this.#headAt + line * LINE_WORDS + 4]! & VALUE_PRESENT) !== 0
  }

  /** Returns true if the value of a line contains these bytes. */
  valueContains(line: number, needle: Uint8Array): boolean {
    const bytes = this.bytes
    const last = this.valueEnd(line) - needle.length
    for (let at = this.valueAt(line); at <= last; at++) {
      let i = 0
      while (i < needle.length && bytes[at + i] === needle[i]) i++
      if (i === needle.length) return true
    }
    return false
  }

  /** First line from `from` on with this id, -1 for none. */
  find(id: number, from: number): number {
    for (let line = from; line < this.count; line++) if (this.id(line) === id) return line
    return -1
  }
}
