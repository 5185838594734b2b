/**
 * Empties the rings between lookups: every 100 ms when little comes, down to 1 ms under load.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

const IDLE_MS = 100
const LOAD_MS = 1
/** Packets that a tick should find. The default ring holds 45,000, so a rate may grow ninetyfold within one pause. */
const PACKETS_PER_TICK = 512

/** `drain` returns how many packets came since the last tick, those that lookups took included. */
export const drainTimer = (drain: () => number): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => {
        const timer = { handle: undefined as ReturnType<typeof setTimeout> | undefined }
        let pauseMs = IDLE_MS
        const tick = (): void => {
          pauseMs = nextPauseMs(drain(), pauseMs)
          arm()
        }
        const arm = (): void => {
          timer.handle = setTimeout(tick, pauseMs)
          timer.handle.unref()
        }
        arm()
        return timer
      }),
      (timer) => Effect.sync(() => clearTimeout(timer.handle))
    )
  )

/** The pause in which PACKETS_PER_TICK come at the rate just seen. */
export function nextPauseMs(packets: number, pauseMs: number): number {
  if (packets === 0) return IDLE_MS
  const pause = (PACKETS_PER_TICK * pauseMs) / packets
  return pause > IDLE_MS ? IDLE_MS : pause < LOAD_MS ? LOAD_MS : pause
}
