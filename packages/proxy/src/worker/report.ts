/**
 * Report of a Worker about its capture, answers and history, once a second, and the sums over all Workers that the metrics show.
 */
import type { Observer } from "@synprint/core"
import {
  CAPTURE_SERIES,
  type CaptureSeries,
  type Chain,
  type LiveFingerprintLookup,
  type LookupCounts
} from "@synprint/service"

export interface MemberReport {
  readonly name: string
  readonly lookups: Readonly<LookupCounts>
  readonly series: Readonly<Record<CaptureSeries, number>>
  readonly down: string | undefined
}

export interface WorkerReport {
  readonly members: ReadonlyArray<MemberReport>
  /** Names of `totals`. */
  readonly counts: Readonly<Record<string, number>>
}

export function reportOf(chain: Chain | undefined, lookup: LiveFingerprintLookup, observer: Observer): WorkerReport {
  const { answers, answersEvicted, repeated } = lookup.stats()
  const { hosts, hostsEvicted, syns, matched } = observer.counts
  const members = (chain?.members ?? []).map(({ name, lookups, stat, down }) => ({
    name,
    lookups: { ...lookups },
    series: Object.fromEntries(CAPTURE_SERIES.map((series) => [series, stat(series)])) as MemberReport["series"],
    down: down()
  }))
  return { members, counts: { answers, answersEvicted, repeated, hosts, hostsEvicted, syns, matched } }
}

/** By thread; what threads counted that ended since is kept. */
export class WorkerReports {
  readonly #reports: Array<WorkerReport | undefined>
  readonly #ended: Array<WorkerReport> = []

  constructor(threads: number) {
    this.#reports = Array.from({ length: threads }, () => undefined)
  }

  set(thread: number, report: WorkerReport): void {
    this.#reports[thread] = report
  }

  /** The thread ended; another will count from zero. */
  end(thread: number): void {
    const report = this.#reports[thread]
    this.#reports[thread] = undefined
    if (report === undefined) return
    // One sum of all that ended, so that a Worker that dies over and over costs nothing.
    const before = this.#ended.pop()
    this.#ended.push(before === undefined ? report : added(before, report))
  }

  /** Backends that a thread has. */
  get names(): ReadonlyArray<string> {
    return [...new Set(this.#all().flatMap(({ members }) => members.map(({ name }) => name)))]
  }

  /** Lookups of a backend with this result, since the start. */
  lookups(name: string, result: keyof LookupCounts): number {
    return this.#sum((report) => report.members.find((member) => member.name === name)?.lookups[result] ?? 0)
  }

  /** A counter of a backend in each thread. */
  series(name: string, series: CaptureSeries): ReadonlyArray<number> {
    return this.#live().flatMap(({ members }) => members.find((member) => member.name === name)?.series[series] ?? [])
  }

  /** A count since the start. */
  total(count: string): number {
    return this.#sum(({ counts }) => counts[count] ?? 0)
  }

  /** A count of what is there now. */
  now(count: string): number {
    return this.#live().reduce((sum, { counts }) => sum + (counts[count] ?? 0), 0)
  }

  /** A count that all threads share, as the last to look has it. */
  most(count: string): number {
    return this.#live().reduce((most, { counts }) => Math.max(most, counts[count] ?? 0), 0)
  }

  /** Why a backend of a thread is down; undefined when all work. */
  down(name?: string): string | undefined {
    for (const { members } of this.#live())
      for (const member of members)
        if (member.down !== undefined && (name === undefined || member.name === name))
          return `${member.name}: ${member.down}`
    return undefined
  }

  #live(): ReadonlyArray<WorkerReport> {
    return this.#reports.filter((report) => report !== undefined)
  }

  #all(): ReadonlyArray<WorkerReport> {
    return [...this.#live(), ...this.#ended]
  }

  #sum(read: (report: WorkerReport) => number): number {
    return this.#all().reduce((sum, report) => sum + read(report), 0)
  }
}

function added(one: WorkerReport, other: WorkerReport): WorkerReport {
  const sum = <T extends Readonly<Record<string, number>>>(a: T, b: T): T =>
    Object.fromEntries(Object.keys(b).map((key) => [key, (a[key] ?? 0) + b[key]!])) as T
  return {
    counts: sum(one.counts, other.counts),
    members: other.members.map((member) => {
      const before = one.members.find(({ name }) => name === member.name)
      return before === undefined ? member : { ...member, lookups: sum(before.lookups, member.lookups) }
    })
  }
}
