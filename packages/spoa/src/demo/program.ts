/** Programs that the demo runs: to their end, or in a Scope until it closes. */
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DemoError } from "./error.ts"

export interface Program {
  readonly name: string
  readonly child: Bun.Subprocess
  /** Returns the program's stderr so far. */
  readonly complaint: () => string
}

/** Runs a program to its end and gives its output. */
export const runProgram = (words: ReadonlyArray<string>): Effect.Effect<string, DemoError> => {
  const failed = (reason: string, cause?: unknown) =>
    new DemoError({ attempted: `run ${words.join(" ")}`, reason, hint: "that program says why", cause })
  return Effect.tryPromise({
    try: async (signal) => {
      const child = Bun.spawn([...words], { stdin: "ignore", stdout: "pipe", stderr: "pipe", signal })
      const [output, complaint, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited
      ])
      return { output, complaint, code }
    },
    catch: (cause) => failed(String(cause), cause)
  }).pipe(
    Effect.flatMap(({ output, complaint, code }) =>
      code === 0 ? Effect.succeed(output) : Effect.fail(failed(complaint === "" ? `exit ${code}` : complaint))
    )
  )
}

const STOP_MS = 3000

/** Starts a program that ends with the Scope: SIGTERM, and SIGKILL if it does not go. Its stdin is a pipe that closes with us. */
export const startProgram = (
  words: ReadonlyArray<string>,
  name: string,
  options: { readonly cwd?: string } = {}
): Effect.Effect<Program, DemoError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: (): Program => {
        let said = ""
        const child = Bun.spawn([...words], { stdin: "pipe", stdout: "ignore", stderr: "pipe", ...options })
        const listen = async () => {
          const decoder = new TextDecoder()
          for await (const chunk of child.stderr) said = (said + decoder.decode(chunk, { stream: true })).slice(-4000)
        }
        listen().catch(() => undefined)
        return { name, child, complaint: () => said }
      },
      catch: (cause) =>
        new DemoError({ attempted: `start ${name}`, reason: String(cause), hint: words.join(" "), cause })
    }),
    ({ child }) =>
      Effect.promise(async () => {
        child.kill("SIGTERM")
        const deadline = setTimeout(() => child.kill("SIGKILL"), STOP_MS)
        await child.exited
        clearTimeout(deadline)
      })
  )

const START_MS = 15_000

/** Waits until a TCP port listens in the program's network namespace, by its socket table: connecting would count as a client. */
export const waitListening = Effect.fnUntraced(function* (
  program: Program,
  port: number
): Effect.fn.Return<void, DemoError> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")} `
  const pid = program.child.pid
  for (let waitedMs = 0; ; waitedMs += 20) {
    if (program.child.exitCode !== null || waitedMs > START_MS)
      return yield* new DemoError({
        attempted: `start ${program.name}`,
        reason: program.child.exitCode === null ? `nothing listens on port ${port}` : `exit ${program.child.exitCode}`,
        hint: `it says:\n${program.complaint()}`
      })
    if (["tcp", "tcp6"].some((table) => listens(`/proc/${pid}/net/${table}`, local))) return
    yield* Effect.sleep(20)
  }
})

function listens(table: string, local: string): boolean {
  try {
    return fs
      .readFileSync(table, "utf8")
      .split("\n")
      .some((line) => line.includes(local) && / 0A /.test(line))
  } catch {
    return false
  }
}
