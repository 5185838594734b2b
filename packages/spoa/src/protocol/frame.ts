/**
 * The SPOP 2.0 frame (HAProxy doc/SPOE.txt section 3.2).
 *
 * ```
 * offset size   field
 * 0      4      LENGTH     big-endian, bytes after these 4
 * 4      1      TYPE
 * 5      4      FLAGS      big-endian: 1 FIN, 2 ABORT
 * 9      1..10  STREAM-ID  varint
 *        1..10  FRAME-ID   varint
 *               PAYLOAD    to the end
 * ```
 * The two ids are adjacent, so that a reply copies them as one run of bytes without decoding them.
 */
import { Cursor, skipVarint } from "./varint.ts"

export const UNSET = 0
export const HAPROXY_HELLO = 1
export const HAPROXY_DISCONNECT = 2
export const NOTIFY = 3
export const AGENT_HELLO = 101
export const AGENT_DISCONNECT = 102
export const ACK = 103

export const FLAG_FIN = 1
export const FLAG_ABORT = 2

/** Bytes of the LENGTH field. */
export const LENGTH_SIZE = 4
/** Bytes from the start of the frame to its ids. */
export const IDS_AT = 9
/** Smallest LENGTH: type, flags, two ids of one byte. */
export const LENGTH_MIN = 7
/** Smallest max-frame-size that either side may announce. */
export const FRAME_SIZE_MIN = 256

/** The offsets of a frame in the bytes received. */
export class Frame {
  bytes: Uint8Array = new Uint8Array(0)
  type = 0
  flags = 0
  /** Offset of the stream id. */
  ids = 0
  /** Offset of the payload, which is also the end of the ids. */
  payload = 0
  end = 0
}

const cursor = new Cursor()

/** LENGTH of the frame at `at`, of which at least 4 bytes must have arrived. */
export function frameLength(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)
}

/** Reads the header of a whole frame of at least LENGTH_MIN bytes. False: an id runs past the frame or past 10 bytes. */
export function readFrame(bytes: Uint8Array, at: number, length: number, into: Frame): boolean {
  const end = at + LENGTH_SIZE + length
  cursor.reset(bytes, at + IDS_AT, end)
  skipVarint(cursor)
  if (!cursor.failed) skipVarint(cursor)
  into.bytes = bytes
  into.type = bytes[at + 4]!
  into.flags = (bytes[at + 5]! << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!
  into.ids = at + IDS_AT
  into.payload = cursor.at
  into.end = end
  return !cursor.failed
}

/** Writes type, FIN and ids 0/0 of a frame whose LENGTH `endFrame` fills in; returns the offset of the payload. */
export function beginFrame(out: Uint8Array, at: number, type: number): number {
  out[at + 4] = type
  out[at + 5] = 0
  out[at + 6] = 0
  out[at + 7] = 0
  out[at + 8] = FLAG_FIN
  out[at + 9] = 0
  out[at + 10] = 0
  return at + 11
}

/** Like beginFrame, with the ids of the frame that is answered. */
export function beginReply(out: Uint8Array, at: number, type: number, asked: Frame): number {
  out[at + 4] = type
  out[at + 5] = 0
  out[at + 6] = 0
  out[at + 7] = 0
  out[at + 8] = FLAG_FIN
  const bytes = asked.bytes
  let to = at + IDS_AT
  for (let from = asked.ids; from < asked.payload; from++) out[to++] = bytes[from]!
  return to
}

/** Fills in the LENGTH of the frame from `at` to `end`. */
export function endFrame(out: Uint8Array, at: number, end: number): void {
  const length = end - at - LENGTH_SIZE
  out[at] = length >>> 24
  out[at + 1] = length >>> 16
  out[at + 2] = length >>> 8
  out[at + 3] = length
}
