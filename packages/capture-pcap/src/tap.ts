/**
 * One captured interface over its lifetime: open, lost, opened again (0.25 to 10 s apart), closed with the Scope.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { type CaptureError, watchInterval } from "@synprint/service"
import { ANY, errorText, openHandle, readTotals, type Handle, type HandleOptions, type Totals } from "./handle.ts"
import type { Libpcap } from "./libpcap.ts"

/** Interval at which an open interface is compared with the present one of that name, since another may have replaced it. */
const WATCH_MS = 250
const RETRY = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("10 seconds")])

export interface Tap {
  readonly interface: string
  /** undefined while the interface is down or missing. */
  handle: Handle | undefined
  /** Reason why there is no handle. */
  reason: string | undefined
  /** Number of times the interface was reopened. */
  reopened: number
  readonly filterText: (isEthernet: boolean) => string
  /** Reports an error of the handle: the handle is not used again and closed soon. */
  readonly markLost: () => void
  /** Adds the kernel's counters of all handles so far to `into`. */
  readonly addTotals: (into: Totals) => void
}

export const openTap = (
  c: Libpcap,
  options: HandleOptions,
  filterText: (isEthernet: boolean) => string
): Effect.Effect<Tap, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const name = options.interface
    const owner = yield* Effect.scope
    const closed: Totals = { received: 0, kernelDrops: 0, interfaceDrops: 0 }
    let current: { readonly handle: Handle; readonly scope: Scope.Closeable } | undefined

    const openOnce = Effect.gen(function* () {
      const scope = yield* Scope.fork(owner)
      const handle = yield* openHandle(c, options, filterText).pipe(
        Scope.provide(scope),
        Effect.tapError(() => Scope.close(scope, Exit.void))
      )
      // This runs before pcap_close, so that nobody uses a closed handle, whoever closes the scope.
      yield* Scope.addFinalizer(
        scope,
        Effect.sync(() => {
          tap.handle = undefined
        })
      )
      current = { handle, scope }
      tap.handle = handle
      tap.reason = undefined
    })

    const tap: Tap = {
      interface: name,
      handle: undefined,
      reason: undefined,
      reopened: 0,
      filterText,
      markLost: () => {
        if (current === undefined) return
        tap.handle = undefined
        tap.reason = `${name}: ${errorText(c, current.handle) || "the capture ended"}`
      },
      addTotals: (into) => {
        into.received += closed.received
        into.kernelDrops += closed.kernelDrops
        into.interfaceDrops += closed.interfaceDrops
        if (tap.handle !== undefined) readTotals(c, tap.handle, into)
      }
    }

    const closeCurrent = Effect.suspend(() => {
      const last = current
      if (last === undefined) return Effect.void
      current = undefined
      readTotals(c, last.handle, closed)
      return Scope.close(last.scope, Exit.void)
    })

    const isLost = (): boolean =>
      tap.handle === undefined || (name !== ANY && c.if_nametoindex(name) !== tap.handle.interfaceIndex)

    const reopen = Effect.gen(function* () {
      if (tap.handle !== undefined) {
        const isGone = c.if_nametoindex(name) === 0
        tap.reason = `${name}: ${isGone ? "the interface disappeared" : "another interface took its name"}`
      }
      yield* closeCurrent
      yield* Effect.logWarning(`pcap: lost ${tap.reason}, trying again`)
      yield* openOnce.pipe(
        Effect.tapError((error) =>
          Effect.sync(() => {
            tap.reason = `${name}: ${error.reason}`
          })
        ),
        Effect.retry(RETRY)
      )
      tap.reopened++
      yield* Effect.logInfo(`pcap: captures on ${name} again`)
    }).pipe(Effect.catchCause((cause) => Effect.logError(`pcap: watching ${name} failed`, cause)))

    yield* openOnce
    yield* watchInterval(`pcap watch of ${name}`, WATCH_MS, isLost, reopen)
    return tap
  })
