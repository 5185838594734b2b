/**
 * A SYN in the builder's notation, written from a signature: the frame that a decoder prints so, for programs that read captures.
 */
import { parseSubject } from "../tcp/explain/subject.ts"
import { printLayout } from "../tcp/signature/option-layout.ts"
import { ParseError } from "../tcp/parse-error.ts"
import {
  QUIRK_DF,
  QUIRK_ECN,
  QUIRK_FLOW,
  QUIRK_NZ_ACK,
  QUIRK_NZ_ID,
  QUIRK_NZ_MBZ,
  QUIRK_NZ_URG,
  QUIRK_OPT_BAD,
  QUIRK_OPT_EOL_NZ,
  QUIRK_OPT_NZ_TS2,
  QUIRK_OPT_ZERO_TS1,
  QUIRK_PUSH,
  QUIRK_URG,
  QUIRK_ZERO_ID,
  QUIRK_ZERO_SEQ
} from "../packet/quirks.ts"
import type { PacketFields } from "./packets.ts"

/** Contents of other options: Fast Open's request for a cookie, its experimental form, MP_CAPABLE version 1, an MD5 digest. */
const CONTENTS: Readonly<Record<string, string>> = {
  "?34": "",
  "?254": "f989",
  "?30": "0181",
  "?19": "00".repeat(16)
}

function optionText(word: string, mss: number, scale: number, ts: string): string {
  if (word === "mss") return `mss=${mss}`
  if (word === "ws") return `ws=${scale}`
  if (word === "ts") return `ts=${ts}`
  return word.startsWith("?") ? `${word}=${CONTENTS[word] ?? ""}` : word
}

/** Fields of a signature's SYN; undefined where no packet of ours is printed so (malformed options). */
export function signatureFields(signature: string): PacketFields | undefined {
  const subject = parseSubject(signature)
  if (subject instanceof ParseError) throw new Error(`${signature}: ${subject.message}`)
  const { quirks, layout, pad, scale, olen, pclass, ver } = subject.signature
  if (quirks & (QUIRK_OPT_BAD | QUIRK_OPT_EOL_NZ)) return undefined
  const ts = `${quirks & QUIRK_OPT_ZERO_TS1 ? 0 : 1}:${quirks & QUIRK_OPT_NZ_TS2 ? 1 : 0}`
  const words = layout.length === 0 ? [] : printLayout(layout, pad).split(",")
  const hasFlag = (quirk: number): boolean => (quirks & quirk) !== 0
  return {
    ver: ver === 6 ? 6 : 4,
    ttl: subject.ttl,
    df: hasFlag(QUIRK_DF),
    mbz: hasFlag(QUIRK_NZ_MBZ),
    id: hasFlag(QUIRK_DF) ? (hasFlag(QUIRK_NZ_ID) ? 0x1234 : 0) : hasFlag(QUIRK_ZERO_ID) ? 0 : 0x1234,
    flowLabel: hasFlag(QUIRK_FLOW) ? 0x12345 : 0,
    ipOptions: new Uint8Array(olen).fill(1),
    seq: hasFlag(QUIRK_ZERO_SEQ) ? 0 : 0x11223344,
    // p0f looks at one bit of the first byte alone (docs/p0f-differences.md, 1).
    ack: hasFlag(QUIRK_NZ_ACK) ? 0x01000001 : 0,
    urg: hasFlag(QUIRK_NZ_URG) ? 1 : 0,
    flags: `S${hasFlag(QUIRK_ECN) ? "EC" : ""}${hasFlag(QUIRK_PUSH) ? "P" : ""}${hasFlag(QUIRK_URG) ? "U" : ""}`,
    win: subject.windows[0]?.win ?? 0,
    options: words.map((word) => optionText(word, subject.mss, Math.max(scale, 0), ts)).join(","),
    payload: pclass === 1 ? "x" : ""
  }
}
