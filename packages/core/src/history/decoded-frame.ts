/**
 * Decoded frame: a captured frame behind the decoder, as an observer takes it. Whoever fills it reuses one instance.
 */
import { Packet } from "../packet/packet.ts"
import { type Verdict, VERDICT_TCP } from "../packet/verdict.ts"

const NONE = new Uint8Array(0)

export class DecodedFrame {
  /** Facts of the TCP packet, for VERDICT_TCP. */
  readonly packet: Packet
  verdict: Verdict = VERDICT_TCP
  /** True if p0f's caches expire before this frame is used (packet-decoder.ts). */
  expires = false
  /** Frames since the last decoded one, this one included. */
  frames = 1
  /** Unix seconds, unsigned. */
  sec = 0
  usec = 0
  /** Bytes that the packet's payload lies in. */
  bytes: Uint8Array = NONE
  /** The matcher's entry of a SYN; -1 if it is not known. */
  entry = -1

  constructor(packet: Packet = new Packet()) {
    this.packet = packet
  }
}
