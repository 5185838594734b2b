/**
 * Fibers in the background. A forked fiber that fails is silent in Effect 4.1 (no log at any level): fork only through these.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
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

/** Where vital fibers report. */
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
