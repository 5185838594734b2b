/**
 * Reads TCP signatures as p0f.fp holds them and raw signatures as p0f prints them (fp_tcp.c: tcp_register_sig).
 *
 * Differs from p0f in modern mode: olen after `ttl-` keeps its first digit, `64-5:` is an error, `N+?` (a raw signature whose
 * distance is not known) is understood, and so is what builtin.fp adds to the grammar and describes in its header: `mss*max`,
 * `mss*max<=N`, `mss*clamped`, `mss*N/ws`, olen `*`, `quirk?`, `seq=dst`. p0f mode has these bugs: after `64-:` one character of olen is
 * lost, and `64-5:` means ttl 64, olen 5.
 */
import { QUIRK_NAMES, QUIRKS_IPV4, QUIRKS_IPV6 } from "../../packet/quirks.ts"
import { guessInitialTtl } from "./distance.ts"
import { type OptionLayout, parseLayout } from "./option-layout.ts"
import {
  LINE_QUIRK_NAMES,
  QUIRK_SEQ_DST,
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
} from "./signature.ts"
import { ParseError } from "../parse-error.ts"
import { type Mode } from "../mode.ts"

const FORM = "ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass"
const FIELDS = ["ver", "ittl", "olen", "mss", "wsize,scale", "olayout", "quirks", "pclass"]
const DIGITS = /^[0-9]*$/
/** Windows that p0f does not know. */
const RULES = /^mss\*(?:(clamped)|max(?:<=(.*))?|(.*)\/ws)$/

/** The number in `text`, an empty one being 0 as p0f has it. */
function number(
  field: string,
  text: string,
  low: number,
  high: number,
  offset: number,
  also = ""
): number | ParseError {
  const value = Number(text)
  if (DIGITS.test(text) && value >= low && value <= high) return value
  return new ParseError(`${field}: '${text}' is not a number from ${low} to ${high}${also}`, offset)
}

interface InitialTtl {
  readonly ittl: number
  readonly badTtl: boolean
}

function parseTtl(text: string, offset: number, mode: Mode): InitialTtl | ParseError {
  const also = ", N-, or N+D with N+D <= 255"
  if (text.endsWith("-")) {
    const ittl = number("ittl", text.slice(0, -1), 1, 255, offset, also)
    return ittl instanceof ParseError ? ittl : { ittl, badTtl: true }
  }
  const plus = text.indexOf("+")
  const ittl = number("ittl", plus < 0 ? text : text.slice(0, plus), 1, 255, offset, also)
  if (ittl instanceof ParseError || plus < 0) return ittl instanceof ParseError ? ittl : { ittl, badTtl: false }
  const distance = text.slice(plus + 1)
  if (mode === "modern" && distance === "?") return { ittl: guessInitialTtl(ittl), badTtl: false }
  const hops = number("ittl", distance, 0, 255 - ittl, offset + plus + 1, " (initial TTL = TTL + hops <= 255)")
  return hops instanceof ParseError ? hops : { ittl: ittl + hops, badTtl: false }
}

interface Window {
  readonly winType: WinType
  readonly win: number
}

function parseWindow(text: string, offset: number, mode: Mode): Window | ParseError {
  if (text === "*") return { winType: WIN_ANY, win: 0 }
  let winType: WinType = WIN_NORMAL
  let win: number | ParseError
  const rule = RULES.exec(text)
  if (rule !== null) {
    if (mode === "p0f") return new ParseError(`wsize: p0f does not know ${text}: use mode = modern or a number`, offset)
    const [, clamped, limit, multiplier] = rule
    if (clamped !== undefined) return { winType: WIN_MSS_CLAMPED, win: 0 }
    if (multiplier !== undefined) {
      win = number("wsize", multiplier, 1, 1000, offset + 4, " between mss* and /ws")
      return win instanceof ParseError ? win : { winType: WIN_MSS_SCALE, win }
    }
    win = limit === undefined ? WIN_64K : number("wsize", limit, 1, 65535, offset + 9, " after mss*max<=")
    return win instanceof ParseError ? win : { winType: WIN_MSS_MAX, win }
  }
  if (text.startsWith("%")) {
    winType = WIN_MOD
    win = number("wsize", text.slice(1), 2, 65535, offset + 1, " after %")
  } else if (text.startsWith("mss*") || text.startsWith("mtu*")) {
    winType = text[1] === "s" ? WIN_MSS : WIN_MTU
    win = number("wsize", text.slice(4), 1, 1000, offset + 4, ` after ${text.slice(0, 4)}`)
  } else {
    const also = mode === "p0f" ? " or mtu*N" : ", mtu*N, mss*max, mss*max<=N, mss*clamped or mss*N/ws"
    win = number("wsize", text, 0, 65535, offset, `, *, %N, mss*N${also}`)
  }
  return win instanceof ParseError ? win : { winType, win }
}

interface Quirks {
  readonly quirks: number
  readonly optional: number
}

function parseQuirks(text: string, offset: number, ver: 4 | 6 | -1, mode: Mode): Quirks | ParseError {
  const known = mode === "p0f" ? QUIRK_NAMES : LINE_QUIRK_NAMES
  let quirks = 0
  let optional = 0
  let at = offset
  const words = text.split(",")
  if (words.at(-1) === "") words.pop()
  for (const word of words) {
    const isOptional = mode === "modern" && word.endsWith("?")
    const bit = known.indexOf(isOptional ? word.slice(0, -1) : word)
    if (bit < 0) return new ParseError(`quirks: '${word}' is no quirk: use ${known.join(" ")}`, at)
    const quirk = 1 << bit
    if (ver === 6 && quirk & (QUIRKS_IPV4 | QUIRK_SEQ_DST))
      return new ParseError(`quirks: '${word}' cannot occur in IPv6`, at)
    if (ver === 4 && quirk & QUIRKS_IPV6) return new ParseError(`quirks: '${word}' cannot occur in IPv4`, at)
    if (isOptional) optional |= quirk
    else quirks |= quirk
    if (quirks & optional) return new ParseError(`quirks: '${word}' is named with and without ?: remove one`, at)
    at += word.length + 1
  }
  return { quirks, optional }
}

/** Undoes what p0f's cursor does around `N-`, so that one grammar serves both modes. */
function asP0fReadsIt(text: string): string {
  const dash = /^[46*]:[0-9]*-/.exec(text)?.[0].length ?? 0
  if (dash === 0) return text
  return text[dash] === ":"
    ? text.slice(0, dash + 1) + text.slice(dash + 2)
    : `${text.slice(0, dash - 1)}:${text.slice(dash)}`
}

/** Reads one signature. Offsets in errors count from the start of `text`. */
export function parseSignature(text: string, mode: Mode): Signature | ParseError {
  const fields = (mode === "p0f" ? asP0fReadsIt(text) : text).split(":")
  if (fields.length !== 8) {
    const cause = fields.length < 8 ? `${FIELDS[fields.length]!} is missing` : "there is text after pclass"
    return new ParseError(`signature: ${fields.length} of 8 fields, ${cause}: write ${FORM}`, 0)
  }
  const offsets: Array<number> = []
  for (let at = 0, next = 0; at < 8; at++) {
    offsets.push(next)
    next += fields[at]!.length + 1
  }
  const [verText, ttlText, olenText, mssText, winText, layoutText, quirksText, pclassText] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string
  ]
  const ver = verText === "4" ? 4 : verText === "6" ? 6 : verText === "*" ? -1 : 0
  if (ver === 0) return new ParseError(`ver: '${verText}' is not 4, 6 or *`, 0)
  const ttl = parseTtl(ttlText, offsets[1]!, mode)
  if (ttl instanceof ParseError) return ttl
  const isAnyOlen = mode === "modern" && olenText === "*"
  const olen = isAnyOlen ? -1 : number("olen", olenText, 0, 255, offsets[2]!, mode === "p0f" ? "" : " or *")
  if (olen instanceof ParseError) return olen
  const mss = mssText === "*" ? -1 : number("mss", mssText, 0, 65535, offsets[3]!, " or *")
  if (mss instanceof ParseError) return mss
  const comma = winText.indexOf(",")
  if (comma < 0) return new ParseError(`wsize,scale: '${winText}' has no comma: write wsize,scale`, offsets[4]!)
  const window = parseWindow(winText.slice(0, comma), offsets[4]!, mode)
  if (window instanceof ParseError) return window
  const scaleText = winText.slice(comma + 1)
  const scale = scaleText === "*" ? -1 : number("scale", scaleText, 0, 255, offsets[4]! + comma + 1, " or *")
  if (scale instanceof ParseError) return scale
  const options: OptionLayout | readonly [number, string] = parseLayout(layoutText)
  if (!("layout" in options)) return new ParseError(`olayout: ${options[1]}`, offsets[5]! + options[0])
  const quirks = parseQuirks(quirksText, offsets[6]!, ver, mode)
  if (quirks instanceof ParseError) return quirks
  const pclass = pclassText === "0" ? 0 : pclassText === "+" ? 1 : pclassText === "*" ? -1 : 2
  if (pclass === 2) return new ParseError(`pclass: '${pclassText}' is not 0, + or *`, offsets[7]!)
  return { ver, ...ttl, olen, mss, ...window, scale, ...options, ...quirks, pclass }
}
