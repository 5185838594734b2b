/**
 * @synprint/proxy: the reverse proxy. Not built yet: running it says so and names what works instead.
 */
import { type ConfigInvalid, type ConfigRequest, loadConfig, NotBuilt } from "@synprint/core/runtime"
import * as Effect from "effect/Effect"

/** Fails in every case; a configuration that can't work is told first. */
export const proxy = (request: ConfigRequest): Effect.Effect<never, ConfigInvalid | NotBuilt> =>
  Effect.andThen(
    loadConfig(request),
    Effect.fail(new NotBuilt({ what: "the proxy", instead: "use HAProxy with synprint spoa: synprint demo shows it" }))
  )
