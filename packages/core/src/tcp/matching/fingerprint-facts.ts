/**
 * Fingerprint facts: the parts of a fingerprint that an observer needs for every packet, as six words behind its key in the cache. A fingerprint with its match,
 * label and signature is five objects in as many cache lines; with a few thousand fingerprints in random order that was 50 ns per SYN.
 *
 *  word  bits (low first)
 *  10    mode p0f: hash of the option kinds (TcpFingerprint.layoutHash); modern: stack class (stack-class.ts)
 *  11    index of the matched line + 1, 0 for none
 *  12    id of its label + 1, 0 for none
 *  13    id of the label's name, -1 for none
 *  14    dist:8 osMatchQ:2 userland:1 randomTtl:1 clock:1 sendsyn:1
 *  15    MTU of the link when it has a name, else 0:16, MSS of the sender's interface, 0 unknown:16
 */
import { readMtuOrigin } from "../path/mtu-origin.ts"
import { KEY_WORDS } from "./fingerprint-key.ts"
import type { TcpFingerprint } from "./fingerprint.ts"
import type { Mode } from "../mode.ts"
import { stackClass } from "./stack-class.ts"

export const FACT_LAYOUT: number = KEY_WORDS
export const FACT_STACK: number = KEY_WORDS
export const FACT_LINE: number = KEY_WORDS + 1
export const FACT_LABEL: number = KEY_WORDS + 2
export const FACT_NAME: number = KEY_WORDS + 3
export const FACT_BITS: number = KEY_WORDS + 4
/** Low half: the MTU; high half: the interface's MSS. */
export const FACT_LINK: number = KEY_WORDS + 5
export const LINK_KEPT_MTU = 0xffff
export const LINK_INTERFACE_SHIFT = 16
/** Words of an entry: its key and its facts, one cache line. */
export const ENTRY_SHIFT = 4

export const BITS_DIST = 255
export const BITS_QUALITY_SHIFT = 8
/** The match tolerates a difference: bit 0 of osMatchQ. */
export const BITS_FUZZY: number = 1 << 8
export const BITS_USERLAND: number = 1 << 10
export const BITS_RANDOM_TTL: number = 1 << 11
export const BITS_CLOCK: number = 1 << 12
export const BITS_SENDSYN: number = 1 << 13

/** Writes the facts of the entry that begins at `at`, behind its key. */
export function writeFacts(fingerprint: TcpFingerprint, mode: Mode, into: Int32Array, at: number): void {
  const { match } = fingerprint
  // Not that of the fingerprint: it weighs links too, which no history needs.
  const interfaceMss = mode === "p0f" ? 0 : knownInterfaceMss(into, at)
  into[at + FACT_LAYOUT] = mode === "p0f" ? fingerprint.layoutHash : stackClass(fingerprint, into, at, interfaceMss)
  into[at + FACT_LINE] = match === undefined ? 0 : match.index + 1
  into[at + FACT_LABEL] = match === undefined ? 0 : match.label.id + 1
  into[at + FACT_NAME] = match === undefined ? -1 : match.label.nameId
  into[at + FACT_BITS] =
    fingerprint.dist |
    (fingerprint.osMatchQ << BITS_QUALITY_SHIFT) |
    (fingerprint.userland ? BITS_USERLAND : 0) |
    (fingerprint.randomTtl ? BITS_RANDOM_TTL : 0) |
    (match !== undefined && match.clock ? BITS_CLOCK : 0) |
    (fingerprint.sendsyn ? BITS_SENDSYN : 0)
  // p0f keeps the last link that has a name. Ours is the last link: whether it has a name is found out when somebody asks, since weighing
  // its candidates costs more than the match.
  into[at + FACT_LINK] =
    (mode === "p0f" ? fingerprint.namedMtu : Math.min(fingerprint.linkMtu, LINK_KEPT_MTU)) |
    (interfaceMss << LINK_INTERFACE_SHIFT)
}

/** MSS of the sender's interface where window and MSS alone show it; 0 not known. */
function knownInterfaceMss(key: Int32Array, at: number): number {
  const reading = readMtuOrigin(key, at)
  return reading === undefined || reading.origin === "either" ? 0 : reading.interfaceMss
}
