/**
 * The agent's metrics and its summary once a minute: readers over the plain counters of listeners, sessions, capture and history.
 */
import type { Observer } from "@synprint/core"
import { type Chain, type LiveFingerprintLookup, type Metrics, registerCaptureMetrics } from "@synprint/service"
import type { Counters } from "./counters.ts"
import type { P0fCounters } from "../p0f-socket/session.ts"

export interface Measured {
  readonly counters: Counters
  readonly p0f: P0fCounters | undefined
  readonly lookup: LiveFingerprintLookup
  readonly observer: Observer
  readonly chain: Chain | undefined
}

export function registerMetrics(metrics: Metrics, measured: Measured): void {
  const { counters, p0f, lookup, observer, chain } = measured
  const counter = (name: string, help: string, read: () => number, labels?: Readonly<Record<string, string>>) =>
    metrics.read(`synprint_${name}`, "counter", help, read, labels)
  const gauge = (name: string, help: string, read: () => number, labels?: Readonly<Record<string, string>>) =>
    metrics.read(`synprint_${name}`, "gauge", help, read, labels)

  const frames = "SPOP frames, received and sent."
  counter("spop_frames_total", frames, () => counters.hellos, { type: "haproxy-hello" })
  counter("spop_frames_total", frames, () => counters.healthChecks, { type: "healthcheck" })
  counter("spop_frames_total", frames, () => counters.notifies, { type: "notify" })
  counter("spop_frames_total", frames, () => counters.disconnects, { type: "haproxy-disconnect" })
  counter("spop_frames_total", frames, () => counters.ignored, { type: "ignored" })
  counter("spop_frames_total", frames, () => counters.agentHellos, { type: "agent-hello" })
  counter("spop_frames_total", frames, () => counters.acks, { type: "ack" })
  counter("spop_frames_total", frames, () => counters.agentDisconnects, { type: "agent-disconnect" })
  for (const code of [3, 4, 5, 6, 7, 8, 9, 10, 99]) {
    const help = "AGENT-DISCONNECTs other than normal, by SPOP status code."
    counter("spop_refusals_total", help, () => counters.refusalsByCode[code]!, { code: String(code) })
  }
  counter(
    "acks_truncated_total",
    "ACKs that left out variables to stay within 400 bytes.",
    () => counters.acksTruncated
  )
  counter("notifies_without_address_total", "NOTIFYs that named no client.", () => counters.notifiesWithoutAddress)
  counter(
    "spop_disconnect_errors_total",
    "HAPROXY-DISCONNECTs that find fault with us.",
    () => counters.disconnectErrors
  )

  for (const [listener, each] of [["spop", counters] as const, ...(p0f === undefined ? [] : [["p0f", p0f] as const])]) {
    counter("connections_total", "Connections accepted.", () => each.connections, { listener })
    gauge("connections_open", "Connections open now.", () => each.open, { listener })
    counter("connections_denied_total", "Connections closed at once: not allowed, or too many.", () => each.denied, {
      listener
    })
    const timeouts = "Connections closed: no whole HELLO in time, or a client that takes nothing."
    counter("connection_timeouts_total", timeouts, () => each.helloTimeouts, { listener, what: "hello" })
    counter("connection_timeouts_total", timeouts, () => each.stalls, { listener, what: "stall" })
  }
  if (p0f !== undefined) counter("p0f_queries_total", "Queries on the p0f socket.", () => p0f.queries)

  for (const { name, lookups, stat, down } of chain?.members ?? [])
    registerCaptureMetrics(metrics, {
      name,
      lookups: (result) => lookups[result],
      stat,
      isUp: () => down() === undefined
    })

  gauge("answers", "Connections whose answer is kept.", () => lookup.stats().answers)
  counter("answers_evicted_total", "Kept answers that made room.", () => lookup.stats().answersEvicted)
  counter("answers_repeated_total", "Questions that got the same answer as before.", () => lookup.stats().repeated)
  gauge("hosts", "Addresses with a history.", () => observer.counts.hosts)
  counter("hosts_evicted_total", "Histories that made room.", () => observer.counts.hostsEvicted)
  counter("syns_observed_total", "SYNs that entered history.", () => observer.counts.syns)
  counter("matches_total", "SYNs and SYN+ACKs that matched a line of the databases.", () => observer.counts.matched)
}

/** Counters that the line of the last minute shows. */
export const summaryCounters =
  ({ counters, chain }: Measured) =>
  (): Readonly<Record<string, number>> => {
    const shown: Record<string, number> = {
      asked: counters.notifies,
      refusals: counters.refusals,
      acksTruncated: counters.acksTruncated,
      withoutAddress: counters.notifiesWithoutAddress,
      denied: counters.denied,
      helloTimeouts: counters.helloTimeouts,
      stalls: counters.stalls
    }
    for (const { name, lookups, stat } of chain?.members ?? []) {
      for (const [result, count] of Object.entries(lookups))
        if (result !== "unsupported") shown[`${name}.${result}`] = count
      shown[`${name}.drops`] = stat("kernelDrops")
    }
    return shown
  }

/** The likely cause of what went wrong in the last minute. */
export function likelyCause(added: Readonly<Record<string, number>>): string | undefined {
  const of = (name: string) => added[name] ?? 0
  const sum = (result: string) =>
    Object.entries(added).reduce((total, [name, count]) => (name.endsWith(`.${result}`) ? total + count : total), 0)
  const asked = of("asked")
  const causes: Array<string> = []
  if (of("denied") > 0)
    causes.push("connections were denied: is HAProxy's network in [spoa] allow, or are there too many?")
  if (of("refusals") > 0) causes.push("frames were refused: who speaks to this port? see synprint_spop_refusals_total")
  if (of("withoutAddress") > 0)
    causes.push("messages without a client address: the spoe-message needs src, sport, dst and dport")
  if (sum("backend_down") > 0) causes.push("a capture backend is down")
  if (sum("drops") > 0) causes.push("the kernel dropped packets: raise [capture.pcap] buffer or narrow [capture] ports")
  if (sum("not_captured") > asked / 100) {
    causes.push(
      "connections whose SYN was not captured: opened before the start, on another interface or port, or with translated addresses ([capture] key)"
    )
  }
  if (sum("stale") > asked / 100) causes.push("first requests came later than [capture] max_age after the SYN")
  if (sum("syncookie") > 0)
    causes.push("the kernel answered with SYN cookies: raise net.ipv4.tcp_max_syn_backlog and the listen backlog")
  if (of("acksTruncated") > 0) causes.push("ACKs left out variables: choose fewer in [spoa] variables")
  return causes.length === 0 ? undefined : causes.join("; ")
}
