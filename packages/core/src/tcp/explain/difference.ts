/**
 * Difference: which fields of a database line a signature does not meet, and how far that puts the line away.
 */
import { QUIRK_DF, QUIRK_ECN, QUIRK_FLOW, QUIRK_NZ_ID, QUIRK_ZERO_ID } from "../../packet/quirks.ts"
import { MAX_DIST } from "../signature/distance.ts"
import { hasTimestamp, type Subject } from "./subject.ts"
import { printLayout } from "../signature/option-layout.ts"
import { type Direction, REQUEST } from "../direction.ts"
import { clampedInterfaceMss } from "../path/interface-mss.ts"
import {
  largestMssMultiple,
  printLineQuirks,
  printSignature,
  roundToScale,
  type Signature,
  WIN_ANY,
  WIN_MOD,
  WIN_MSS_CLAMPED,
  WIN_MSS_MAX,
  WIN_MSS_SCALE,
  WIN_NORMAL,
  windowUnit
} from "../signature/signature.ts"
import { expectedQuirks } from "../matching/signature-index.ts"

export interface Difference {
  readonly field: string
  /** Value in the line. */
  readonly wanted: string
  /** Value in the signature. */
  readonly found: string
  /** True if p0f's fuzzy match tolerates the difference. */
  readonly tolerated: boolean
  /** Weight of the difference; 1 for a plain field. */
  readonly weight: number
}

/** Option kinds to insert, delete or change to get from one layout to the other. */
function editDistance(a: Uint8Array, b: Uint8Array): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

function bits(set: number): number {
  let count = 0
  for (let left = set; left !== 0; left &= left - 1) count++
  return count
}

function windowAgrees(line: Signature, subject: Subject, direction: Direction): boolean {
  const unit = windowUnit(subject.mss, direction, hasTimestamp(subject.signature))
  const { winType, win } = subject.signature
  if (line.winType === WIN_ANY) return true
  if (line.winType === winType && line.win === win) return true
  return subject.windows.some((reading) => {
    if (line.winType === WIN_NORMAL) return reading.win === line.win
    if (line.winType === WIN_MOD) return reading.win % line.win === 0
    if (line.winType === WIN_MSS_CLAMPED) return clampedInterfaceMss(reading.win, subject.mss) !== 0
    if (line.winType === WIN_MSS_SCALE) {
      return reading.win === roundToScale(line.win * subject.mss, subject.signature.scale)
    }
    return line.winType === WIN_MSS_MAX && reading.win === largestMssMultiple(unit, line.win)
  })
}

const window = (signature: Signature): string => printSignature(signature).split(":")[4]!.split(",")[0]!
const wildcard = (value: number): string => (value === -1 ? "*" : String(value))

/** Fields of `line` that `subject` does not meet, in the order of the signature. */
export function differences(
  line: Signature,
  subject: Subject,
  direction: Direction = REQUEST
): ReadonlyArray<Difference> {
  const mine = subject.signature
  const found: Array<Difference> = []
  const differ = (field: string, wanted: string, has: string, weight: number, tolerated = false): void => {
    found.push({ field, wanted, found: has, tolerated, weight })
  }
  if (line.ver !== -1 && line.ver !== mine.ver) differ("ver", String(line.ver), wildcard(mine.ver), 2)
  const tooHigh = subject.ttl > line.ittl
  if (line.badTtl ? tooHigh : tooHigh || line.ittl - subject.ttl > MAX_DIST) {
    differ("ittl", `${line.ittl}${line.badTtl ? "-" : ""}`, String(subject.ttl), 1, !line.badTtl)
  }
  if (line.olen !== -1 && line.olen !== mine.olen) differ("olen", String(line.olen), wildcard(mine.olen), 1)
  if (line.mss !== -1 && line.mss !== mine.mss) differ("mss", String(line.mss), wildcard(mine.mss), 1)
  if (!windowAgrees(line, subject, direction)) differ("wsize", window(line), window(mine), 1)
  if (line.scale !== -1 && line.scale !== mine.scale) differ("scale", String(line.scale), wildcard(mine.scale), 0.5)
  const edits = editDistance(line.layout, mine.layout) + (line.pad === mine.pad ? 0 : 1)
  if (edits > 0) {
    differ("olayout", printLayout(line.layout, line.pad), printLayout(mine.layout, mine.pad), 1 + edits)
  }
  const expected = expectedQuirks(line, subject.ver, "modern")
  const quirks = mine.quirks & ~QUIRK_FLOW
  const missing = expected & ~(quirks | mine.optional)
  const extra = quirks & ~(expected | line.optional)
  if (missing !== 0 || extra !== 0) {
    const tolerated = (missing & ~(QUIRK_DF | QUIRK_NZ_ID)) === 0 && (extra & ~(QUIRK_ZERO_ID | QUIRK_ECN)) === 0
    const weight = (bits(missing) + bits(extra)) * (tolerated ? 0.25 : 1)
    const wanted = printLineQuirks(expected, line.optional)
    differ("quirks", wanted, printLineQuirks(quirks, mine.optional), weight, tolerated)
  }
  if (line.pclass !== -1 && line.pclass !== mine.pclass) {
    differ("pclass", line.pclass === 1 ? "+" : "0", mine.pclass === 1 ? "+" : mine.pclass === 0 ? "0" : "*", 1)
  }
  return found
}

/** Sum of the weights: 0 for a line that is met. */
export function farness(found: ReadonlyArray<Difference>): number {
  let sum = 0
  for (const { weight } of found) sum += weight
  return sum
}
