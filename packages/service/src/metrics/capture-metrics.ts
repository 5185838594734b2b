/**
 * The series of one capture backend, the same from every front end.
 */
import type { CaptureSeries, Miss } from "../capture/backend.ts"
import { LOOKUP_RESULTS } from "../capture/chain.ts"
import type { Metrics } from "./metrics.ts"

export interface MeasuredBackend {
  readonly name: string
  readonly lookups: (result: "hit" | Miss) => number
  /** 0 for what the backend doesn't count. */
  readonly stat: (series: CaptureSeries) => number
  readonly isUp: () => boolean
}

export function registerCaptureMetrics(metrics: Metrics, backend: MeasuredBackend): void {
  const { name, lookups, stat, isUp } = backend
  const labels = { backend: name }
  for (const result of LOOKUP_RESULTS) {
    const help = "Lookups of a connection's SYN."
    metrics.read("synprint_lookups_total", "counter", help, () => lookups(result), { ...labels, result })
  }
  const drops = "Packets lost before they were read: the kernel's ring was full, or the interface dropped them."
  for (const [where, series] of [
    ["kernel", "kernelDrops"],
    ["interface", "interfaceDrops"]
  ] as const)
    metrics.read("synprint_capture_drops_total", "counter", drops, () => stat(series), { ...labels, where })
  const evictions = "SYNs evicted by newer ones before their time."
  metrics.read("synprint_capture_evictions_total", "counter", evictions, () => stat("evictions"), labels)
  metrics.read("synprint_capture_syns_total", "counter", "SYNs captured.", () => stat("syns"), labels)
  metrics.read("synprint_capture_entries", "gauge", "SYNs kept now.", () => stat("entries"), labels)
  const retention = "How long SYNs are kept at the present rate."
  metrics.read("synprint_syn_retention_seconds", "gauge", retention, () => stat("retentionMs") / 1000, labels)
  metrics.read("synprint_backend_up", "gauge", "1 while the backend works.", () => (isUp() ? 1 : 0), labels)
}
