/**
 * CLOCK_MONOTONIC, in which the program stamps SYNs, beside the time of day. Read by a timer: near enough for max_age, and a call per
 * lookup would be 5 % of it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { CLOCK_MONOTONIC, type Libc } from "./libc.ts"

const TICK_MS = 100

export interface Clock {
  /** CLOCK_MONOTONIC, 0.1 s old at most while the process is not busy. */
  monotonicMs: number
  /** What it lacks to Date.now(). */
  offsetMs: number
}

/** `onTick` is run by the same timer. */
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
