/**
 * The proxy's metrics and its summary once a minute: readers over the counters of its threads, capture and answers.
 */
import { STATUSES } from "@synprint/core"
import { type CaptureSeries, LOOKUP_RESULTS, type Metrics, registerCaptureMetrics } from "@synprint/service"
import * as cell from "./counters.ts"
import type { SharedBackend } from "../worker/capture.ts"
import type { WorkerPool } from "../worker/worker-pool.ts"

const COUNTERS: ReadonlyArray<
  readonly [name: string, help: string, at: number, labels?: Readonly<Record<string, string>>]
> = [
  ["connections_total", "Connections accepted.", cell.CONNECTIONS, { listener: "http" }],
  ["connections_denied_total", "Connections closed at once: too many.", cell.DENIED, { listener: "http" }],
  ["requests_total", "Requests read.", cell.REQUESTS],
  ["requests_refused_total", "Requests that are not valid or exceed a limit.", cell.REFUSED],
  ["headers_spoofed_total", "Client copies of our headers that were removed.", cell.SPOOFED],
  ["client_timeouts_total", "Clients that were too slow.", cell.HEAD_TIMEOUTS, { what: "head" }],
  ["client_timeouts_total", "Clients that were too slow.", cell.IDLE_TIMEOUTS, { what: "idle" }],
  ["client_aborts_total", "Clients that went before their response was complete.", cell.CLIENT_ABORTS],
  ["upstream_connections_total", "Upstream connections for requests.", cell.UPSTREAM_CONNECTS, { how: "opened" }],
  ["upstream_connections_total", "Upstream connections for requests.", cell.UPSTREAM_REUSES, { how: "reused" }],
  ["upstream_connect_failures_total", "Upstream connections that could not be opened.", cell.UPSTREAM_CONNECT_FAILURES],
  ["upstream_failures_total", "Responses that were broken off or not valid.", cell.UPSTREAM_FAILURES],
  ["upstream_timeouts_total", "Responses that came too late.", cell.UPSTREAM_TIMEOUTS],
  ["upstream_retries_total", "Requests that were sent a second time.", cell.RETRIES],
  ["tunnels_total", "Connections that switched to another protocol.", cell.TUNNELS],
  ["received_bytes_total", "Bytes from clients.", cell.BYTES_IN],
  ["sent_bytes_total", "Bytes to clients.", cell.BYTES_OUT]
]

/** Each Worker has a ring of its own, which may lose packets; everything else is the same for all of them. */
const SUMMED: ReadonlySet<CaptureSeries> = new Set(["kernelDrops", "interfaceDrops"])

/** The series of a backend exist from the time when a Worker reported it. */
function registerBackend(metrics: Metrics, pool: WorkerPool, name: string, shared: SharedBackend | undefined): void {
  const { reports } = pool
  registerCaptureMetrics(metrics, {
    name,
    lookups: (result) => reports.lookups(name, result),
    stat: (series) =>
      SUMMED.has(series)
        ? sumOf(reports.series(name, series))
        : (shared?.stat(series) ?? Math.max(0, ...reports.series(name, series))),
    isUp: () => reports.down(name) === undefined && shared?.down() === undefined
  })
}

const sumOf = (counts: ReadonlyArray<number>): number => counts.reduce((total, each) => total + each, 0)

export function registerMetrics(
  metrics: Metrics,
  pool: WorkerPool,
  shared: ReadonlyMap<string, SharedBackend> = new Map()
): void {
  const { reports } = pool
  for (const name of reports.names) registerBackend(metrics, pool, name, shared.get(name))
  const kept = "Connections whose answer is kept."
  metrics.read("synprint_answers", "gauge", kept, () => reports.now("answers"))
  const evicted = "Kept answers that made room."
  metrics.read("synprint_answers_evicted_total", "counter", evicted, () => reports.total("answersEvicted"))
  metrics.read("synprint_hosts", "gauge", "Addresses with a history.", () => reports.most("hosts"))
  const histories = "Histories that made room."
  metrics.read("synprint_hosts_evicted_total", "counter", histories, () => reports.most("hostsEvicted"))
  const observed = "SYNs that entered history."
  metrics.read("synprint_syns_observed_total", "counter", observed, () => reports.total("syns"))
  const matches = "SYNs that matched a line of the databases."
  metrics.read("synprint_matches_total", "counter", matches, () => reports.total("matched"))
  for (const [name, help, at, labels] of COUNTERS)
    metrics.read(`synprint_${name}`, "counter", help, () => pool.sum(at), labels ?? {})
  const byStatus = "Responses by the first digit of their status."
  for (let hundreds = 1; hundreds <= 5; hundreds++) {
    const status = `${hundreds}xx`
    metrics.read("synprint_responses_total", "counter", byStatus, () => pool.sum(cell.RESPONSES + hundreds), { status })
  }
  const byAnswer = "Connections by what is known of their SYN."
  for (const [n, status] of STATUSES.entries())
    metrics.read("synprint_answers_total", "counter", byAnswer, () => pool.sum(cell.STATUS + n), { status })
  const open = "Connections open now."
  metrics.read("synprint_connections_open", "gauge", open, () => pool.sum(cell.OPEN), { listener: "http" })
  metrics.read("synprint_worker_restarts_total", "counter", "Workers that died and were replaced.", () => pool.restarts)
  metrics.read("synprint_workers", "gauge", "Threads that serve.", () => pool.threads)
}

export function summaryCounters(pool: WorkerPool): Record<string, number> {
  const { reports } = pool
  const capture: Record<string, number> = {}
  for (const name of reports.names) {
    for (const result of LOOKUP_RESULTS)
      if (result !== "unsupported") capture[`${name}.${result}`] = reports.lookups(name, result)
    capture[`${name}.drops`] = sumOf(reports.series(name, "kernelDrops"))
  }
  return {
    ...capture,
    connections: pool.sum(cell.CONNECTIONS),
    requests: pool.sum(cell.REQUESTS),
    refused: pool.sum(cell.REFUSED),
    denied: pool.sum(cell.DENIED),
    spoofed: pool.sum(cell.SPOOFED),
    upstream_unreachable: pool.sum(cell.UPSTREAM_CONNECT_FAILURES),
    upstream_failures: pool.sum(cell.UPSTREAM_FAILURES),
    upstream_timeouts: pool.sum(cell.UPSTREAM_TIMEOUTS),
    syncookie: pool.sum(cell.STATUS + STATUSES.indexOf("syncookie")),
    not_captured: pool.sum(cell.STATUS + STATUSES.indexOf("not_captured")),
    stale: pool.sum(cell.STATUS + STATUSES.indexOf("stale")),
    worker_restarts: pool.restarts
  }
}

export function likelyCause(added: Readonly<Record<string, number>>): string | undefined {
  const of = (name: string): number => added[name] ?? 0
  const causes: Array<string> = []
  if (of("upstream_unreachable") > 0) causes.push("an upstream refuses connections: is it running?")
  if (of("upstream_timeouts") > 0) causes.push("an upstream answers later than [proxy.timeouts] upstream")
  if (of("upstream_failures") > 0) causes.push("an upstream broke responses off or sent what is no HTTP/1.1")
  if (of("worker_restarts") > 0) causes.push("a worker ended and was replaced: the log says why")
  if (of("denied") > 0) causes.push("more clients than [proxy.limits] connections")
  if (of("syncookie") > of("connections") / 100)
    causes.push("the kernel answered with SYN cookies: raise net.ipv4.tcp_max_syn_backlog and net.core.somaxconn")
  const sum = (result: string): number =>
    Object.entries(added).reduce((total, [name, count]) => (name.endsWith(`.${result}`) ? total + count : total), 0)
  if (sum("backend_down") > 0) causes.push("a capture backend is down")
  if (sum("drops") > 0) causes.push("the kernel dropped packets: raise [capture.pcap] buffer or narrow [capture] ports")
  if (of("not_captured") > of("connections") / 100)
    causes.push("SYNs were not captured: on another interface or port, or with translated addresses ([capture] key)")
  if (of("stale") > of("connections") / 100) causes.push("SYNs were older than [capture] max_age")
  return causes.length === 0 ? undefined : causes.join("; ")
}
