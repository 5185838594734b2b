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
import { KeyValueList, writeNumberPair, writeTextPair } from "./key-value-list.ts"
import type { Output } from "./output.ts"
import { TYPE_BOOL, TYPE_STRING, ascii, isInteger } from "./typed-data.ts"

/** HAProxy's HELLO. */
export interface Hello {
  /** HAProxy's max-frame-size in bytes, without the LENGTH field. */
  maxFrameSize: number
  hasPipelining: boolean
  isHealthCheck: boolean
}

const SUPPORTED_VERSIONS = ascii("supported-versions")
const MAX_FRAME_SIZE = ascii("max-frame-size")
const CAPABILITIES = ascii("capabilities")
const HEALTHCHECK = ascii("healthcheck")
const PIPELINING = ascii("pipelining")

const COMMA = 0x2c
const DOT = 0x2e
const pairs = new KeyValueList()

/** Reads a HAPROXY-HELLO; returns NORMAL, or the status code with which it must be refused. Unknown keys are skipped. */
export function readHello(frame: Frame, into: Hello): number {
  const bytes = frame.bytes
  const { value } = pairs
  let hasVersions = false
  let isSupported = false
  let hasCapabilities = false
  into.maxFrameSize = -1
  into.hasPipelining = false
  into.isHealthCheck = false
  pairs.reset(frame)
  while (pairs.next()) {
    if (pairs.isNamed(SUPPORTED_VERSIONS)) {
      if (value.type !== TYPE_STRING) return INVALID_FRAME
      hasVersions = true
      isSupported = hasVersion2(bytes, value.at, value.length)
    } else if (pairs.isNamed(MAX_FRAME_SIZE)) {
      if (!isInteger(value)) return INVALID_FRAME
      into.maxFrameSize = value.integer
    } else if (pairs.isNamed(CAPABILITIES)) {
      if (value.type !== TYPE_STRING) return INVALID_FRAME
      hasCapabilities = true
      into.hasPipelining = hasWord(bytes, value.at, value.length, PIPELINING)
    } else if (pairs.isNamed(HEALTHCHECK)) {
      if (value.type !== TYPE_BOOL) return INVALID_FRAME
      into.isHealthCheck = value.isTrue
    }
  }
  if (pairs.hasFailed) return INVALID_FRAME
  if (!hasVersions) return NO_VERSION
  if (!isSupported) return BAD_VERSION
  if (into.maxFrameSize < 0) return NO_MAX_FRAME_SIZE
  if (into.maxFrameSize < FRAME_SIZE_MIN) return BAD_FRAME_SIZE
  return hasCapabilities ? NORMAL : NO_CAPABILITIES
}

/** Appends the AGENT-HELLO. */
export function writeHello(out: Output, maxFrameSize: number, hasPipelining: boolean): void {
  const start = out.length
  let at = beginFrame(out.bytes, start, AGENT_HELLO)
  at = writeTextPair(out.bytes, at, "version", "2.0")
  at = writeNumberPair(out.bytes, at, "max-frame-size", maxFrameSize)
  at = writeTextPair(out.bytes, at, "capabilities", hasPipelining ? "pipelining" : "")
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
