/**
 * The fields of a signature in words: what each says about the packet that had it.
 */
import { guessDistance, MAX_DIST } from "../signature/distance.ts"
import { QUIRK_MEANINGS, optionMeaning, windowRule } from "./words.ts"
import type { Subject } from "./subject.ts"
import { printLayout } from "../signature/option-layout.ts"
import {
  LINE_QUIRK_NAMES,
  WIN_64K,
  WIN_ANY,
  WIN_MOD,
  WIN_MSS_CLAMPED,
  WIN_MSS_MAX,
  WIN_MSS_SCALE
} from "../signature/signature.ts"

/** One word of the signature: an option and a quirk each have their own. */
export interface ExplainedField {
  /** p0f's name: ver, ittl, olen, mss, wsize, scale, olayout, quirks, pclass. */
  readonly field: string
  /** As written; empty when the list has no entry. */
  readonly value: string
  readonly meaning: string
}

function ttlMeaning(subject: Subject): string {
  const { ttl, hops } = subject
  const { ittl, badTtl } = subject.signature
  if (badTtl) return `the sender draws a TTL at random up to ${ittl}: the hops are not known`
  if (hops === undefined) return `initial TTL ${ittl}`
  if (hops === -1) {
    return `received with TTL ${ttl}: ${guessDistance(ttl)} hops from ${ittl} are more than ${MAX_DIST} and not believed`
  }
  return `received with TTL ${ttl}, sent with ${ittl} by the usual guess: ${hops} ${hops === 1 ? "hop" : "hops"}`
}

function mssMeaning(subject: Subject, link: string | undefined): string {
  const { mss, ver, layout } = subject.signature
  if (mss === -1) return "any: it depends on the link, not on the system"
  if (!layout.includes(2)) return "the SYN has no MSS option"
  const headers = ver === 6 ? 60 : 40
  const mtu = mss + headers
  return `MTU ${mtu} (${mss} + ${headers} of headers), link ${link === undefined ? "not known" : `"${link}"`}`
}

/** One meaning per window that the text can stand for; those that follow a rule come first. */
function windowMeanings(subject: Subject): ReadonlyArray<string> {
  const { winType, win, mss } = subject.signature
  if (winType === WIN_ANY) return ["any"]
  if (winType === WIN_MOD) return [`a multiple of ${win}`]
  if (winType === WIN_MSS_MAX && mss === -1)
    return [
      win === WIN_64K
        ? "floor(65536 / MSS) * MSS, at most 65535 (Linux >= 4.20, Windows 10/11)"
        : `floor(${win} / MSS) * MSS`
    ]
  if (winType === WIN_MSS_CLAMPED && mss === -1)
    return ["mss*max of a usual interface above the SYN's MSS: lowered on the way"]
  if (winType === WIN_MSS_SCALE && (mss === -1 || subject.signature.scale === -1))
    return [`${win} times the MSS, rounded down to a multiple of 2^scale (gVisor)`]
  const ruled: Array<string> = []
  const plain: Array<string> = []
  for (const { win: value, product } of subject.windows) {
    const rule = windowRule(value, subject.mss)
    const sum = product === undefined ? String(value) : `${value} = ${product}`
    if (rule === undefined)
      plain.push(product !== undefined ? sum : mss === 0 ? "bytes" : "bytes, no multiple of the MSS")
    else ruled.push(product === undefined ? rule : `${sum}, ${rule}`)
  }
  const all = [...ruled, ...plain]
  return all.length === 0 ? ["fits no window of 16 bits"] : all
}

function scaleMeaning(subject: Subject): string {
  const { scale, layout } = subject.signature
  if (scale === -1) return "any: it grows with the receive buffer"
  if (!layout.includes(3)) return "the SYN has no window scale option"
  return scale === 0
    ? "understood, own window not scaled"
    : `the window counts in units of ${2 ** Math.min(scale, 14)} bytes`
}

/** Every word of the signature in its order. `link`: name of the link that its MSS suggests. */
export function explainFields(subject: Subject, link: string | undefined): ReadonlyArray<ExplainedField> {
  const { ver, olen, layout, pad, quirks, optional, pclass } = subject.signature
  const [verText = "", ttlText = "", olenText = "", mssText = "", winText = "", , , pclassText = ""] =
    subject.text.split(":")
  const comma = winText.indexOf(",")
  const fields: Array<ExplainedField> = []
  const say = (field: string, value: string, meaning: string): void => {
    fields.push({ field, value, meaning })
  }
  say("ver", verText, ver === -1 ? "IPv4 and IPv6" : `IPv${ver}`)
  say("ittl", ttlText, ttlMeaning(subject))
  const ipOptions = olen === 0 ? (ver === 6 ? "none in IPv6" : "no IP options") : `${olen} bytes of IP options`
  say("olen", olenText, olen === -1 ? "any IP options" : ipOptions)
  say("mss", mssText, mssMeaning(subject, link))
  for (const [at, meaning] of windowMeanings(subject).entries())
    say("wsize", at === 0 ? winText.slice(0, comma) : "or", meaning)
  say("scale", winText.slice(comma + 1), scaleMeaning(subject))
  if (layout.length === 0) say("olayout", "", "no TCP options: a packet written by hand, no ordinary stack")
  for (const [at, kind] of layout.entries()) {
    const last = at === layout.length - 1
    say("olayout", printLayout(layout.subarray(at, at + 1), last ? pad : 0), optionMeaning(kind, pad))
  }
  if ((quirks | optional) === 0) say("quirks", "", "none")
  for (const [bit, name] of LINE_QUIRK_NAMES.entries()) {
    if (quirks & (1 << bit)) say("quirks", name, QUIRK_MEANINGS[bit]!)
    else if (optional & (1 << bit)) say("quirks", `${name}?`, `${QUIRK_MEANINGS[bit]!}, or not`)
  }
  const payload = pclass === -1 ? "with or without data" : pclass === 1 ? "data in the SYN" : "no data in the SYN"
  say("pclass", pclassText, payload)
  return fields
}
