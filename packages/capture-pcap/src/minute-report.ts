/**
 * One log line a minute at most, and only when SYNs were lost: how many, and the likely cause.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { background } from "@synprint/service"
import { interfaceAddresses, type MissedConnection } from "./missed-interface.ts"

type Stats = Readonly<Record<string, number>>

export const reportEveryMinute = (
  captured: ReadonlyArray<string>,
  missed: MissedConnection,
  stats: () => Stats
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.suspend(() => {
    let before = stats()
    const report = Effect.suspend(() => {
      const now = stats()
      const lines = [missed.explain(captured, interfaceAddresses()), ...lossLines(before, now)]
      before = now
      return Effect.forEach(
        lines.filter((line) => line !== undefined),
        (line) => Effect.logWarning(line),
        { discard: true }
      )
    })
    return background("pcap report", Effect.forever(Effect.delay(report, "1 minute")))
  })

/** Log lines about losses between two readings of the counters. */
export function lossLines(before: Stats, now: Stats): ReadonlyArray<string> {
  const since = (name: string): number => (now[name] ?? 0) - (before[name] ?? 0)
  const lines: Array<string> = []
  const drops = since("kernel_drops")
  if (drops > 0) {
    lines.push(
      `pcap: the kernel dropped ${drops} of ${since("received")} packets, the ring was full ` +
        "(raise [capture.pcap] buffer, or narrow [capture] ports and addresses)"
    )
  }
  const feedDrops = since("feed_kernel_drops")
  if (feedDrops > 0) {
    lines.push(`pcap: the kernel dropped ${feedDrops} packets of the p0f feed (raise [capture.pcap] buffer)`)
  }
  const evictions = since("evictions")
  if (evictions > 0) {
    lines.push(
      `pcap: ${evictions} SYNs were evicted by newer ones before max_age, the last after ` +
        `${Math.round(now["retention_ms"] ?? 0)} ms (raise [capture] capacity if lookups miss)`
    )
  }
  return lines
}
