/**
 * `[log] observations`: what the observer sees, as lines of a file; opened again on SIGUSR1, so that it can be rotated.
 */
import { JsonLog, type ObservationLog, P0fLog } from "@synprint/core"
import { type LogConfig, LogFile, LogFileError, invalid, onSignal, type ConfigInvalid } from "@synprint/core/runtime"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Lines wait at most so long for their write. */
const FLUSH_MS = 250

/** undefined when no file is named. A write that fails is logged once and lines are lost until one works again. */
export const openObservations = (
  config: LogConfig
): Effect.Effect<ObservationLog | undefined, ConfigInvalid, Scope.Scope> =>
  Effect.gen(function* () {
    if (config.observations === "") return undefined
    const file = yield* Effect.acquireRelease(
      Effect.try({
        try: () => new LogFile(config.observations),
        catch: (cause) => {
          if (!(cause instanceof LogFileError)) throw cause
          return invalid(undefined, cause.message, "log.observations")
        }
      }),
      (opened) => Effect.sync(() => opened.close())
    )
    const run = Effect.runForkWith(yield* Effect.context<never>())
    let isFailing = false
    const encoder = new TextEncoder()
    const write = (bytes: Uint8Array): void => {
      try {
        file.write(bytes)
        isFailing = false
      } catch (cause) {
        if (!isFailing)
          run(Effect.logError(`cannot write ${file.path}: ${(cause as Error).message}; observations are lost`))
        isFailing = true
      }
    }
    const log =
      config.observationsFormat === "p0f" ? new P0fLog(write) : new JsonLog((text) => write(encoder.encode(text)))
    yield* onSignal("SIGUSR1", () => {
      log.flush()
      try {
        file.reopen()
      } catch (cause) {
        run(Effect.logError(`${(cause as Error).message}; the old file goes on`))
      }
    })
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(() => log.flush(), FLUSH_MS)),
      (timer) =>
        Effect.sync(() => {
          clearInterval(timer)
          log.flush()
        })
    )
    return log
  })
