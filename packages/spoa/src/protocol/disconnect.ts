/**
 * DISCONNECT frames of both sides (HAProxy doc/SPOE.txt sections 3.2.8 and 3.2.9): a KV-list of `status-code` and `message`.
 *
 * Codes stay within HAProxy's own: 3.1 and newer use them as an index into a table of texts (mux_spop.c: spop_err_reasons).
 */
import { equalBytes } from "@synprint/core"
import { AGENT_DISCONNECT, beginFrame, endFrame, type Frame } from "./frame.ts"
import type { Output } from "./output.ts"
import {
  TYPE_UINT32,
  Value,
  ascii,
  readName,
  readTyped,
  writeString,
  writeTypedInteger,
  writeTypedString
} from "./typed-data.ts"
import { Cursor } from "./varint.ts"

export const NORMAL = 0
export const IO_ERROR = 1
export const TIMEOUT = 2
export const FRAME_TOO_BIG = 3
export const INVALID_FRAME = 4
export const NO_VERSION = 5
export const NO_MAX_FRAME_SIZE = 6
export const NO_CAPABILITIES = 7
export const BAD_VERSION = 8
export const BAD_FRAME_SIZE = 9
export const FRAGMENTATION = 10
export const UNKNOWN = 99

/** HAProxy's texts by code. */
export const REASONS: Readonly<Record<number, string>> = {
  [NORMAL]: "normal",
  [IO_ERROR]: "I/O error",
  [TIMEOUT]: "a timeout occurred",
  [FRAME_TOO_BIG]: "frame is too big",
  [INVALID_FRAME]: "invalid frame received",
  [NO_VERSION]: "version value not found",
  [NO_MAX_FRAME_SIZE]: "max-frame-size value not found",
  [NO_CAPABILITIES]: "capabilities value not found",
  [BAD_VERSION]: "unsupported version",
  [BAD_FRAME_SIZE]: "max-frame-size too big or too small",
  [FRAGMENTATION]: "fragmentation not supported",
  [UNKNOWN]: "an unknown error occurred"
}

/** No DISCONNECT of ours is longer: a message is cut at MESSAGE_MAX. */
export const DISCONNECT_MAX = 160
const MESSAGE_MAX = 100

const STATUS_CODE = ascii("status-code")
const cursor = new Cursor()
const name = new Value()
const value = new Value()

/** Appends an AGENT-DISCONNECT; `message` defaults to HAProxy's text for the code. */
export function writeDisconnect(out: Output, code: number, message: string = REASONS[code] ?? "unknown"): void {
  const start = out.length
  let at = beginFrame(out.bytes, start, AGENT_DISCONNECT)
  at = writeString(out.bytes, at, "status-code")
  at = writeTypedInteger(out.bytes, at, TYPE_UINT32, code)
  at = writeString(out.bytes, at, "message")
  at = writeTypedString(out.bytes, at, message.slice(0, MESSAGE_MAX))
  endFrame(out.bytes, start, at)
  out.length = at
}

/** The status code of a DISCONNECT; unknown keys are passed over, 99 when there is none or the list is broken. */
export function readDisconnect(frame: Frame): number {
  let code = UNKNOWN
  cursor.reset(frame.bytes, frame.payload, frame.end)
  while (cursor.at < cursor.end) {
    readName(cursor, name)
    if (!cursor.failed) readTyped(cursor, value)
    if (cursor.failed) return UNKNOWN
    if (equalBytes(frame.bytes, name.at, name.at + name.length, STATUS_CODE) && value.type >= 2 && value.type <= 5)
      code = value.integer
  }
  return code
}
