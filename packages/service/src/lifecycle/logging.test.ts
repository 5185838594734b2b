import { expect, test } from "bun:test"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { logging, onSignal } from "./logging.ts"

/** Text on stdout and on stderr after a record of each of the levels. */
async function written(...[config, isTerminal]: Parameters<typeof logging>) {
  const lines = { out: [] as Array<string>, err: [] as Array<string> }
  const keep =
    (to: Array<string>) =>
    (...words: ReadonlyArray<unknown>): void =>
      void to.push(words.join(" "))
  const console: Console.Console = { ...globalThis.console, log: keep(lines.out), error: keep(lines.err) }
  const records = Effect.andThen(
    Effect.logDebug("small"),
    Effect.andThen(Effect.logInfo("big"), Effect.logError("bad"))
  )
  await Effect.runPromise(
    records.pipe(Effect.provide(logging(config, isTerminal)), Effect.provideService(Console.Console, console))
  )
  return lines
}

test.each(["pretty", "json", "logfmt"] as const)("%s: nothing goes to stdout", async (format) => {
  const { out, err } = await written({ format, level: "info" })
  expect(out).toEqual([])
  expect(err.join("\n")).toContain("big")
  expect(err.join("\n")).not.toContain("small")
})

test("auto: for people on a terminal, a line of logfmt elsewhere", async () => {
  expect((await written({ format: "auto", level: "info" }, true)).err[0]).toMatch(/^\[.*\] .*INFO.* .*big/)
  expect((await written({ format: "auto", level: "info" }, false)).err[0]).toMatch(
    /^timestamp=\S+ level=INFO .*message=big$/
  )
  const json = (await written({ format: "json", level: "info" }, true)).err
  expect(json.map((line) => JSON.parse(line).message)).toEqual(["big", "bad"])
})

test("the level is the least that is written", async () => {
  const count = async (level: Parameters<typeof logging>[0]["level"]) =>
    (await written({ format: "logfmt", level })).err.length
  expect([await count("debug"), await count("warn"), await count("none")]).toEqual([3, 1, 0])
})

test("a signal is heard while the scope is open", async () => {
  const before = process.listenerCount("SIGUSR2")
  let heard = 0
  await Effect.runPromise(
    Effect.scoped(
      Effect.andThen(
        onSignal("SIGUSR2", () => void heard++),
        Effect.sync(() => {
          process.emit("SIGUSR2")
          process.emit("SIGUSR2")
        })
      )
    )
  )
  expect([heard, process.listenerCount("SIGUSR2")]).toEqual([2, before])
})
