/**
 * DISCONNECT frames of both sides (HAProxy doc/SPOE.txt sections 3.2.8 and 3.2.9): a KV-list of `status-code` and `message`.
 *
 * Codes stay within HAProxy's own: 3.1 and newer use them as an index into a table of texts (mux_spop.c: spop_err_reasons).
 */
import { AGENT_DISCONNECT, beginFrame, endFrame, type Frame } from "./frame.ts"
import { KeyValueList, writeNumberPair, writeTextPair } from "./key-value-list.ts"
import type { Output } from "./output.ts"
import { ascii, isInteger } from "./typed-data.ts"

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
const REASONS: Readonly<Record<number, string>> = {
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

/** Upper bound of the length of our DISCONNECT, whose message is cut at MESSAGE_MAX. */
export const DISCONNECT_MAX = 160
const MESSAGE_MAX = 100

const STATUS_CODE = ascii("status-code")
const pairs = new KeyValueList()

/** Appends an AGENT-DISCONNECT; `message` defaults to HAProxy's text for the code. */
export function writeDisconnect(out: Output, code: number, message: string = REASONS[code] ?? "unknown"): void {
  const start = out.length
  let at = beginFrame(out.bytes, start, AGENT_DISCONNECT)
  at = writeNumberPair(out.bytes, at, "status-code", code)
  at = writeTextPair(out.bytes, at, "message", message.slice(0, MESSAGE_MAX))
  endFrame(out.bytes, start, at)
  out.length = at
}

/** The status code of a DISCONNECT, UNKNOWN if it has none or is malformed. Unknown keys are skipped. */
export function readDisconnect(frame: Frame): number {
  let code = UNKNOWN
  pairs.reset(frame)
  while (pairs.next()) if (pairs.isNamed(STATUS_CODE) && isInteger(pairs.value)) code = pairs.value.integer
  return pairs.hasFailed ? UNKNOWN : code
}
