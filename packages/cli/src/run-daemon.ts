/**
 * The part that the commands of all services share: `--check`, else run until stopped.
 */
import {
  type ConfigInvalid,
  type ConfigRequest,
  type Program,
  type ServiceConfig,
  type WithoutJit,
  checkConfig,
  requireJit
} from "@synprint/service"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { programs } from "./config-schema.ts"
import { configRequest, type DaemonFlags } from "./daemon-flags.ts"

/** `choose` says which of the programs the configuration is for. */
export const runDaemon = <C extends ServiceConfig, E>(
  flags: DaemonFlags & { readonly check: boolean },
  choose: (all: typeof programs) => Program<C>,
  run: (request: ConfigRequest<C>) => Effect.Effect<unknown, E>
): Effect.Effect<void, E | ConfigInvalid | WithoutJit> =>
  Effect.gen(function* () {
    const { programs: all, schema } = yield* Effect.promise(() => import("./config-schema.ts"))
    const request = configRequest(schema, choose(all), flags)
    if (flags.check) return yield* Effect.flatMap(checkConfig(request), (line) => Console.log(line))
    yield* requireJit()
    yield* run(request)
  })
