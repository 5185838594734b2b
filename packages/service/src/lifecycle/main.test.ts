import { afterEach, beforeEach, expect, type Mock, spyOn, test } from "bun:test"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { UsageError } from "./exit-codes.ts"
import { printCause, runMain } from "./main.ts"

let exits: Array<number>
let written: string
let spies: ReadonlyArray<Mock<any>>

beforeEach(() => {
  exits = []
  written = ""
  spies = [
    spyOn(process, "exit").mockImplementation(((code: number) => void exits.push(code)) as never),
    spyOn(process.stderr, "write").mockImplementation((text) => {
      written += String(text)
      return true
    })
  ]
})
afterEach(() => {
  for (const spy of spies) spy.mockRestore()
})

const listeners = (): ReadonlyArray<number> => [process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")]

/** Waits until the run has ended with a code. */
const ended = async (): Promise<ReadonlyArray<number>> => {
  for (const end = performance.now() + 2000; exits.length === 0 && performance.now() < end;)
    // oxlint-disable-next-line no-await-in-loop -- it waits
    await Bun.sleep(1)
  return exits
}

test("an error that was expected is its message, a bug keeps its stack", () => {
  const bug = new TypeError("a bug")
  expect(printCause(Cause.fail(new UsageError({ message: "no file" })))).toBe("no file")
  expect(printCause(Cause.fail("text"))).toBe("unexpected: text")
  expect(printCause(Cause.die(bug))).toBe(`unexpected: ${bug.stack}`)
  expect(printCause(Cause.die("text"))).toBe("unexpected: text")
  expect(printCause(Cause.combine(Cause.die("x"), Cause.fail(new UsageError({ message: "no file" }))))).toBe("no file")
})

test("a program that ends is success and says nothing", async () => {
  const before = listeners()
  runMain("synprint x", Effect.void)
  expect(await ended()).toEqual([0])
  expect(written).toBe("")
  expect(listeners()).toEqual(before)
})

test("a failure is one line and the code of its error; an empty message is no line", async () => {
  runMain("synprint x", Effect.fail(new UsageError({ message: "no file" })))
  expect(await ended()).toEqual([64])
  expect(written).toBe("synprint x: no file\n")
  exits = []
  written = ""
  runMain("synprint x", Effect.fail(new UsageError({ message: "" })))
  expect(await ended()).toEqual([64])
  expect(written).toBe("")
})

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s runs the finalizers and is success, a second one ends at once",
  async (signal) => {
    const before = listeners()
    const isClosing = Deferred.makeUnsafe<void>()
    const mayClose = Deferred.makeUnsafe<void>()
    let steps = ""
    runMain(
      "synprint x",
      Effect.never.pipe(
        Effect.onInterrupt(() =>
          Effect.gen(function* () {
            steps += "closing"
            Deferred.doneUnsafe(isClosing, Exit.void)
            yield* Deferred.await(mayClose)
            steps += " closed"
          })
        )
      )
    )
    expect(listeners()).toEqual(before.map((count) => count + 1))
    process.emit(signal)
    await Effect.runPromise(Deferred.await(isClosing))
    expect([steps, exits]).toEqual(["closing", []])
    process.emit(signal)
    expect(exits).toEqual([1])
    exits = []
    Deferred.doneUnsafe(mayClose, Exit.void)
    expect(await ended()).toEqual([0])
    expect([steps, written]).toEqual(["closing closed", ""])
    expect(listeners()).toEqual(before)
  }
)
