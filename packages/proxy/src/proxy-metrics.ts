/**
 * The proxy's metrics and its summary once a minute: readers over the counters of its threads, capture and answers.
 */
import { STATUSES } from "@synprint/core"
import type { Chain, LiveAnswerer, Metrics } from "@synprint/core/runtime"
import * as cell from "./counters.ts"
import type { ProxyServer } from "./proxy-server.ts"

export interface Measured {
  readonly counters: cell.Counters
  readonly server: ProxyServer
  readonly answerer: LiveAnswerer
  readonly chain: Chain | undefined
}

const COUNTERS: ReadonlyArray<
  readonly [name: string, help: string, at: number, labels?: Readonly<Record<string, string>>]
> = [
  ["connections_total", "Connections accepted.", cell.CONNECTIONS],
  ["connections_denied_total", "Connections closed at once: too many.", cell.DENIED],
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
  ["received_bytes_total", "Octets from clients.", cell.BYTES_IN],
  ["sent_bytes_total", "Octets to clients.", cell.BYTES_OUT]
]

export function registerMetrics(metrics: Metrics, { counters, server, answerer, chain }: Measured): void {
  for (const [name, help, at, labels] of COUNTERS)
    metrics.read(`synprint_${name}`, "counter", help, () => counters[at]!, labels ?? {})
  for (let hundreds = 1; hundreds <= 5; hundreds++) {
    metrics.read(
      "synprint_responses_total",
      "counter",
      "Responses by the first digit of their status.",
      () => counters[cell.RESPONSES + hundreds]!,
      {
        status: `${hundreds}xx`
      }
    )
  }
  for (const [n, status] of STATUSES.entries())
    metrics.read(
      "synprint_answers_total",
      "counter",
      "Connections by what is known of their SYN.",
      () => counters[cell.STATUS + n]!,
      { status }
    )
  metrics.read("synprint_connections_open", "gauge", "Connections open now.", () => server.open)
  metrics.read("synprint_answers_kept", "gauge", "Connections whose answer is kept.", () => answerer.stats().answers)
  for (const member of chain?.members ?? []) {
    for (const result of Object.keys(member.lookups) as ReadonlyArray<keyof typeof member.lookups>) {
      metrics.read(
        "synprint_lookups_total",
        "counter",
        "Lookups by backend and result.",
        () => member.lookups[result],
        {
          backend: member.name,
          result
        }
      )
    }
  }
}

export function summaryCounters(counters: cell.Counters): Record<string, number> {
  const at = (index: number): number => counters[index]!
  return {
    connections: at(cell.CONNECTIONS),
    requests: at(cell.REQUESTS),
    refused: at(cell.REFUSED),
    denied: at(cell.DENIED),
    spoofed: at(cell.SPOOFED),
    upstream_unreachable: at(cell.UPSTREAM_CONNECT_FAILURES),
    upstream_failures: at(cell.UPSTREAM_FAILURES),
    upstream_timeouts: at(cell.UPSTREAM_TIMEOUTS),
    syncookie: at(cell.STATUS + STATUSES.indexOf("syncookie"))
  }
}

export function likelyCause(added: Readonly<Record<string, number>>): string | undefined {
  const of = (name: string): number => added[name] ?? 0
  const causes: Array<string> = []
  if (of("upstream_unreachable") > 0) causes.push("an upstream refuses connections: is it running?")
  if (of("upstream_timeouts") > 0) causes.push("an upstream answers later than [proxy.timeouts] upstream")
  if (of("upstream_failures") > 0) causes.push("an upstream broke responses off or sent what is no HTTP/1.1")
  if (of("denied") > 0) causes.push("more clients than [proxy.limits] connections")
  if (of("syncookie") > of("connections") / 100)
    causes.push("the kernel answered with SYN cookies: raise net.ipv4.tcp_max_syn_backlog and net.core.somaxconn")
  return causes.length === 0 ? undefined : causes.join("; ")
}
