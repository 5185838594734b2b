/**
 * PacketDecoder: a captured frame to the facts of its TCP packet, in p0f's way (p0f/packet-decoder.ts) or the right one (frame.ts).
 */
import type { CapturedFrame } from "./capture/captured-frame.ts"
import { decodeFrame } from "./frame.ts"
import { P0fPacketDecoder } from "../p0f/packet-decoder.ts"
import { Packet } from "./packet.ts"
import type { Verdict } from "./verdict.ts"

/** p0f's EXPIRE_INTERVAL, in packets (config.h). */
const EXPIRE_INTERVAL = 50

export class PacketDecoder {
  /** Filled by `decode`. */
  readonly packet = new Packet()
  /** True in p0f mode if p0f's caches expire before this packet is used, whatever the packet is. */
  expires = false
  readonly #p0f: P0fPacketDecoder | undefined

  constructor(isP0fMode: boolean) {
    this.#p0f = isP0fMode ? new P0fPacketDecoder() : undefined
  }

  /** VERDICT_TCP: `packet` is filled. */
  decode({ bytes, at, captured, wire, linkType }: CapturedFrame): Verdict {
    const p0f = this.#p0f
    if (p0f === undefined) return decodeFrame(bytes, at, captured, wire, linkType, this.packet)
    const before = p0f.packets
    const verdict = p0f.decode(bytes, at, captured, wire, linkType, this.packet)
    this.expires = p0f.packets !== before && p0f.packets % EXPIRE_INTERVAL === 0
    return verdict
  }
}
