/**
 * A scoped resource in a plain test: opened by a promise, closed by `await using` or by hand.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

export interface Opened<A> extends AsyncDisposable {
  readonly value: A
  readonly close: () => Promise<void>
}

export async function opened<A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<Opened<A>> {
  const scope = await Effect.runPromise(Scope.make())
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  try {
    const value = await Effect.runPromise(Scope.provide(effect, scope))
    return { value, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}
