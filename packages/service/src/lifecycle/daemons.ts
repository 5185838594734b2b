/**
 * Fibers in the background. A forked fiber that fails is silent in Effect 4.1 (no log at any level): fork only through these.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"

/** Helpful but not vital: its failure is logged and the process goes on without it. */
export const background = <A, E, R>(
  name: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<void, never, R | Scope.Scope> =>
  effect.pipe(
    Effect.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError(`${name} stopped`, cause)
    ),
    Effect.forkScoped,
    Effect.asVoid
  )

/**
 * In the background: runs `act` when `isDue` says so, which is asked `everyMs`, and not while `act` runs. A plain timer asks: a fiber that
 * wakes up four times a second to find nothing cost an idle agent 0.23 % of a processor, this 0.07 %.
 */
export const watchInterval = <E, R>(
  name: string,
  everyMs: number,
  isDue: () => boolean,
  act: Effect.Effect<void, E, R>
): Effect.Effect<void, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const due = yield* Queue.sliding<true>(1)
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const timer = setInterval(() => {
          if (isDue()) Queue.offerUnsafe(due, true)
        }, everyMs)
        timer.unref()
        return timer
      }),
      (timer) => Effect.sync(() => clearInterval(timer))
    )
    // Runs once more if it became due while it ran.
    const again = Effect.suspend(() => (isDue() ? act : Effect.void))
    yield* background(name, Effect.forever(Effect.andThen(Queue.take(due), again)))
  })

/** Receives the failure of a fiber without which the program cannot go on. */
export class Vital extends Context.Service<Vital, { readonly failed: Deferred.Deferred<never, unknown> }>()(
  "core/Vital"
) {
  static readonly layer = Layer.effect(
    Vital,
    Effect.map(Deferred.make<never, unknown>(), (failed) => ({ failed }))
  )
}

/** Vital: its failure ends the process with that error. */
export const vital = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, never, R | Scope.Scope | Vital> =>
  Effect.flatMap(Vital, ({ failed }) =>
    effect.pipe(
      Effect.tapCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : Deferred.failCause(failed, cause))),
      Effect.forkScoped,
      Effect.asVoid
    )
  )

/** Opens `app` in a Scope and keeps it until a signal comes or something vital fails. */
export const serveUntilStopped = <E, R>(
  app: Effect.Effect<unknown, E, R>
): Effect.Effect<never, unknown, Exclude<Exclude<R, Vital>, Scope.Scope>> =>
  Effect.scoped(
    Effect.andThen(
      app,
      Effect.flatMap(Vital, ({ failed }) => Deferred.await(failed))
    )
  ).pipe(Effect.provide(Vital.layer)) as Effect.Effect<never, unknown, Exclude<Exclude<R, Vital>, Scope.Scope>>
