/**
 * Stack class: what stays the same in every SYN of one kernel, as one word, so that two SYNs can be asked whether one system can have
 * sent both. It leaves out what one system varies from SYN to SYN or by program: quirks (ECN, IP ID, flow label), window scale, the
 * window itself (SO_RCVBUF), timestamps, Fast Open, MPTCP and MD5 options, payload, MSS and TTL.
 *
 *     bits  0-10  families of the matched line (stack-family.ts); 0 without a line
 *          11-22  order of MSS, window scale, SACK-permitted and timestamp: three bits each, first one lowest
 *          23-29  how NOPs lie between them, 1..127; 0 when an option of another kind stands between
 *          30-31  window: 1 a multiple of an interface's MSS, 2 the 65,535 of phones, 0 other
 *
 * 0 is a SYN that says nothing of its system: a scanner's, one with a random TTL, one of a single option without a line.
 */
import { MAX_TCP_OPT } from "../../packet/packet.ts"
import { keyDirection, keyLayoutLength } from "./fingerprint-key.ts"
import { type TcpFingerprint } from "./fingerprint.ts"
import { RESPONSE } from "../direction.ts"
import { contradict, FAMILIES_LINUX_KERNEL, FAMILY_SCANNER } from "../database/stack-family.ts"

/** The families of a class: bits of stack-family.ts. */
export const CLASS_FAMILIES = 0x7ff
const ORDER_SHIFT = 11
const ORDER = 0xfff
const NOPS_SHIFT = 23
const NOPS = 0x7f
const WINDOW_SHIFT = 30
const WINDOW_OF_INTERFACE = 1
const WINDOW_OF_PHONE = 2

const NOP = 1
/** Code 1..4 by option kind: MSS, window scale, SACK-permitted, timestamp. */
const CODES: ReadonlyArray<number> = [0, 0, 1, 2, 3, 0, 0, 0, 4]

/** No difference: one system can have sent both. */
export const SAME_STACK = 0
/** The lines that they match belong to different systems. */
export const OTHER_FAMILY = 1
/** At least one matches no line, and no system writes its options in both ways. */
export const OTHER_LAYOUT = 2
export type StackDifference = 0 | 1 | 2

const kinds = new Uint8Array(MAX_TCP_OPT)

/** The class of the fingerprint whose key begins at `key[at]`. `interfaceMss`: 0 not known. */
export function stackClass(fingerprint: TcpFingerprint, key: Int32Array, at: number, interfaceMss: number): number {
  const { match } = fingerprint
  if (fingerprint.randomTtl || fingerprint.sendsyn || fingerprint.userland) return 0
  let families = match === undefined ? 0 : match.families
  if (families === FAMILY_SCANNER) return 0
  // One kernel, whatever a line's window makes of it.
  if ((families & FAMILIES_LINUX_KERNEL) !== 0) families |= FAMILIES_LINUX_KERNEL
  // The options of a SYN+ACK depend on those of the SYN.
  if (keyDirection(key[at]!) === RESPONSE) return families
  const length = keyLayoutLength(key[at]!)
  for (let n = 0; n < length; n++) kinds[n] = (key[at + 4 + (n >> 2)]! >>> ((n & 3) << 3)) & 255
  let order = 0
  let count = 0
  let seen = 0
  let last = 0
  for (let n = 0; n < length; n++) {
    const code = CODES[kinds[n]!] ?? 0
    if (code === 0) continue
    last = n
    if ((seen & (1 << code)) !== 0) continue
    seen |= 1 << code
    order |= code << (3 * count++)
  }
  if (count < 2 && families === 0) return 0
  let nops = 0
  let isPlain = true
  let begun = false
  for (let n = 0; n <= last && n < length; n++) {
    const code = CODES[kinds[n]!] ?? 0
    if (code === 0 && kinds[n] !== NOP) {
      isPlain = isPlain && !begun
      continue
    }
    begun = begun || code !== 0
    if (begun) nops = Math.imul(nops ^ (code + 1), 0x9e3779b1) ^ (nops >>> 15)
  }
  const window = interfaceMss !== 0 ? WINDOW_OF_INTERFACE : fingerprint.win === 0xffff ? WINDOW_OF_PHONE : 0
  const arrangement = isPlain ? 1 + ((nops >>> 8) % NOPS) : 0
  return families | (order << ORDER_SHIFT) | (arrangement << NOPS_SHIFT) | (window << WINDOW_SHIFT)
}

/** Compares two classes: can one system have sent SYNs of both? Lines decide if both match one, else the options. */
export function stackDifference(a: number, b: number): StackDifference {
  const ours = a & CLASS_FAMILIES
  const theirs = b & CLASS_FAMILIES
  if (ours !== 0 && theirs !== 0) return contradict(ours, theirs) ? OTHER_FAMILY : SAME_STACK
  return contradictOrders(a, b) ? OTHER_LAYOUT : SAME_STACK
}

/** Returns true if one class announces the window of its interface and the other the fixed window of phones. */
export function windowsDiffer(a: number, b: number): boolean {
  return ((a >>> WINDOW_SHIFT) ^ (b >>> WINDOW_SHIFT)) === (WINDOW_OF_INTERFACE | WINDOW_OF_PHONE)
}

/** Returns true if this class has the fixed window of phones. */
export function hasPhoneWindow(a: number): boolean {
  return a >>> WINDOW_SHIFT === WINDOW_OF_PHONE
}

/** Merges the classes of two SYNs of one system: the families that both allow, and the options of the one that has more. */
export function mergeClasses(known: number, next: number): number {
  const ours = known & CLASS_FAMILIES
  const theirs = next & CLASS_FAMILIES
  const families = ours === 0 ? theirs : theirs === 0 ? ours : ours & theirs
  const richer = kindsOf(next) >= kindsOf(known) ? next : known
  const options = richer & ((ORDER << ORDER_SHIFT) | (NOPS << NOPS_SHIFT))
  return families | options | (next & (3 << WINDOW_SHIFT))
}

function kindsOf(stack: number): number {
  const order = (stack >>> ORDER_SHIFT) & ORDER
  return order === 0 ? 0 : order < 8 ? 1 : order < 64 ? 2 : order < 512 ? 3 : 4
}

/** Options may be missing (switched off, stripped on the path, left out of a retransmission), but they never change places. */
function contradictOrders(a: number, b: number): boolean {
  let left = (a >>> ORDER_SHIFT) & ORDER
  const right = (b >>> ORDER_SHIFT) & ORDER
  if (left === right) {
    const ours = (a >>> NOPS_SHIFT) & NOPS
    const theirs = (b >>> NOPS_SHIFT) & NOPS
    return ours !== 0 && theirs !== 0 && ours !== theirs
  }
  // Places of a's kinds in b, in a's order, must rise.
  let before = -1
  for (; left !== 0; left >>= 3) {
    const place = placeOf(left & 7, right)
    if (place < 0) continue
    if (place < before) return true
    before = place
  }
  return false
}

function placeOf(code: number, order: number): number {
  for (let place = 0; order !== 0; order >>= 3, place++) if ((order & 7) === code) return place
  return -1
}
