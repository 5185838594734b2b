/**
 * One log line a minute, only when something happened: what was counted since the last and the likely cause of what went wrong.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { background } from "../lifecycle/daemons.ts"

export interface SummaryOptions {
  /** Counters that only grow, by the name that the line shows. */
  readonly read: () => Readonly<Record<string, number>>
  /** The likely cause, from what was added since the last line; undefined when nothing is wrong. */
  readonly cause: (added: Readonly<Record<string, number>>) => string | undefined
  readonly everyMs?: number
}

/** The entries that were added; undefined when there are none. */
export function difference(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>
): Readonly<Record<string, number>> | undefined {
  const added: Record<string, number> = {}
  let any = false
  for (const [name, value] of Object.entries(now)) {
    const more = value - (before[name] ?? 0)
    if (more > 0) {
      added[name] = more
      any = true
    }
  }
  return any ? added : undefined
}

/** Runs while the Scope is open. */
export const summary = (options: SummaryOptions): Effect.Effect<void, never, Scope.Scope> =>
  Effect.suspend(() => {
    let before = options.read()
    const line = Effect.suspend(() => {
      const now = options.read()
      const added = difference(before, now)
      before = now
      if (added === undefined) return Effect.void
      const cause = options.cause(added)
      const said = cause === undefined ? Effect.logInfo("last minute") : Effect.logWarning(`last minute: ${cause}`)
      return Effect.annotateLogs(said, added)
    })
    return background("summary", Effect.forever(Effect.delay(line, options.everyMs ?? 60_000)))
  })
