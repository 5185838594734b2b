/**
 * The counters as statistics of the backend, and figures derived from them: entries, evictions, retention.
 */
import { readFileSync } from "node:fs"
import type { BpfCalls } from "../program/bpf-call.ts"
import { type Counters, COUNTERS_BYTES, possibleCpus, sumCounters } from "./counters.ts"
import { Retention } from "./retention.ts"

export interface CounterMap {
  /** Reads the counters in map `fd`, whose map of SYNs has `capacity` entries; undefined: the map can't be read. */
  readonly read: (fd: number, capacity: number) => MapCounters | undefined
}

export interface MapCounters extends Counters {
  entries: number
  evictions: number
  retention_ms: number
}

export function openCounterMap(calls: BpfCalls): CounterMap {
  const values = new Uint8Array(
    COUNTERS_BYTES * possibleCpus(readFileSync("/sys/devices/system/cpu/possible", "latin1"))
  )
  const key = new Uint8Array(4)
  const retention = new Retention()
  return {
    read: (fd, capacity) => {
      if (calls.read(fd, key, values) < 0) return undefined
      const counters = sumCounters(values)
      const inserted = counters.stored - counters.replaced
      const nowMs = performance.now()
      retention.sample(nowMs, inserted)
      return {
        ...counters,
        entries: Math.min(inserted, capacity),
        evictions: Math.max(0, inserted - capacity),
        retention_ms: retention.retentionMs(nowMs, inserted, capacity)
      }
    }
  }
}
