/**
 * `synprint agent`: the eBPF capture alone, for several front ends. Not built yet.
 */
import { type ConfigInvalid, type ConfigRequest, loadConfig, NotBuilt } from "@synprint/core/runtime"
import * as Effect from "effect/Effect"

/** Fails in every case; a configuration that can't work is told first. */
export const agent = (request: ConfigRequest): Effect.Effect<never, ConfigInvalid | NotBuilt> =>
  Effect.andThen(
    loadConfig(request),
    Effect.fail(
      new NotBuilt({
        what: "the eBPF agent",
        instead: 'let each front end capture for itself: [capture] backend = "pcap"'
      })
    )
  )
