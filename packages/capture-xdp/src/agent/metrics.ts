/**
 * The agent's metrics: readers over the program's counters and the state of the hooks.
 */
import type { Metrics } from "@synprint/service"
import type { Attachment } from "../attach/attachment.ts"
import type { MapCounters } from "../map/counter-map.ts"
import { COUNTERS, type CounterName } from "../map/counters.ts"

const HELP: Readonly<Record<CounterName, string>> = {
  syns: "SYNs that passed the filter.",
  stored: "New connections.",
  replaced: "New connections whose key was known with another ISN.",
  retransmits: "Retransmitted SYNs.",
  copies: "SYNs that were seen twice.",
  bad_flags: "SYNs with FIN or RST.",
  malformed: "SYNs whose header lengths contradict each other.",
  truncated: "SYNs whose frame ended within the headers.",
  map_full: "SYNs that the map refused.",
  extension_limit: "IPv6 packets with more extension headers than are walked."
}

export interface AgentMeasured {
  readonly attachments: ReadonlyArray<Attachment>
  readonly counters: () => MapCounters | undefined
  readonly capacity: number
}

export function registerAgentMetrics(metrics: Metrics, measured: AgentMeasured): void {
  const { attachments, counters, capacity } = measured
  const read = (name: keyof MapCounters) => (): number => counters()?.[name] ?? 0
  for (const name of COUNTERS) metrics.read(`synprint_xdp_${name}_total`, "counter", HELP[name], read(name))
  metrics.read("synprint_capture_entries", "gauge", "SYNs kept now.", read("entries"))
  metrics.read("synprint_capture_capacity", "gauge", "SYNs that the map can keep.", () => capacity)
  metrics.read("synprint_capture_evictions_total", "counter", "SYNs evicted by newer ones.", read("evictions"))
  const retention = "How long SYNs are kept at the present rate; 0 = the map was not filled within a minute."
  metrics.read("synprint_syn_retention_seconds", "gauge", retention, () => read("retention_ms")() / 1000)
  for (const attachment of attachments) {
    const labels = { target: attachment.name }
    metrics.read(
      "synprint_xdp_attached",
      "gauge",
      "Whether the hook is attached.",
      () => (attachment.hook ? 1 : 0),
      labels
    )
    metrics.read(
      "synprint_xdp_reattached_total",
      "counter",
      "How often the hook was attached again.",
      () => attachment.reattached,
      labels
    )
  }
}
