/**
 * Coverage: whether an earlier line of the same file answers everything a new one would, so that the new one never can (fp_tcp.c
 * and fp_http.c: the `dupe_det` run of their matchers). p0f refuses such a file; modern mode warns.
 *
 * p0f compares a `*` line as if it were an IPv6 packet, so two equal `*` lines with df, id+ or id- go unnoticed; Debian's p0f.fp
 * depends on that. Modern mode finds these too.
 */
import type { HttpSignature, TcpSignature } from "./database.ts"
import { MAX_DIST } from "../signature/distance.ts"
import { equalBytes } from "../../bytes/equal.ts"
import type { HttpFields } from "./http-signature.ts"
import { expectedQuirks } from "../matching/signature-index.ts"
import { type Signature, WIN_ANY, WIN_MOD, WIN_MSS, WIN_MTU, WIN_NORMAL } from "../signature/signature.ts"
import { type Mode } from "../mode.ts"
import { detectMultiplier } from "../signature/window.ts"

type Plain = Exclude<keyof Signature, "layout">
/** As a record, so that a new field that is missing here does not compile. */
const PLAIN: Readonly<Record<Plain, true>> = {
  ver: true,
  ittl: true,
  badTtl: true,
  olen: true,
  mss: true,
  winType: true,
  win: true,
  scale: true,
  pad: true,
  quirks: true,
  optional: true,
  pclass: true
}
const PLAIN_FIELDS = Object.keys(PLAIN) as ReadonlyArray<Plain>

function sameSignature(a: Signature, b: Signature): boolean {
  for (const name of PLAIN_FIELDS) if (a[name] !== b[name]) return false
  return equalBytes(a.layout, 0, a.layout.length, b.layout)
}

function coversWindow(earlier: Signature, later: Signature): boolean {
  if (earlier.winType === WIN_ANY && later.winType === WIN_NORMAL) return true
  if (later.winType !== WIN_NORMAL) return earlier.winType === later.winType && earlier.win === later.win
  const multiplier = detectMultiplier(later.win, later.mss, false, later.ver, 0, 0)
  switch (earlier.winType) {
    case WIN_NORMAL:
      return earlier.win === later.win
    case WIN_MOD:
      return later.win % earlier.win === 0
    case WIN_MSS:
      return multiplier === earlier.win << 1
    case WIN_MTU:
      return multiplier === ((earlier.win << 1) | 1)
    default:
      return false
  }
}

/** p0f's own check: `earlier` is specific and matches `later` exactly, taken as a packet. */
function p0fCovers(earlier: Signature, later: Signature): boolean {
  return (
    ((expectedQuirks(earlier, later.ver === 4 ? 4 : 6, "p0f") ^ later.quirks) & ~earlier.optional) === 0 &&
    (later.optional & ~earlier.optional) === 0 &&
    earlier.pad === later.pad &&
    (earlier.olen === -1 || earlier.olen === later.olen) &&
    earlier.ittl >= later.ittl &&
    (earlier.badTtl || earlier.ittl - later.ittl <= MAX_DIST) &&
    (earlier.mss === -1 || earlier.mss === later.mss) &&
    (earlier.scale === -1 || earlier.scale === later.scale) &&
    (earlier.pclass === -1 || earlier.pclass === later.pclass) &&
    coversWindow(earlier, later) &&
    equalBytes(earlier.layout, 0, earlier.layout.length, later.layout)
  )
}

/** The first of `earlier` that leaves `later` nothing to answer. */
export function coveringSignature(
  earlier: ReadonlyArray<TcpSignature>,
  later: Signature,
  laterIsGeneric: boolean,
  mode: Mode
): TcpSignature | undefined {
  for (const line of earlier) {
    if (mode === "p0f") {
      if (!line.label.generic && p0fCovers(line.signature, later)) return line
    } else if (!line.label.generic || laterIsGeneric) {
      if (sameSignature(line.signature, later)) return line
      const sameVersion = line.signature.ver === -1 || line.signature.ver === later.ver
      if (!line.label.generic && sameVersion && !later.badTtl && p0fCovers(line.signature, later)) return line
    }
  }
  return undefined
}

/** `required`: ids of the headers that `later` demands. */
function httpCovers(earlier: HttpSignature, later: HttpFields, required: ReadonlySet<number>): boolean {
  if (earlier.ver !== -1 && earlier.ver !== later.ver) return false
  const { headers } = later
  if (earlier.headers.some(({ id, optional }) => !optional && !required.has(id))) return false
  if (earlier.absent.length > later.absent.length) return false
  let at = 0
  for (const header of earlier.headers) {
    let next = at
    while (next < headers.length && headers[next]!.id !== header.id) next++
    if (next === headers.length) {
      if (!header.optional || headers.some(({ id }) => id === header.id)) return false
      continue
    }
    if (header.value !== undefined && !headers[next]!.value?.includes(header.value)) return false
    at = next + 1
  }
  return earlier.absent.every((id) => later.absent.includes(id) && !required.has(id))
}

/** Returns the covering signature of an HTTP section; in both modes. */
export function coveringHttpSignature(
  earlier: ReadonlyArray<HttpSignature>,
  later: HttpFields
): HttpSignature | undefined {
  // p0f's Bloom filter of the new line holds its required headers only.
  const required = new Set(later.headers.filter(({ optional }) => !optional).map(({ id }) => id))
  return earlier.find((line) => !line.label.generic && httpCovers(line, later, required))
}
