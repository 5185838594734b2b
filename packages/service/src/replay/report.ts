/**
 * The report of `read` at its end: packets, SYNs by verdict, the systems that sent most.
 */
import type { MatcherStats, ObserverCounts, Tally } from "@synprint/core"

/** By number: packet/verdict.ts. */
const VERDICT_NAMES = ["tcp", "other", "truncated", "fragment", "unsupported", "malformed"] as const
const TOP = 10

/** 1,234,567. Not by toLocaleString, whose first call costs a process 3 ms. */
const number = (n: number): string => String(n).replaceAll(/\B(?=(?:\d{3})+$)/g, ",")
const percent = (part: number, all: number): string => (all === 0 ? "" : ` (${((100 * part) / all).toFixed(1)} %)`)
const sum = (counts: ReadonlyArray<ObserverCounts>, of: (one: ObserverCounts) => number): number =>
  counts.reduce((total, one) => total + of(one), 0)

function packetLines(counts: ReadonlyArray<ObserverCounts>): ReadonlyArray<readonly [string, string]> {
  const packets = sum(counts, (one) => one.packets)
  const verdicts = VERDICT_NAMES.map((name, n) => [name, sum(counts, (one) => one.verdicts[n] ?? 0)] as const)
  const shown = verdicts.filter(([, n]) => n > 0).map(([name, n]) => `${name} ${number(n)}`)
  const syns = sum(counts, (one) => one.syns)
  const synAcks = sum(counts, (one) => one.synAcks)
  const matched = sum(counts, (one) => one.matched)
  return [
    ["packets", `${number(packets)}${shown.length === 0 ? "" : `: ${shown.join(", ")}`}`],
    ["SYN", `${number(syns)}, and ${number(sum(counts, (one) => one.repeatedSyns))} repeated`],
    ["SYN+ACK", number(synAcks)],
    ["matched", `${number(matched)}${percent(matched, syns + synAcks)}`],
    ["hosts", number(sum(counts, (one) => one.hosts))]
  ]
}

const print = (rows: ReadonlyArray<readonly [string, string]>): string => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return `${rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n")}\n`
}

/** Below the lines of a text report. */
export function printReport(counts: ReadonlyArray<ObserverCounts>, tally: Tally): string {
  const rows = [...packetLines(counts)]
  const http = sum(counts, (one) => one.httpRequests + one.httpResponses)
  if (http > 0) rows.push(["HTTP", `${number(http)} requests and responses`])
  const all = [...tally.systems.values()].reduce((total, n) => total + n, tally.unknown)
  const systems = [...tally.systems].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  const top = systems.slice(0, TOP).map(([name, n]) => [name, `${number(n)}${percent(n, all)}`] as const)
  const rest = systems.slice(TOP).reduce((total, [, n]) => total + n, 0)
  if (rest > 0) top.push([`${systems.length - TOP} others`, number(rest)])
  if (tally.unknown > 0) top.push(["unknown", `${number(tally.unknown)}${percent(tally.unknown, all)}`])
  return `\n${print(rows)}${top.length === 0 ? "" : `\nSYNs by system\n${print(top.map(([name, text]) => [`  ${name}`, text]))}`}`
}

/** All that `--format none` prints. */
export function printCounts(counts: ReadonlyArray<ObserverCounts>, matcher: MatcherStats): string {
  return print([...packetLines(counts), ["fingerprints", number(matcher.misses)]])
}
