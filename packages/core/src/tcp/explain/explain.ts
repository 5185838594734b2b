/**
 * Explain: what a signature says, which database line it meets, and how the nearest other lines differ.
 *
 * The input is a database line or a raw signature as p0f prints it; the result is plain JSON, which text.ts prints.
 */
import type { Database, TcpSignature } from "../database/database.ts"
import { differences, type Difference, farness } from "./difference.ts"
import { explainFields, type ExplainedField } from "./fields.ts"
import { explainPath, type ExplainedPath } from "./path.ts"
import { hopsAgree, isConcrete, packetOf, parseSubject, type Subject, type WindowReading } from "./subject.ts"
import { linkName } from "../path/link-table.ts"
import { Matcher } from "../matching/matcher.ts"
import { type TcpFingerprint } from "../matching/fingerprint.ts"
import { type Direction, REQUEST, RESPONSE } from "../direction.ts"
import { printSignature } from "../signature/signature.ts"
import { ParseError } from "../parse-error.ts"

/** A database line. */
export interface ExplainedLine {
  /** `name[ flavor]`. */
  readonly title: string
  readonly section: "tcp:request" | "tcp:response"
  readonly generic: boolean
  /** Class `!`: an application that writes its own packets. */
  readonly userland: boolean
  readonly signature: string
  readonly file: string
  readonly line: number
  /** `evidence`, `source`, ... of the `;@` lines. */
  readonly attributes: Readonly<Record<string, string>>
}

export interface ExplainedMatch {
  readonly line: ExplainedLine
  /** p0f's os_match_q: 1 fuzzy, 2 generic. */
  readonly matchQuality: number
  readonly fuzzy: boolean
  readonly hops: number
  /** The window that was assumed where the text fits several. */
  readonly window: string | undefined
  /** Why a fuzzy match is one. */
  readonly tolerated: ReadonlyArray<Difference>
}

export interface NearLine extends ExplainedLine {
  readonly differences: ReadonlyArray<Difference>
}

export interface Explanation {
  readonly signature: string
  readonly form: "raw signature" | "signature"
  readonly fields: ReadonlyArray<ExplainedField>
  readonly link: string | undefined
  /** Path by MSS and window; undefined without a packet or an MSS, or if a tool wrote them. */
  readonly path: ExplainedPath | undefined
  /** True if a packet could be written from the text; otherwise nothing can be matched. */
  readonly concrete: boolean
  readonly match: ExplainedMatch | undefined
  readonly nearest: ReadonlyArray<NearLine>
  /** Notes to read before trusting the rest. */
  readonly notes: ReadonlyArray<string>
}

const NEAREST = 3
/** Lines this much farther than the nearest are another kind of stack: about two options and two fields. */
const SPREAD = 4

function explainLine(line: TcpSignature, direction: Direction): ExplainedLine {
  return {
    title: line.title,
    section: direction === REQUEST ? "tcp:request" : "tcp:response",
    generic: line.label.generic,
    userland: line.label.classId === -1,
    signature: printSignature(line.signature),
    file: line.file,
    line: line.line,
    attributes: Object.fromEntries(line.attributes)
  }
}

/** Exact before generic before fuzzy: the order in which p0f prefers matches. */
const rank = (fingerprint: TcpFingerprint): number =>
  fingerprint.match === undefined ? 3 : fingerprint.fuzzy ? 2 : fingerprint.match.label.generic ? 1 : 0

interface Found {
  readonly fingerprint: TcpFingerprint
  readonly reading: WindowReading
}

function bestMatch(subject: Subject, matcher: Matcher, direction: Direction): Found | undefined {
  if (!isConcrete(subject)) return undefined
  let best: Found | undefined
  for (const reading of subject.windows) {
    const fingerprint = matcher.fingerprintOf(packetOf(subject, reading, direction), direction, 0)
    if (best === undefined || rank(fingerprint) < rank(best.fingerprint)) best = { fingerprint, reading }
  }
  return best
}

function explainMatch(
  { fingerprint, reading }: Found,
  subject: Subject,
  direction: Direction
): ExplainedMatch | undefined {
  const { match, fuzzy, dist, osMatchQ } = fingerprint
  if (match === undefined) return undefined
  return {
    line: explainLine(match, direction),
    matchQuality: osMatchQ,
    fuzzy,
    hops: dist,
    window: subject.windows.length > 1 ? String(reading.win) : undefined,
    tolerated: fuzzy ? differences(match.signature, subject, direction) : []
  }
}

/** The nearest line of each of the nearest systems but the matched one. */
function nearest(
  subject: Subject,
  lines: ReadonlyArray<TcpSignature>,
  direction: Direction,
  match: TcpSignature | undefined
): ReadonlyArray<NearLine> {
  const near: Array<{ line: TcpSignature; differs: ReadonlyArray<Difference>; far: number }> = []
  for (const line of lines) {
    const differs = differences(line.signature, subject, direction)
    near.push({ line, differs, far: farness(differs) })
  }
  near.sort(
    (a, b) =>
      a.far - b.far || Number(a.line.label.generic) - Number(b.line.label.generic) || a.line.index - b.line.index
  )
  const titles = new Set(match === undefined ? [] : [match.title])
  const chosen: Array<NearLine> = []
  for (const { line, differs, far } of near) {
    if (chosen.length === NEAREST || far > near[0]!.far + SPREAD) break
    if (titles.has(line.title)) continue
    titles.add(line.title)
    chosen.push(Object.assign(explainLine(line, direction), { differences: differs }))
  }
  return chosen
}

function remarks(
  subject: Subject,
  found: Found | undefined,
  matcher: Matcher,
  direction: Direction
): ReadonlyArray<string> {
  const notes: Array<string> = []
  const { signature } = subject
  if (!hopsAgree(subject)) {
    notes.push("ittl: p0f would print another distance for this TTL: the text was edited or written by another program")
  }
  if (!isConcrete(subject)) {
    notes.push("a wild card in wsize, scale or pclass stands for many packets: only the nearest lines are reported")
  } else {
    if (signature.ver === -1) notes.push("matched as IPv4")
    if (signature.mss === -1 && signature.layout.includes(2))
      notes.push(`matched with MSS ${subject.mss}, that of Ethernet`)
  }
  if (found !== undefined) {
    const other: Direction = direction === REQUEST ? RESPONSE : REQUEST
    const fingerprint = bestMatch(subject, matcher, other)!.fingerprint
    if (rank(fingerprint) < rank(found.fingerprint))
      notes.push(`as a ${other === REQUEST ? "SYN" : "SYN+ACK"} it would be ${fingerprint.os}`)
  }
  return notes
}

/**
 * Explains one signature by the lines of `database`, all its files taken together. `direction` says whether it is a SYN (REQUEST)
 * or a SYN+ACK. An unreadable signature gives the error that names its field.
 */
export function explain(text: string, database: Database, direction: Direction = REQUEST): Explanation | ParseError {
  const subject = parseSubject(text)
  if (subject instanceof ParseError) return subject
  const matcher = new Matcher(database, "modern", 16)
  const found = bestMatch(subject, matcher, direction)
  const { mss, ver } = subject.signature
  const link = found?.fingerprint.link ?? (mss > 0 ? linkName(database, mss + (ver === 6 ? 60 : 40)) : undefined)
  return {
    signature: subject.text,
    form: subject.hops === undefined ? "signature" : "raw signature",
    fields: explainFields(subject, link),
    link,
    path: found === undefined ? undefined : explainPath(found.fingerprint),
    concrete: found !== undefined,
    match: found === undefined ? undefined : explainMatch(found, subject, direction),
    nearest: nearest(
      subject,
      direction === REQUEST ? database.requests : database.responses,
      direction,
      found?.fingerprint.match
    ),
    notes: remarks(subject, found, matcher, direction)
  }
}
