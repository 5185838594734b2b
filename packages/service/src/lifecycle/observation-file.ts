/**
 * `[log] observations`: the file that a service appends observations to; opened again on SIGUSR1, so that it can be rotated.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ConfigInvalid, invalid } from "../config/problem.ts"
import type { LogConfig } from "../config/operations.ts"
import { LogFile, LogFileError } from "./log-file.ts"
import { onSignal } from "./logging.ts"

/** Appends whole lines. Never throws: what can't be written is logged once, and lines are lost until a write works again. */
export type WriteObservations = (lines: Uint8Array) => void

/** undefined when no file is named. `flush`: called before the file is opened again, for lines that belong to the old one. */
export const openObservationFile = (
  { observations }: Pick<LogConfig, "observations">,
  flush: () => void
): Effect.Effect<WriteObservations | undefined, ConfigInvalid, Scope.Scope> =>
  Effect.gen(function* () {
    if (observations === "") return undefined
    const file = yield* Effect.acquireRelease(
      Effect.try({
        try: () => new LogFile(observations),
        catch: (cause) => {
          if (!(cause instanceof LogFileError)) throw cause
          return invalid(undefined, cause.message, "log.observations")
        }
      }),
      (opened) => Effect.sync(() => opened.close())
    )
    const run = Effect.runForkWith(yield* Effect.context<never>())
    let isFailing = false
    yield* onSignal("SIGUSR1", () => {
      flush()
      try {
        file.reopen()
      } catch (cause) {
        run(Effect.logError(`${(cause as Error).message}; lines still go to the file that is open`))
      }
    })
    return (lines) => {
      try {
        file.write(lines)
        isFailing = false
      } catch (cause) {
        if (!isFailing)
          run(Effect.logError(`cannot write ${file.path}: ${(cause as Error).message}; observations are lost`))
        isFailing = true
      }
    }
  })
