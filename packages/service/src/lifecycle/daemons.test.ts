import { expect, test } from "bun:test"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { watchInterval } from "./daemons.ts"

test("what is due is done once, not beside itself, again when due again, and no more after the end", async () => {
  let isDue = false
  let asked = 0
  let running = 0
  let most = 0
  let done = 0
  const until = async (isTrue: () => boolean): Promise<void> => {
    const deadline = performance.now() + 10_000
    while (!isTrue()) {
      if (performance.now() > deadline) throw new Error("not within 10 s")
      // oxlint-disable-next-line no-await-in-loop -- waits
      await Bun.sleep(1)
    }
  }
  const scope = Scope.makeUnsafe()
  const finish = await Effect.runPromise(
    Effect.gen(function* () {
      const finish = yield* Deferred.make<void>()
      yield* watchInterval(
        "test",
        1,
        () => {
          asked++
          return isDue
        },
        Effect.gen(function* () {
          most = Math.max(most, ++running)
          yield* Deferred.await(finish)
          isDue = false
          running--
          done++
        })
      )
      return finish
    }).pipe(Scope.provide(scope))
  )
  await until(() => asked > 5)
  expect([running, done]).toEqual([0, 0])
  isDue = true
  await until(() => running === 1)
  // The daemon goes on asking, and what it hears meanwhile is not done a second time.
  const before = asked
  await until(() => asked > before + 5)
  Deferred.doneUnsafe(finish, Exit.void)
  await until(() => done === 1)
  const after = asked
  await until(() => asked > after + 5)
  expect([running, done, most]).toEqual([0, 1, 1])
  isDue = true
  await until(() => done === 2)
  await Effect.runPromise(Scope.close(scope, Exit.void))
  const last = asked
  isDue = true
  await Bun.sleep(20)
  expect([asked, done]).toEqual([last, 2])
})
