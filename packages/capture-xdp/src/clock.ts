/**
 * CLOCK_MONOTONIC, the clock of the program's time stamps, beside the time of day. A timer reads it, which is accurate enough for
 * max_age; a call per lookup would be 5 % of the lookup.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { CLOCK_MONOTONIC, type Libc } from "./libc.ts"

const TICK_MS = 100

export interface Clock {
  /** CLOCK_MONOTONIC, at most 0.1 s old unless the process is busy. */
  monotonicMs: number
  /** Add to `monotonicMs` to get Unix time. */
  offsetMs: number
}

/** Starts the clock; its timer also calls `onTick`. */
export const openClock = (c: Libc, onTick: () => void): Effect.Effect<Clock, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const clock: Clock = { monotonicMs: 0, offsetMs: 0 }
      const read = (): void => {
        clock.monotonicMs = monotonicMs(c)
        clock.offsetMs = Date.now() - clock.monotonicMs
      }
      read()
      const timer = setInterval(() => {
        read()
        onTick()
      }, TICK_MS)
      timer.unref()
      return { clock, timer }
    }),
    ({ timer }) => Effect.sync(() => clearInterval(timer))
  ).pipe(Effect.map(({ clock }) => clock))

const timespec = new BigInt64Array(new ArrayBuffer(16))

export function monotonicMs(c: Libc): number {
  c.clock_gettime(CLOCK_MONOTONIC, timespec)
  return Number(timespec[0]!) * 1000 + Number(timespec[1]!) / 1e6
}
