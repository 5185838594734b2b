/**
 * Throwaway engine: an answerer for saved SYNs with a matcher and a history of its own, for those who warm up: no counter, no history
 * and no kept answer of the service knows of it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Database, Matcher, Observer } from "@synprint/core"
import { type LiveFingerprintLookup, makeFingerprintLookup } from "./lookup.ts"
import type { CaptureError } from "../capture/backend.ts"
import { type BackendRegistry, openChain } from "../capture/chain.ts"
import { captureOptions } from "../config/capture.ts"
import type { Config } from "../config/config.ts"

const STORE = 256

/** `answers`: as of an answerer. */
export const openWarmUpEngine = (
  backends: BackendRegistry,
  config: Config,
  database: Database,
  answers: number
): Effect.Effect<LiveFingerprintLookup, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const { mode } = config.fingerprint
    const matcher = new Matcher(database, mode, STORE)
    const observer = new Observer({
      mode,
      matcher,
      maxFlows: STORE,
      maxHosts: STORE,
      flowAgeSeconds: 30,
      hostIdleMinutes: 1
    })
    const capture = yield* openChain(backends, ["saved-syn"], captureOptions(config.capture, false))
    return makeFingerprintLookup({ capture, observer, history: "connections", answers })
  })
