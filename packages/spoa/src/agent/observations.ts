/**
 * `[log] observations`: what the observer sees, as lines of a file.
 */
import { JsonLog, type ObservationLog, P0fLog } from "@synprint/core"
import { type ConfigInvalid, type LogConfig, openObservationFile } from "@synprint/service"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Lines wait at most so long for their write. */
const FLUSH_MS = 250

/** undefined when no file is named. */
export const openObservations = (
  config: LogConfig
): Effect.Effect<ObservationLog | undefined, ConfigInvalid, Scope.Scope> =>
  Effect.gen(function* () {
    const flush = (): void => log?.flush()
    const write = yield* openObservationFile(config, flush)
    if (write === undefined) return undefined
    const encoder = new TextEncoder()
    const log: (ObservationLog & { readonly flush: () => void }) | undefined =
      config.observationsFormat === "p0f" ? new P0fLog(write) : new JsonLog((text) => write(encoder.encode(text)))
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(flush, FLUSH_MS)),
      (timer) =>
        Effect.sync(() => {
          clearInterval(timer)
          flush()
        })
    )
    return log
  })
