/**
 * The contract between the readers of pcap and pcapng records and the file that they read from (capture-file.ts).
 */

import type { CapturedFrame } from "./captured-frame.ts"

/** Called per packet; the frame and its bytes are valid during the call only. */
export type PacketSink = (frame: CapturedFrame) => void

export interface CaptureReaderOptions {
  /**
   * Stop where libpcap, and so p0f, stops: at a second interface whose link type or snaplen differs from the first one's. Otherwise
   * each packet comes with the link type of its own interface.
   */
  readonly asLibpcap?: boolean
}

/** Cuts records out of bytes; one per format. */
export interface RecordReader {
  /**
   * Consumes whole records from [from, to) and returns the offset after the last. Sets `wanted` to the length from there that is
   * needed to go on, `skip` to the bytes behind it that hold nothing of interest, or `corrupt` to why it can't.
   */
  readonly read: (bytes: Uint8Array, from: number, to: number) => number
  readonly wanted: number
  skip: number
  readonly corrupt: string | undefined
}

/** Longest packet that is believed: libpcap's MAXIMUM_SNAPLEN. A record that claims more is refused instead of buffered. */
export const MAX_PACKET_BYTES = 262144
