/**
 * Raw signature: what p0f prints of a packet, `ver:TTL+DIST:olen:MSS:WIN,SCALE:layout:quirks:pclass` (fp_tcp.c: dump_sig).
 *
 * DIST is guessed from the TTL alone and is not the matched distance; `?` above 35. MSS is `*` for a SYN+ACK that echoes the MSS
 * of p0f-sendsyn.
 */
import type { Packet } from "../../packet/packet.ts"
import { QUIRK_NAMES } from "../../packet/quirks.ts"
import { putText, putDecimal, text } from "../../bytes/ascii.ts"
import { guessDistance, MAX_DIST } from "./distance.ts"
import { KIND_EOL, OPTION_NAMES } from "./option-layout.ts"
import {
  KEY_WORDS,
  keyDirection,
  keyHasTimestamp,
  keyIsIpv6,
  keyLayoutLength,
  keyMss,
  keyOlen,
  keyPad,
  keyPclass,
  keyPeerMss,
  keyQuirks,
  keyScale,
  keyTotHdr,
  keyTtl,
  keyWin,
  writeKey
} from "../matching/fingerprint-key.ts"
import { type Direction, RESPONSE } from "../direction.ts"
import { detectMultiplier } from "./window.ts"

/** No raw signature is longer: 24 options of 5 bytes, all quirks, widest numbers. */
export const RAW_SIGNATURE_MAX = 320

/** MSS that p0f-sendsyn sends (config.h: SPECIAL_MSS). */
export const SENDSYN_MSS = 1331
/** Window that p0f-sendsyn sends (config.h: SPECIAL_WIN). */
export const SENDSYN_WIN = 1337

const COLON = 0x3a
const COMMA = 0x2c

/** The window multiplier of the packet behind a key: see window.ts. */
export function keyMultiplier(key: Int32Array, at: number): number {
  const word0 = key[at]!
  const word1 = key[at + 1]!
  const word3 = key[at + 3]!
  return detectMultiplier(
    keyWin(word1),
    keyMss(word1),
    keyHasTimestamp(word0),
    keyIsIpv6(word0) ? 6 : 4,
    keyTotHdr(word3),
    keyPeerMss(word3)
  )
}

/** Writes the raw signature of the packet behind a key; returns the end. `into` has RAW_SIGNATURE_MAX bytes from `to`. */
export function putRawSignature(key: Int32Array, at: number, into: Uint8Array, to: number): number {
  const word0 = key[at]!
  const word1 = key[at + 1]!
  const word2 = key[at + 2]!
  let end = to
  into[end++] = keyIsIpv6(word0) ? 0x36 : 0x34
  into[end++] = COLON
  const ttl = keyTtl(word0)
  const dist = guessDistance(ttl)
  end = putDecimal(ttl, into, end)
  into[end++] = 0x2b
  if (dist > MAX_DIST) into[end++] = 0x3f
  else end = putDecimal(dist, into, end)
  into[end++] = COLON
  end = putDecimal(keyOlen(word0), into, end)
  into[end++] = COLON
  const mss = keyMss(word1)
  if (mss === SENDSYN_MSS && keyDirection(word0) === RESPONSE) into[end++] = 0x2a
  else end = putDecimal(mss, into, end)
  into[end++] = COLON
  const multiplier = keyMultiplier(key, at)
  if (multiplier > 1) {
    end = putText(multiplier & 1 ? "mtu*" : "mss*", into, end)
    end = putDecimal(multiplier >> 1, into, end)
  } else {
    end = putDecimal(keyWin(word1), into, end)
  }
  into[end++] = COMMA
  end = putDecimal(keyScale(word2), into, end)
  into[end++] = COLON
  const length = keyLayoutLength(word0)
  for (let option = 0; option < length; option++) {
    if (option > 0) into[end++] = COMMA
    const kind = (key[at + 4 + (option >> 2)]! >>> ((option & 3) << 3)) & 255
    const name = kind <= 8 ? OPTION_NAMES[kind] : undefined
    if (name !== undefined) {
      end = putText(name, into, end)
    } else if (kind === KIND_EOL) {
      end = putText("eol+", into, end)
      end = putDecimal(keyPad(word2), into, end)
    } else {
      into[end++] = 0x3f
      end = putDecimal(kind, into, end)
    }
  }
  into[end++] = COLON
  const quirks = keyQuirks(word2)
  for (let bit = 0, left = quirks; left !== 0; bit++, left >>= 1) {
    if ((left & 1) === 0) continue
    end = putText(QUIRK_NAMES[bit]!, into, end)
    if (left !== 1) into[end++] = COMMA
  }
  into[end++] = COLON
  into[end++] = keyPclass(word0) === 1 ? 0x2b : 0x30
  return end
}

const key = new Int32Array(KEY_WORDS)
const scratch = new Uint8Array(RAW_SIGNATURE_MAX)

/** The raw signature behind a key, as a string. */
export function printKey(of: Int32Array, at: number): string {
  return text(scratch, 0, putRawSignature(of, at, scratch, 0))
}

/** The raw signature of a packet. `peerMss` is the MSS of the SYN when this is its SYN+ACK, else 0. */
export function printRawSignature(packet: Packet, direction: Direction, peerMss: number): string {
  writeKey(packet, direction, peerMss, key, 0)
  return printKey(key, 0)
}
