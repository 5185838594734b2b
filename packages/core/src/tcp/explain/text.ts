/**
 * Prints an Explanation in aligned columns:
 *
 *   wsize    mss*44       64240 = 44 * 1460, the largest multiple of the MSS up to 64 KiB, ...
 *   match    Linux 4.20 or newer, exact   builtin:157
 *   nearest  Linux   builtin:231
 *            scale    wants 8, has 10
 */
import type { Difference } from "./difference.ts"
import { pathRows } from "./path.ts"
import type { ExplainedLine, ExplainedMatch, Explanation } from "./explain.ts"

const INDENT = "  "

function matchKind(match: ExplainedMatch): string {
  const words = [match.fuzzy ? "fuzzy" : "exact"]
  if (match.line.generic) words.push("generic")
  if (match.line.userland) words.push("application")
  return words.join(", ")
}

const place = (line: ExplainedLine): string => `${line.file}:${line.line}`

function attributeLines(line: ExplainedLine): ReadonlyArray<readonly [string, string]> {
  return Object.entries(line.attributes)
}

const differenceText = ({ wanted, found, tolerated }: Difference): string =>
  `wants ${wanted === "" ? "none" : wanted}, has ${found === "" ? "none" : found}${tolerated ? " (tolerated)" : ""}`

/** Rows of `[head, key, text]`; columns are as wide as their widest cell. */
function table(rows: ReadonlyArray<readonly [string, string, string]>): string {
  const head = Math.max(...rows.map(([cell]) => cell.length))
  const key = Math.max(...rows.map(([, cell, text]) => (text === "" ? 0 : cell.length)))
  return rows
    .map(([a, b, c]) =>
      `${INDENT}${a.padEnd(head)}${INDENT}${c === "" ? b : `${b.padEnd(key)}${INDENT}${c}`}`.trimEnd()
    )
    .join("\n")
}

/** The whole explanation as text, without a newline at the end. */
export function printExplanation(explanation: Explanation): string {
  const fields: Array<readonly [string, string, string]> = []
  let previous = ""
  for (const { field, value, meaning } of explanation.fields) {
    fields.push([field === previous ? "" : field, value === "" ? "-" : value, meaning])
    previous = field
  }
  const rows: Array<readonly [string, string, string]> = []
  const { match } = explanation
  if (match === undefined) {
    rows.push(["match", explanation.concrete ? "no line" : "none reported", ""])
  } else {
    rows.push(["match", `${match.line.title} (${matchKind(match)})`, ""])
    rows.push(["", place(match.line), match.line.signature])
    if (match.window !== undefined) rows.push(["", "wsize", `taken as ${match.window}`])
    if (!match.line.userland) rows.push(["", "hops", String(match.hops)])
    for (const difference of match.tolerated) rows.push(["", difference.field, differenceText(difference)])
    for (const [name, value] of attributeLines(match.line)) rows.push(["", name, value])
  }
  for (const line of explanation.nearest) {
    rows.push(
      ["", "", ""],
      ["near", `${line.title}${line.generic ? " (generic)" : ""}`, ""],
      ["", place(line), line.signature]
    )
    if (line.differences.length === 0) rows.push(["", "differs", "in nothing that the signature says"])
    for (const difference of line.differences) rows.push(["", difference.field, differenceText(difference)])
    for (const [name, value] of attributeLines(line)) rows.push(["", name, value])
  }
  const parts = [explanation.signature, table(fields)]
  if (explanation.path !== undefined) parts.push(table(pathRows(explanation.path)))
  parts.push(table(rows))
  if (explanation.notes.length > 0) parts.push(table(explanation.notes.map((note) => ["note", note, ""] as const)))
  return parts.join("\n\n")
}
