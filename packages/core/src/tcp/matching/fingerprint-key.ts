/**
 * Fingerprint key: everything of a packet that its fingerprint depends on, in ten int32 words. Equal keys have equal fingerprints.
 *
 *  word  bits (low first)
 *  0     ver6:1 direction:1 pclass:1 ts1:1 tos:6 layoutLength:5 ttl:8 olen:8
 *  1     win:16 mss:16
 *  2     quirks:17 wscale:8 pad:6
 *  3     totHdr:8 peerMss:16 seqIsDestination:1
 *  4..9  option kinds, 4 a word in the order of the machine (Bun runs on little-endian ones only), zero after the last
 *
 * An engine that must remember a fingerprint without an object keeps these words and asks `Matcher.fingerprintOfKey`.
 */
import type { Packet } from "../../packet/packet.ts"
import { type Direction, REQUEST } from "../direction.ts"

/** Int32 words of one key. */
export const KEY_WORDS = 10
const LAYOUT_WORDS = 6

/** Writes the key of `packet` to `into` from index `at`. `peerMss` is the MSS of the SYN when this is its SYN+ACK, else 0. */
export function writeKey(packet: Packet, direction: Direction, peerMss: number, into: Int32Array, at: number): void {
  const length = packet.layoutLength
  into[at] =
    (packet.ver === 6 ? 1 : 0) |
    (direction << 1) |
    (packet.payloadLength > 0 ? 4 : 0) |
    (packet.ts1 !== 0 ? 8 : 0) |
    ((packet.tos & 63) << 4) |
    (length << 10) |
    ((packet.ttl & 255) << 15) |
    ((packet.olen & 255) << 23)
  into[at + 1] = (packet.win & 0xffff) | (packet.mss << 16)
  into[at + 2] = packet.quirks | ((packet.wscale & 255) << 17) | (packet.pad << 25)
  // A sequence number that happens to be the IPv4 destination: one connection in four billion.
  const seqIsDestination = packet.seq === packet.dst0 && packet.seq !== 0 && packet.ver === 4 && direction === REQUEST
  into[at + 3] = (packet.totHdr & 255) | ((peerMss & 0xffff) << 8) | (seqIsDestination ? 1 << 24 : 0)
  const words = packet.layoutWords
  const whole = length >> 2
  const rest = (1 << ((length & 3) << 3)) - 1
  into[at + 4] = whole > 0 ? words[0]! : words[0]! & rest
  into[at + 5] = whole > 1 ? words[1]! : whole === 1 ? words[1]! & rest : 0
  if (whole < 2) {
    into[at + 6] = 0
    into[at + 7] = 0
    into[at + 8] = 0
    into[at + 9] = 0
    return
  }
  for (let word = 2; word < LAYOUT_WORDS; word++)
    into[at + 4 + word] = word < whole ? words[word]! : word === whole ? words[word]! & rest : 0
}

/** Compares two keys word by word, as `writeKey` writes them. */
export function isSameKey(a: Int32Array, aAt: number, b: Int32Array, bAt: number): boolean {
  return (
    a[aAt] === b[bAt] &&
    a[aAt + 1] === b[bAt + 1] &&
    a[aAt + 2] === b[bAt + 2] &&
    a[aAt + 3] === b[bAt + 3] &&
    a[aAt + 4] === b[bAt + 4] &&
    a[aAt + 5] === b[bAt + 5] &&
    a[aAt + 6] === b[bAt + 6] &&
    a[aAt + 7] === b[bAt + 7] &&
    a[aAt + 8] === b[bAt + 8] &&
    a[aAt + 9] === b[bAt + 9]
  )
}

export const keyIsIpv6 = (word0: number): boolean => (word0 & 1) !== 0
export const keyDirection = (word0: number): Direction => ((word0 >> 1) & 1) as Direction
export const keyPclass = (word0: number): number => (word0 >> 2) & 1
export const keyHasTimestamp = (word0: number): boolean => (word0 & 8) !== 0
export const keyTos = (word0: number): number => (word0 >> 4) & 63
export const keyLayoutLength = (word0: number): number => (word0 >> 10) & 31
export const keyTtl = (word0: number): number => (word0 >> 15) & 255
export const keyOlen = (word0: number): number => (word0 >> 23) & 255
export const keyWin = (word1: number): number => word1 & 0xffff
export const keyMss = (word1: number): number => word1 >>> 16
export const keyQuirks = (word2: number): number => word2 & 0x1ffff
export const keyScale = (word2: number): number => (word2 >> 17) & 255
export const keyPad = (word2: number): number => (word2 >> 25) & 63
export const keyTotHdr = (word3: number): number => word3 & 255
export const keyPeerMss = (word3: number): number => (word3 >> 8) & 0xffff
export const keySeqIsDestination = (word3: number): boolean => (word3 & (1 << 24)) !== 0
