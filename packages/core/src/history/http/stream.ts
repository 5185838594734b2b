/**
 * HTTP stream: finds the header lines of the first request of a flow and of its response, in data that comes in pieces (p0f's
 * fp_http.c: process_http, parse_pairs).
 *
 * Only `GET /` and `HEAD /` over HTTP/1.x. Data that can't matter any more is counted and not kept.
 */
import {
  FLOW_DATA_BYTES,
  type FlowData,
  HEAD_COUNT,
  HEAD_LINES,
  HEAD_VERSION,
  LINE_WORDS,
  MAX_HEADERS
} from "../flows/flow-data.ts"
import {
  FLOW_COLD_SHIFT,
  FLOW_HTTP_POSITION,
  FLOW_IN_HTTP,
  FLOW_NOT_HTTP,
  FLOW_REQUEST,
  FLOW_REQUEST_DONE,
  FLOW_REQUEST_LENGTH,
  FLOW_RESPONSE,
  FLOW_RESPONSE_LENGTH,
  FLOW_STATE,
  FLOW_STATUS_SEEN,
  FLOW_SHIFT
} from "../flows/flow-record.ts"
import type { Flows } from "../flows/flows.ts"
import { ID_UNKNOWN, VALUE_PRESENT } from "./head.ts"
import type { HttpTables } from "./tables.ts"
import { CLIENT, SERVER, type Subject } from "../log/observation-log.ts"

/** p0f's HTTP_MAX_URL, HTTP_MAX_HDR_NAME, HTTP_MAX_HDR_VAL (config.h). */
const MAX_URL = 1024
const MAX_NAME = 32
const MAX_VALUE = 1024
/** `GET / HTTP/1.0` + LF, `HTTP/1.0 200` + LF. */
const MIN_REQUEST = 15
const MIN_RESPONSE = 13
const LF = 0x0a
const CR = 0x0d

const isNameByte = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x30 && byte <= 0x39) ||
  byte === 0x2d ||
  byte === 0x5f

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** Receives every whole head, while its data slot is still there. */
export interface HeadSink {
  readonly head: (flow: number, subject: Subject, slot: number) => void
}

export class HttpStream {
  tables: HttpTables
  /** Flows whose data found no slot (modern mode). */
  dropped = 0
  readonly #isP0fMode: boolean
  readonly #flows: Flows
  readonly #data: FlowData
  readonly #sink: HeadSink

  constructor(isP0fMode: boolean, flows: Flows, tables: HttpTables, sink: HeadSink) {
    this.#isP0fMode = isP0fMode
    this.#flows = flows
    this.#data = flows.data
    this.tables = tables
    this.#sink = sink
  }

  /** Adds payload to its direction; at most 8192 bytes count. */
  append(flow: number, subject: Subject, bytes: Uint8Array, from: number, length: number): void {
    const { hot, cold } = this.#flows
    const base = flow << FLOW_SHIFT
    const data = this.#flows.coldOf(flow)
    const lengthAt = data + (subject === CLIENT ? FLOW_REQUEST_LENGTH : FLOW_RESPONSE_LENGTH)
    const before = cold[lengthAt]!
    const take = Math.min(length, FLOW_DATA_BYTES - before)
    if (take <= 0) return
    cold[lengthAt] = before + take
    const state = hot[base + FLOW_STATE]!
    const isNeeded = (state & FLOW_NOT_HTTP) === 0 && (subject === CLIENT) === ((state & FLOW_REQUEST_DONE) === 0)
    if (!isNeeded) return
    const slotAt = data + (subject === CLIENT ? FLOW_REQUEST : FLOW_RESPONSE)
    if (cold[slotAt] === 0) {
      // Most flows are TLS: known by their first bytes, without a copy.
      const isOther =
        subject === CLIENT &&
        take >= MIN_REQUEST &&
        !(startsWith(bytes, from, "GET /") || startsWith(bytes, from, "HEAD /"))
      const slot = isOther ? -1 : this.#data.take()
      if (slot < 0) {
        if (!isOther) this.dropped++
        hot[base + FLOW_STATE]! |= FLOW_NOT_HTTP
        return
      }
      cold[slotAt] = slot + 1
    }
    const slot = cold[slotAt]! - 1
    const to = this.#data.bytes(slot)
    const at = this.#data.bytesAt(slot) + before
    for (let i = 0; i < take; i++) to[at + i] = bytes[from + i]!
  }

  /** Goes on after `append`; false when the flow is of no more use. */
  process(flow: number, subject: Subject): boolean {
    const state = this.#flows.hot[(flow << FLOW_SHIFT) + FLOW_STATE]!
    if ((state & FLOW_NOT_HTTP) !== 0) return false
    if (subject === CLIENT) {
      if ((state & FLOW_REQUEST_DONE) !== 0) return true
      return this.#request(flow)
    }
    if ((state & FLOW_REQUEST_DONE) === 0) return this.#giveUp(flow)
    return this.#response(flow)
  }

  #giveUp(flow: number): boolean {
    this.#flows.hot[(flow << FLOW_SHIFT) + FLOW_STATE]! |= FLOW_NOT_HTTP
    return false
  }

  /** Offset of the LF of the first line, `length` when it is not there yet, -1 for what is no text. */
  #endOfLine(bytes: Uint8Array, at: number, from: number, length: number): number {
    let off = from
    while (off < length && off < MAX_URL) {
      const byte = bytes[at + off]!
      if (byte === LF) break
      if (byte !== CR && (byte < 0x20 || byte > 0x7f)) return -1
      off++
    }
    return off
  }

  #request(flow: number): boolean {
    const { hot, cold } = this.#flows
    const base = flow << FLOW_SHIFT
    const data = flow << FLOW_COLD_SHIFT
    const length = cold[data + FLOW_REQUEST_LENGTH]!
    const canGetMore = length < FLOW_DATA_BYTES
    const slot = cold[data + FLOW_REQUEST]! - 1
    if ((hot[base + FLOW_STATE]! & FLOW_IN_HTTP) === 0) {
      if (length < MIN_REQUEST) return true
      const bytes = this.#data.bytes(slot)
      const at = this.#data.bytesAt(slot)
      const from = cold[data + FLOW_HTTP_POSITION]!
      if (from === 0 && !startsWith(bytes, at, "GET /") && !startsWith(bytes, at, "HEAD /")) return this.#giveUp(flow)
      const off = this.#endOfLine(bytes, at, from, length)
      if (off < MIN_REQUEST - 1 || off === MAX_URL) return this.#giveUp(flow)
      if (off === length) {
        cold[data + FLOW_HTTP_POSITION] = off
        return canGetMore || this.#giveUp(flow)
      }
      const version = at + off - 8 - (bytes[at + off - 1] === CR ? 1 : 0)
      if (!startsWith(bytes, version, "HTTP/1.")) return this.#giveUp(flow)
      this.#data.head(slot)[this.#data.headAt(slot) + HEAD_VERSION] = bytes[version + 7] === 0x31 ? 1 : 0
      hot[base + FLOW_STATE]! |= FLOW_IN_HTTP
      cold[data + FLOW_HTTP_POSITION] = off + 1
    }
    return this.#headers(flow, CLIENT, slot, length, canGetMore)
  }

  #response(flow: number): boolean {
    const { hot, cold } = this.#flows
    const base = flow << FLOW_SHIFT
    const data = flow << FLOW_COLD_SHIFT
    const length = cold[data + FLOW_RESPONSE_LENGTH]!
    const canGetMore = length < FLOW_DATA_BYTES
    const slot = cold[data + FLOW_RESPONSE]! - 1
    // p0f never notes that it has seen the status line, so that it reads one line of each further packet as such and loses it.
    if (this.#isP0fMode || (hot[base + FLOW_STATE]! & FLOW_STATUS_SEEN) === 0) {
      if (length < MIN_RESPONSE) return true
      const bytes = this.#data.bytes(slot)
      const at = this.#data.bytesAt(slot)
      const off = this.#endOfLine(bytes, at, cold[data + FLOW_HTTP_POSITION]!, length)
      if (off < MIN_RESPONSE || off === MAX_URL) return this.#giveUp(flow)
      if (off === length) {
        cold[data + FLOW_HTTP_POSITION] = off
        return canGetMore || this.#giveUp(flow)
      }
      if (!startsWith(bytes, at, "HTTP/1.")) return this.#giveUp(flow)
      this.#data.head(slot)[this.#data.headAt(slot) + HEAD_VERSION] = bytes[at + 7] === 0x31 ? 1 : 0
      hot[base + FLOW_STATE]! |= FLOW_STATUS_SEEN
      cold[data + FLOW_HTTP_POSITION] = off + 1
    }
    return this.#headers(flow, SERVER, slot, length, canGetMore)
  }

  /** p0f's parse_pairs. */
  #headers(flow: number, subject: Subject, slot: number, length: number, canGetMore: boolean): boolean {
    const { hot, cold } = this.#flows
    const base = flow << FLOW_SHIFT
    const data = flow << FLOW_COLD_SHIFT
    const bytes = this.#data.bytes(slot)
    const at = this.#data.bytesAt(slot)
    const head = this.#data.head(slot)
    const headAt = this.#data.headAt(slot)
    let position = cold[data + FLOW_HTTP_POSITION]!
    while (position < length) {
      const first = bytes[at + position]!
      if (first === CR || first === LF) {
        this.#sink.head(flow, subject, slot)
        if (subject === SERVER) return this.#giveUp(flow)
        hot[base + FLOW_STATE]! |= FLOW_REQUEST_DONE
        cold[data + FLOW_HTTP_POSITION] = 0
        this.#data.release(slot)
        cold[data + FLOW_REQUEST] = 0
        return true
      }
      const count = head[headAt + HEAD_COUNT]!
      if (count >= MAX_HEADERS) return this.#giveUp(flow)
      let off = position
      while (off < length && isNameByte(bytes[at + off]!)) off++
      if (off === length) break
      const nameLength = off - position
      if (nameLength === 0 || nameLength > MAX_NAME || bytes[at + off] !== 0x3a) return this.#giveUp(flow)
      off++
      if (off < length && (bytes[at + off] === 0x20 || bytes[at + off] === 0x09)) off++
      const valueAt = off
      while (off < length && off - valueAt <= MAX_VALUE && bytes[at + off] !== LF) off++
      if (off - valueAt > MAX_VALUE) {
        // p0f returns -1 here, which reads as "more": the flow stays until its next data.
        this.#giveUp(flow)
        return true
      }
      if (off === length) break
      let valueLength = off - valueAt
      if (bytes[at + off - 1] === CR) valueLength--
      const id = this.tables.headerId(bytes, at + position, nameLength)
      const line = headAt + HEAD_LINES + count * LINE_WORDS
      head[line] = id < 0 ? ID_UNKNOWN : id
      head[line + 1] = position
      head[line + 2] = nameLength
      head[line + 3] = valueAt
      // Values are C strings in p0f.
      let cut = 0
      while (cut < valueLength && bytes[at + valueAt + cut] !== 0) cut++
      head[line + 4] = valueLength > 0 ? cut | VALUE_PRESENT : 0
      head[headAt + HEAD_COUNT] = count + 1
      position = off + 1
      cold[data + FLOW_HTTP_POSITION] = position
    }
    return canGetMore || this.#giveUp(flow)
  }
}
