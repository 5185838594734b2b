/**
 * The handshake: HAPROXY-HELLO and AGENT-HELLO (HAProxy doc/SPOE.txt sections 3.2.4 and 3.2.5), KV-lists to the end of the frame.
 *
 *   HAProxy  supported-versions STRING "2.0", max-frame-size UINT32, capabilities STRING, engine-id STRING, healthcheck BOOL
 *   agent    version STRING, max-frame-size UINT32, capabilities STRING
 *
 * The agent's frame must reach HAProxy in one piece (haproxy#3478) and must always hold `capabilities`, which 3.5's health check
 * requires. `async` and `fragmentation` are never announced: async hides agent errors for a whole processing time-out.
 */
import { equalBytes } from "@synprint/core"
import {
  BAD_FRAME_SIZE,
  BAD_VERSION,
  INVALID_FRAME,
  NORMAL,
  NO_CAPABILITIES,
  NO_MAX_FRAME_SIZE,
  NO_VERSION
} from "./disconnect.ts"
import { AGENT_HELLO, FRAME_SIZE_MIN, type Frame, beginFrame, endFrame } from "./frame.ts"
import type { Output } from "./output.ts"
import {
  TYPE_BOOL,
  TYPE_INT32,
  TYPE_STRING,
  TYPE_UINT32,
  TYPE_UINT64,
  Value,
  ascii,
  readName,
  readTyped,
  writeString,
  writeTypedInteger,
  writeTypedString
} from "./typed-data.ts"
import { Cursor } from "./varint.ts"

/** HAProxy's HELLO. */
export interface Hello {
  /** HAProxy's max-frame-size in bytes, without the LENGTH field. */
  maxFrameSize: number
  hasPipelining: boolean
  isHealthCheck: boolean
}

/** Our AGENT-HELLO is 68 bytes with the default frame size. */
export const HELLO_MAX = 96

const SUPPORTED_VERSIONS = ascii("supported-versions")
const MAX_FRAME_SIZE = ascii("max-frame-size")
const CAPABILITIES = ascii("capabilities")
const HEALTHCHECK = ascii("healthcheck")
const PIPELINING = ascii("pipelining")

const COMMA = 0x2c
const DOT = 0x2e
const cursor = new Cursor()
const name = new Value()
const value = new Value()

/** Reads a HAPROXY-HELLO; returns 0, or the status code with which it must be refused. Unknown keys are passed over. */
export function readHello(frame: Frame, into: Hello): number {
  const bytes = frame.bytes
  let versions = false
  let supported = false
  let capabilities = false
  into.maxFrameSize = -1
  into.hasPipelining = false
  into.isHealthCheck = false
  cursor.reset(bytes, frame.payload, frame.end)
  while (cursor.at < cursor.end) {
    readName(cursor, name)
    if (!cursor.failed) readTyped(cursor, value)
    if (cursor.failed) return INVALID_FRAME
    if (equalBytes(bytes, name.at, name.at + name.length, SUPPORTED_VERSIONS)) {
      if (value.type !== TYPE_STRING) return INVALID_FRAME
      versions = true
      supported = hasVersion2(bytes, value.at, value.length)
    } else if (equalBytes(bytes, name.at, name.at + name.length, MAX_FRAME_SIZE)) {
      if (value.type < TYPE_INT32 || value.type > TYPE_UINT64) return INVALID_FRAME
      into.maxFrameSize = value.integer
    } else if (equalBytes(bytes, name.at, name.at + name.length, CAPABILITIES)) {
      if (value.type !== TYPE_STRING) return INVALID_FRAME
      capabilities = true
      into.hasPipelining = hasWord(bytes, value.at, value.length, PIPELINING)
    } else if (equalBytes(bytes, name.at, name.at + name.length, HEALTHCHECK)) {
      if (value.type !== TYPE_BOOL) return INVALID_FRAME
      into.isHealthCheck = value.isTrue
    }
  }
  if (!versions) return NO_VERSION
  if (!supported) return BAD_VERSION
  if (into.maxFrameSize < 0) return NO_MAX_FRAME_SIZE
  if (into.maxFrameSize < FRAME_SIZE_MIN) return BAD_FRAME_SIZE
  return capabilities ? NORMAL : NO_CAPABILITIES
}

/** Appends the AGENT-HELLO. */
export function writeHello(out: Output, maxFrameSize: number, pipelining: boolean): void {
  const start = out.length
  let at = beginFrame(out.bytes, start, AGENT_HELLO)
  at = writeString(out.bytes, at, "version")
  at = writeTypedString(out.bytes, at, "2.0")
  at = writeString(out.bytes, at, "max-frame-size")
  at = writeTypedInteger(out.bytes, at, TYPE_UINT32, maxFrameSize)
  at = writeString(out.bytes, at, "capabilities")
  at = writeTypedString(out.bytes, at, pipelining ? "pipelining" : "")
  endFrame(out.bytes, start, at)
  out.length = at
}

const isBlank = (byte: number) => byte === 0x20 || byte === 0x09
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39

/** Returns true if a list "Major.Minor, ..." has an entry of major 2, which implies all lower minors and so 2.0. */
function hasVersion2(bytes: Uint8Array, at: number, length: number): boolean {
  const end = at + length
  while (at < end) {
    while (at < end && isBlank(bytes[at]!)) at++
    const major = at
    while (at < end && isDigit(bytes[at]!)) at++
    const isTwo = at - major === 1 && bytes[major] === 0x32
    if (at < end && at > major && bytes[at] === DOT) {
      const minor = ++at
      while (at < end && isDigit(bytes[at]!)) at++
      const hasMinor = at > minor
      while (at < end && isBlank(bytes[at]!)) at++
      if (isTwo && hasMinor && (at === end || bytes[at] === COMMA)) return true
    }
    while (at < end && bytes[at++] !== COMMA);
  }
  return false
}

/** Returns true if a comma-separated list holds a word; blanks around words are ignored. */
function hasWord(bytes: Uint8Array, at: number, length: number, word: Uint8Array): boolean {
  const end = at + length
  while (at < end) {
    while (at < end && isBlank(bytes[at]!)) at++
    const start = at
    while (at < end && bytes[at] !== COMMA) at++
    let stop = at
    while (stop > start && isBlank(bytes[stop - 1]!)) stop--
    if (equalBytes(bytes, start, stop, word)) return true
    at++
  }
  return false
}
