/**
 * Warm-up engine: a lookup over saved SYNs with a matcher and a history of its own, so that neither the counters nor the history nor the
 * cached answers of the service know what is looked up to warm the code.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Database, Matcher, Observer } from "@synprint/core"
import { type LiveFingerprintLookup, makeFingerprintLookup } from "./lookup.ts"
import type { CaptureError } from "../capture/backend.ts"
import { openChain } from "../capture/chain.ts"
import { savedSyn } from "../capture/saved-syn.ts"
import { captureOptions } from "../config/capture.ts"
import type { ServiceConfig } from "../config/schema.ts"

const STORE = 256

/** `answers`: room of the answer cache, as in `makeFingerprintLookup`. */
export const openWarmUpEngine = (
  config: ServiceConfig,
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
    const capture = yield* openChain([savedSyn], [savedSyn.name], captureOptions(config.capture, false))
    return makeFingerprintLookup({ capture, observer, history: "connections", answers })
  })
