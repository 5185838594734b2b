/**
 * At most one report a minute in the log, only if SYNs were lost or evicted early: how many, and what to do.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { background } from "@synprint/service"
import type { MapCounters } from "./map/counter-map.ts"

/** HAProxy asks once the client's first bytes arrived, which may take this long. */
const EARLY_MS = 10_000

export const reportEveryMinute = (read: () => MapCounters | undefined): Effect.Effect<void, never, Scope.Scope> =>
  Effect.suspend(() => {
    let before = read()
    const report = Effect.suspend(() => {
      const now = read()
      const lines = before === undefined || now === undefined ? [] : lossLines(before, now)
      before = now
      return Effect.forEach(lines, (line) => Effect.logWarning(line), { discard: true })
    })
    return background("xdp report", Effect.forever(Effect.delay(report, "1 minute")))
  })

type Losses = Pick<MapCounters, "map_full" | "extension_limit" | "evictions" | "retention_ms" | "stored">

/** Log lines about losses between two readings of the counters. */
export function lossLines(before: Losses, now: Losses): ReadonlyArray<string> {
  const lines: Array<string> = []
  const full = now.map_full - before.map_full
  if (full > 0) lines.push(`xdp: the map refused ${full} SYNs (its memory could not be had: see doctor)`)
  const evictions = now.evictions - before.evictions
  if (evictions > 0 && now.retention_ms > 0 && now.retention_ms < EARLY_MS) {
    lines.push(
      `xdp: ${evictions} SYNs were evicted by newer ones, the last after ${Math.round(now.retention_ms)} ms: ` +
        `${now.stored - before.stored} arrived in a minute (raise [capture] capacity if lookups miss)`
    )
  }
  const chains = now.extension_limit - before.extension_limit
  if (chains > 0) lines.push(`xdp: ${chains} IPv6 packets had more extension headers than are walked`)
  return lines
}
