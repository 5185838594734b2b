/**
 * What the services' commands share: `--check`, else run until stopped.
 */
import { type ConfigInvalid, type ConfigRequest, type WithoutJit, checkConfig, requireJit } from "@synprint/service"
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
