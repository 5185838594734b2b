/**
 * Random packets and signatures for tests of the matcher: most packets are close to some signature, since packets at random match
 * nothing.
 */
import type { Packet } from "../packet/packet.ts"
import { MAX_TCP_OPT } from "../packet/packet.ts"
import {
  QUIRK_DF,
  QUIRK_ECN,
  QUIRK_FLOW,
  QUIRK_NAMES,
  QUIRK_NZ_ID,
  QUIRK_ZERO_ID,
  QUIRKS_IPV4,
  QUIRKS_IPV6
} from "../packet/quirks.ts"
import { INTERFACE_MSS } from "../tcp/path/interface-mss.ts"
import {
  largestMssMultiple,
  QUIRK_SEQ_DST,
  roundToScale,
  type Signature,
  WIN_64K,
  WIN_ANY,
  WIN_MOD,
  WIN_MSS,
  WIN_MSS_CLAMPED,
  WIN_MSS_MAX,
  WIN_MSS_SCALE,
  WIN_MTU,
  WIN_NORMAL,
  type WinType
} from "../tcp/signature/signature.ts"
import { type Mode } from "../tcp/mode.ts"
import type { Random } from "./random.ts"

const MSSES = [0, 99, 100, 536, 1220, 1331, 1360, 1380, 1400, 1440, 1452, 1460, 8960, 65495, 65535]
const SCALES = [0, 1, 2, 4, 5, 6, 7, 8, 10, 14, 15, 255]
const FUZZY_QUIRKS = [QUIRK_DF, QUIRK_NZ_ID, QUIRK_ZERO_ID, QUIRK_ECN, QUIRK_FLOW]

function nearWindow(random: Random, signature: Signature, packet: Packet): number {
  const { mss, totHdr } = packet
  switch (signature.winType) {
    case WIN_MOD:
      return signature.win * random.below(Math.floor(65535 / signature.win) + 1)
    case WIN_MSS:
      return signature.win * random.pick([mss, mss, mss - 12, 1460, 1448, 1440])
    case WIN_MTU:
      return signature.win * random.pick([mss + 40, mss + totHdr, mss + 60, 1500])
    case WIN_MSS_MAX:
      return largestMssMultiple(mss, signature.win)
    case WIN_MSS_CLAMPED:
      return largestMssMultiple(random.pick(INTERFACE_MSS))
    case WIN_MSS_SCALE:
      return roundToScale(signature.win * mss, packet.wscale)
    default:
      return signature.winType === WIN_ANY ? random.below(65536) : signature.win
  }
}

/** Fills `packet` with what matches `signature`, give or take up to two differences. */
export function fillNearPacket(random: Random, signature: Signature, packet: Packet): void {
  packet.ver = signature.ver === -1 ? random.pick([4, 4, 6]) : signature.ver
  packet.ttl = Math.max(0, signature.ittl - random.below(40))
  packet.olen = signature.olen === -1 ? random.pick([0, 4, 8, 40]) : Math.min(signature.olen, 40)
  packet.tos = random.once(8) ? random.below(64) : 0
  packet.mss = signature.mss === -1 ? random.pick(MSSES) : signature.mss
  packet.ts1 = signature.layout.includes(8) && !random.once(4) ? random.below(0x7fffffff) : 0
  packet.wscale = signature.scale === -1 ? random.pick(SCALES) : signature.scale
  packet.layout.fill(random.below(256))
  packet.layout.set(signature.layout)
  packet.layoutLength = signature.layout.length
  packet.pad = signature.pad & 63
  const isMirai = (signature.quirks & QUIRK_SEQ_DST) !== 0 || random.once(16)
  packet.seq = 0x0a000001
  packet.dst0 = isMirai ? packet.seq : 0x0a000002
  const optional = random.once(2) ? signature.optional : 0
  packet.quirks = (signature.quirks | optional) & ~(packet.ver === 6 ? QUIRKS_IPV4 : QUIRKS_IPV6) & ~QUIRK_SEQ_DST
  packet.totHdr = (packet.ver === 6 ? 40 : 20 + packet.olen) + 20 + ((Math.ceil(packet.layoutLength / 4) * 4) & 63)
  packet.payloadLength = signature.pclass === -1 ? random.below(2) : signature.pclass
  packet.win = Math.min(nearWindow(random, signature, packet), 65535) & 0xffff
  for (let differences = random.below(3); differences > 0; differences--) {
    switch (random.below(12)) {
      case 0:
        packet.ver = 10 - packet.ver
        break
      case 1:
        packet.ttl = random.below(256)
        break
      case 2:
        packet.mss = random.pick(MSSES)
        break
      case 3:
        packet.wscale = random.pick(SCALES)
        break
      case 4:
        packet.win = random.pick([0, 512, 1337, 5840, 8192, 14600, 29200, 64240, 65535, packet.mss & 0xffff])
        break
      case 5:
        packet.quirks ^= 1 << random.below(QUIRK_NAMES.length)
        break
      case 6:
        packet.olen = random.pick([0, 4, 40])
        break
      case 7:
        packet.pad = random.below(40)
        break
      case 8:
        packet.payloadLength = random.below(2) * 100
        break
      case 9:
        packet.layoutLength = random.below(MAX_TCP_OPT + 1)
        break
      default:
        packet.quirks ^= random.pick(FUZZY_QUIRKS)
    }
  }
}

const P0F_WINDOWS: ReadonlyArray<WinType> = [WIN_NORMAL, WIN_NORMAL, WIN_ANY, WIN_MOD, WIN_MSS, WIN_MSS, WIN_MTU]
const MODERN_WINDOWS: ReadonlyArray<WinType> = [...P0F_WINDOWS, WIN_MSS_MAX, WIN_MSS_CLAMPED, WIN_MSS_SCALE]

/** A random signature of few enough values that many overlap; with `modern` also what p0f does not know. */
export function randomSignature(random: Random, mode: Mode = "p0f"): Signature {
  const isModern = mode === "modern"
  const ver = random.pick([4, 6, -1, -1] as const)
  const winType: WinType = random.pick(isModern ? MODERN_WINDOWS : P0F_WINDOWS)
  const win =
    winType === WIN_NORMAL
      ? random.pick([0, 5840, 8192, 64240, 65535])
      : winType === WIN_MOD
        ? random.pick([2, 512, 1000])
        : winType === WIN_ANY || winType === WIN_MSS_CLAMPED
          ? 0
          : random.pick(winType === WIN_MSS_MAX ? [WIN_64K, 43690, 32768] : [1, 2, 4, 10, 20, 44])
  const eol = random.once(4)
  const kinds = random.pick([[], [2], [2, 4, 8, 1, 3], [2, 1, 3, 1, 1, 4], [2, 1, 3, 1, 1, 8, 4]])
  let quirks = random.pick([0, QUIRK_DF, QUIRK_DF | QUIRK_NZ_ID, QUIRK_ZERO_ID])
  if (random.once(3)) quirks |= 1 << random.below(QUIRK_NAMES.length)
  if (ver === 6) quirks &= ~QUIRKS_IPV4
  if (ver === 4) quirks &= ~QUIRKS_IPV6
  if (isModern && ver !== 6 && random.once(8)) quirks |= QUIRK_SEQ_DST
  const optional = isModern && random.once(3) ? QUIRK_ECN & ~quirks : 0
  return {
    ver,
    ittl: random.pick([32, 64, 64, 128, 255, 1]),
    badTtl: random.once(6),
    olen: isModern && random.once(4) ? -1 : random.once(6) ? random.pick([4, 4, 4, 255]) : 0,
    mss: random.once(2) ? -1 : random.pick(MSSES),
    winType,
    win,
    scale: random.once(3) ? -1 : random.pick(SCALES),
    layout: Uint8Array.from(eol ? [...kinds, 0] : kinds),
    pad: eol ? random.below(3) : 0,
    quirks,
    optional,
    pclass: random.pick([0, 0, 1, -1] as const)
  }
}
