/**
 * MTU origin: whether the MSS of a SYN is that of the sender's own interface, or whether something on the path lowered it.
 *
 *     window 64860 = 47 * 1380, MSS 1380    the sender counted in 1380: its interface has MTU 1420         interface
 *     window 64240 = 44 * 1460, MSS 1353    it counted in 1460: its interface has MTU 1500                 clamped
 *     window 65535, MSS 1380                says nothing about the interface                               unknown
 *
 * Stacks count their first window in segments of their own interface, and nobody on the path rewrites a window. Sources:
 * captures of our own; Linux tcp_output.c: tcp_select_initial_window, tcp_default_init_rwnd and
 * tcp_minisocks.c: tcp_openreq_init_rwin (a SYN+ACK counts in segments less the 12 bytes of timestamps).
 */
import { ETHERNET_MSS_IPV4, ETHERNET_MSS_IPV6, INTERFACES_IPV4, INTERFACES_IPV6 } from "./interface-mss.ts"
import { KIND_EOL } from "../signature/option-layout.ts"
import { keyDirection, keyIsIpv6, keyLayoutLength, keyMss, keyScale, keyWin } from "../matching/fingerprint-key.ts"
import { RESPONSE } from "../direction.ts"

export type MtuOrigin = "interface" | "clamped" | "unknown"

/**
 * `either`: the window is that of Ethernet and of the MSS as well (45 * 1440 = 48 * 1350); what is known of links with that MTU has to
 * decide.
 */
export interface MtuReading {
  readonly origin: MtuOrigin | "either"
  /** MSS of the sender's interface; of `either` that of the clamped reading. 0 not known. */
  readonly interfaceMss: number
}

const UNKNOWN: MtuReading = { origin: "unknown", interfaceMss: 0 }

/** Number of interfaces that are so common that any multiple counts, not only those of a stack's rule. */
const COMMON_INTERFACES = 2

/** Least MSS of an IPv6 interface: MTU 1280 (RFC 8200 section 5). */
const LEAST_IPV6_MSS = 1220

const MSS_ALONE = 0x2

const ANY_STACK = 0
const LINUX = 1
const OLD_WINDOWS = 2

/**
 * Kinds in order, four bits each, first one highest (2 MSS, 3 scale, 4 SACK permitted, 8 timestamps, f any above 14). NOPs are left
 * out since middleboxes blank options with them, and so is EOL with what follows.
 */
function foldedLayout(key: Int32Array, at: number): number {
  let folded = 0
  const length = Math.min(keyLayoutLength(key[at]!), 24)
  for (let option = 0, kept = 0; option < length && kept < 5; option++) {
    const kind = (key[at + 4 + (option >> 2)]! >>> ((option & 3) << 3)) & 255
    if (kind === KIND_EOL) break
    if (kind === 1) continue
    folded = (folded << 4) | (kind < 15 ? kind : 15)
    kept++
  }
  return folded
}

function hasTimestamp(folded: number): boolean {
  for (let left = folded; left !== 0; left >>>= 4) if ((left & 15) === 8) return true
  return false
}

/** Returns the rules of counting that apply, by the order of the options. */
function stackOf(folded: number): number {
  switch (folded) {
    case MSS_ALONE:
    case 0x23:
    case 0x28:
    case 0x283:
    case 0x248:
    case 0x2483:
    case 0x243:
    case 0x2483f:
    case 0x243f:
    case 0xf243:
      return LINUX
    case 0x24:
      return OLD_WINDOWS
    default:
      return ANY_STACK
  }
}

/** Largest multiple of `unit` that is not above `space`. */
const floorTo = (space: number, unit: number): number => Math.floor(space / unit) * unit

/** Returns true if a stack that counts in segments of `mss` (`unit` bytes of data) begins with this window. */
function isFirstWindow(win: number, mss: number, unit: number, stack: number, scale: number): boolean {
  // Linux since 4.20, Windows 10 and 11.
  if (win === floorTo(65_536, unit)) return true
  if (stack === OLD_WINDOWS) {
    // NT: 8 or 16 KiB rounded up to whole segments; Linux without timestamps and scaling has this layout as well.
    if (win === Math.ceil(8192 / unit) * unit || win === Math.ceil(16_384 / unit) * unit) return true
  } else if (stack !== LINUX) {
    return false
  }
  // 6.6 to 6.9: half of it. tcp_rmem[1] = 87380: two thirds.
  if (win === floorTo(32_768, unit) || win === floorTo(43_690, unit)) return true
  // 3.11 to 4.19, 2.6.39 to 3.10, before: so many segments, fewer of a jumbo frame.
  if (mss > ETHERNET_MSS_IPV4) {
    return (
      win === Math.max(Math.floor(29_200 / mss), 2) * unit ||
      win === Math.max(Math.floor(14_600 / mss), 2) * unit ||
      win === (mss > 3 * ETHERNET_MSS_IPV4 ? 2 : 3) * unit
    )
  }
  if (win === 20 * unit || win === 10 * unit || win === 4 * unit) return true
  // gVisor: 20 segments in units of its window scale.
  return scale > 0 && scale <= 14 && win === ((20 * unit) >> scale) << scale
}

const COUNTED_IPV4 = 1
const COUNTED_IPV6 = 2
/** By window: whether it can have been counted in segments of a usual interface. */
const COUNTED = new Uint8Array(65_536)
for (const [interfaces, bit] of [
  [INTERFACES_IPV4, COUNTED_IPV4],
  [INTERFACES_IPV6, COUNTED_IPV6]
] as const) {
  for (const mss of interfaces) {
    for (let win = mss; win < 65_536; win += mss) COUNTED[win]! |= bit
    for (let scale = 1; scale <= 14; scale++) COUNTED[(((20 * mss) >> scale) << scale) & 0xffff]! |= bit
  }
}

/** A window that was chosen as a number of bytes and not of segments. */
const isPlainSize = (win: number): boolean => win === 65_535 || (win & (win - 1)) === 0

/** Reads the origin of the MSS of the packet behind a key; undefined when it has none. */
export function readMtuOrigin(key: Int32Array, at: number): MtuReading | undefined {
  const word0 = key[at]!
  const word1 = key[at + 1]!
  const mss = keyMss(word1)
  if (mss === 0) return undefined
  const win = keyWin(word1)
  if (mss < 64 || isPlainSize(win)) return UNKNOWN
  const isIpv6 = keyIsIpv6(word0)
  const scale = keyScale(key[at + 2]!)
  const isAnswer = keyDirection(word0) === RESPONSE
  // Most windows of a flood are nobody's: 10 ns instead of 90.
  if (!isAnswer && win % mss !== 0 && (COUNTED[win]! & (isIpv6 ? COUNTED_IPV6 : COUNTED_IPV4)) === 0) {
    if (scale === 0 || scale > 14 || win !== ((20 * mss) >> scale) << scale) return UNKNOWN
  }
  const folded = foldedLayout(key, at)
  const stack = stackOf(folded)
  // 12 bytes of timestamps are in every segment that a SYN+ACK promises to take.
  const overhead = isAnswer && stack === LINUX && hasTimestamp(folded) ? 12 : 0

  const ownRule = isFirstWindow(win, mss, mss - overhead, stack, scale)
  const interfaces = isIpv6 ? INTERFACES_IPV6 : INTERFACES_IPV4
  let clampedFrom = 0
  for (const other of interfaces) {
    if (other > mss && isFirstWindow(win, other, other - overhead, stack, scale)) {
      clampedFrom = other
      break
    }
  }
  if (ownRule && clampedFrom === 0) return fromInterface(mss, isIpv6)
  if (clampedFrom !== 0) {
    if (!ownRule || (isIpv6 && mss < LEAST_IPV6_MSS)) return { origin: "clamped", interfaceMss: clampedFrom }
    // Translated and clamped to just such an MSS: less likely than an interface that has it.
    if (clampedFrom !== interfaces[0]) return fromInterface(mss, isIpv6)
    return { origin: "either", interfaceMss: clampedFrom }
  }
  // An application that sets SO_RCVBUF on Linux gets whole segments all the same, and any number of them. Small devices and tools that
  // send nothing but an MSS have windows of every kind.
  if (stack !== LINUX || folded === MSS_ALONE) return UNKNOWN
  const own = isMultiple(win, mss - overhead)
  let common = 0
  for (let index = 0; index < COMMON_INTERFACES; index++) {
    const other = interfaces[index]!
    if (common === 0 && other > mss && isMultiple(win, other - overhead)) common = other
  }
  if (own && common === 0) return fromInterface(mss, isIpv6)
  return common !== 0 && !own ? { origin: "clamped", interfaceMss: common } : UNKNOWN
}

const isMultiple = (win: number, unit: number): boolean => win % unit === 0 && win >= 2 * unit

/**
 * An MSS of full size was lowered by nobody, so there is nothing to explain: Ethernet, and a tunnel that leaves the MSS alone (OpenVPN
 * with mssfix 0), look the same. The interface is known all the same.
 */
function fromInterface(mss: number, isIpv6: boolean): MtuReading {
  const isFull = mss === (isIpv6 ? ETHERNET_MSS_IPV6 : ETHERNET_MSS_IPV4)
  return { origin: isFull ? "unknown" : "interface", interfaceMss: mss }
}
