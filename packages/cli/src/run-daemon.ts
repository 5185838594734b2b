/**
 * What the services' commands share: `--check`, else run until stopped.
 */
import {
  checkConfig,
  type ConfigInvalid,
  type ConfigRequest,
  requireJit,
  type WithoutJit
} from "@synprint/core/runtime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

export const runDaemon = <E>(
  request: ConfigRequest,
  check: boolean,
  run: (request: ConfigRequest) => Effect.Effect<unknown, E>
): Effect.Effect<void, E | ConfigInvalid | WithoutJit> =>
  check
    ? Effect.flatMap(checkConfig(request), (line) => Console.log(line))
    : Effect.asVoid(Effect.andThen(requireJit(), run(request)))
