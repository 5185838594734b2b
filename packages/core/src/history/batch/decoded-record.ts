/**
 * Decoded record: a packet as words, for another thread than the one that decoded it. Two cache lines.
 *
 *   0 verdict | EXPIRES | LATE | flags << 16      1 frames since the record before, this one included
 *   2 seconds   3 microseconds   4 src[4]   8 dst[4]   12 sport << 16 | dport   13 seq   14 ack   15 ts1
 *  16 fingerprint key[10] (fingerprint-key.ts): everything else of the header
 *  26 offset of the payload   27 payloadLength   28 payloadCaptured
 *  29 number of the key (KeyNumbers.find)   30 unused[2]
 */
import {
  KEY_WORDS,
  keyIsIpv6,
  keyLayoutLength,
  keyMss,
  keyOlen,
  keyPad,
  keyQuirks,
  keyScale,
  keyTos,
  keyTotHdr,
  keyTtl,
  keyWin,
  writeKey
} from "../../tcp/matching/fingerprint-key.ts"
import { REQUEST } from "../../tcp/direction.ts"
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from "../../packet/packet.ts"
import type { Verdict } from "../../packet/verdict.ts"
import type { DecodedFrame } from "../decoded-frame.ts"

export const RECORD_SHIFT = 5
const FRAMES = 1
const SEC = 2
const USEC = 3
export const RECORD_SOURCE = 4
export const RECORD_KEY = 16
/** Key number of a SYN's fingerprint. */
export const RECORD_NUMBER = 29
const LAYOUT = RECORD_KEY + 4

const VERDICT_MASK = 7
const EXPIRES = 8
/** The microseconds are above 2^31: a broken file's, which readers keep as written. */
const LATE = 16
const FLAGS_SHIFT = 16
const TYPES = TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST

/** `payload`: where the payload lies for the reader. */
export function writeRecord(words: Int32Array, at: number, frame: DecodedFrame, payload: number): void {
  const { packet, usec } = frame
  words[at] =
    frame.verdict | (frame.expires ? EXPIRES : 0) | (usec > 0x7fffffff ? LATE : 0) | (packet.flags << FLAGS_SHIFT)
  words[at + FRAMES] = frame.frames
  words[at + SEC] = frame.sec
  words[at + USEC] = usec
  words[at + RECORD_SOURCE] = packet.src0
  words[at + RECORD_SOURCE + 1] = packet.src1
  words[at + RECORD_SOURCE + 2] = packet.src2
  words[at + RECORD_SOURCE + 3] = packet.src3
  words[at + 8] = packet.dst0
  words[at + 9] = packet.dst1
  words[at + 10] = packet.dst2
  words[at + 11] = packet.dst3
  words[at + 12] = (packet.sport << 16) | packet.dport
  words[at + 13] = packet.seq
  words[at + 14] = packet.ack
  words[at + 15] = packet.ts1
  writeKey(packet, REQUEST, 0, words, at + RECORD_KEY)
  words[at + 26] = payload
  words[at + 27] = packet.payloadLength
  words[at + 28] = packet.payloadCaptured
}

/** Fills the frame as its decoder left it, but for its bytes and entry. */
export function readRecord(words: Int32Array, at: number, frame: DecodedFrame): void {
  const word0 = words[at]!
  frame.verdict = (word0 & VERDICT_MASK) as Verdict
  frame.expires = (word0 & EXPIRES) !== 0
  frame.frames = words[at + FRAMES]!
  frame.sec = words[at + SEC]! >>> 0
  frame.usec = (word0 & LATE) === 0 ? words[at + USEC]! : words[at + USEC]! >>> 0
  const { packet } = frame
  packet.src0 = words[at + RECORD_SOURCE]!
  packet.src1 = words[at + RECORD_SOURCE + 1]!
  packet.src2 = words[at + RECORD_SOURCE + 2]!
  packet.src3 = words[at + RECORD_SOURCE + 3]!
  packet.dst0 = words[at + 8]!
  packet.dst1 = words[at + 9]!
  packet.dst2 = words[at + 10]!
  packet.dst3 = words[at + 11]!
  const flags = word0 >>> FLAGS_SHIFT
  packet.flags = flags
  packet.type = flags & TYPES
  const ports = words[at + 12]!
  packet.sport = ports >>> 16
  packet.dport = ports & 0xffff
  packet.seq = words[at + 13]!
  packet.ack = words[at + 14]!
  packet.ts1 = words[at + 15]!
  const key0 = words[at + RECORD_KEY]!
  packet.ver = keyIsIpv6(key0) ? 6 : 4
  packet.ttl = keyTtl(key0)
  packet.olen = keyOlen(key0)
  packet.tos = keyTos(key0)
  packet.layoutLength = keyLayoutLength(key0)
  const key1 = words[at + RECORD_KEY + 1]!
  packet.win = keyWin(key1)
  packet.mss = keyMss(key1)
  const key2 = words[at + RECORD_KEY + 2]!
  packet.quirks = keyQuirks(key2)
  packet.wscale = keyScale(key2)
  packet.pad = keyPad(key2)
  packet.totHdr = keyTotHdr(words[at + RECORD_KEY + 3]!)
  const layout = packet.layoutWords
  for (let word = 0; word < KEY_WORDS - 4; word++) layout[word] = words[at + LAYOUT + word]!
  packet.payload = words[at + 26]!
  packet.payloadLength = words[at + 27]!
  packet.payloadCaptured = words[at + 28]!
}
