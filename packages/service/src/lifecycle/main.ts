/**
 * The one run of a process: SIGINT and SIGTERM interrupt, finalizers run, the exit code says how it ended.
 *
 * A clean stop that was asked for is success (systemd takes 130 for a failure). A second signal ends the process at once.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { EXIT_FAILURE, EXIT_OK } from "./exit-codes.ts"

const SIGNALS = ["SIGINT", "SIGTERM"] as const

/** One line for an error that an operator can act on; a bug keeps its stack. */
export function printCause(cause: Cause.Cause<unknown>): string {
  const error = Cause.squash(cause)
  const isExpected = cause.reasons.some((reason) => reason._tag === "Fail")
  if (isExpected && error instanceof Error) return error.message
  return `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

const run = Runtime.makeRunMain(({ fiber, teardown }) => {
  let signalled = false
  const onSignal = (): void => {
    if (signalled) process.exit(EXIT_FAILURE)
    signalled = true
    fiber.interruptUnsafe(fiber.id)
  }
  fiber.addObserver((exit) => {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal)
    teardown(exit, (code) => process.exit(code))
  })
  for (const signal of SIGNALS) process.on(signal, onSignal)
})

const teardown: Runtime.Teardown = (exit, onExit) =>
  Runtime.defaultTeardown(exit, (code) => onExit(code === 130 ? EXIT_OK : code))

/** `name` begins the line that reports a failure: "synprint spoa: ...". */
export const runMain = <A, E>(name: string, effect: Effect.Effect<A, E>): void =>
  run(
    effect.pipe(
      Effect.tapCause((cause) =>
        Effect.sync(() => {
          // An empty message: what there was to say has been said.
          const text = Cause.hasInterruptsOnly(cause) ? "" : printCause(cause)
          if (text !== "") process.stderr.write(`${name}: ${text}\n`)
        })
      )
    ),
    { teardown, disableErrorReporting: true }
  )
