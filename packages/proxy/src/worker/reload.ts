/**
 * Reload of a running Worker: it changes the databases, the generation of routes and limits, the filter of the capture.
 */
import { Matcher } from "@synprint/core"
import { type Chain, type LiveFingerprintLookup, loadDatabases } from "@synprint/service"
import * as Effect from "effect/Effect"
import type { Config } from "../config/program.ts"
import { Generation } from "../routing/generation.ts"
import { generationSettings } from "../routing/generation-settings.ts"
import { optionsOf } from "./capture.ts"
import type { WorkerSettings } from "./message.ts"
import type { Descriptor, ProxyServer } from "./proxy-server.ts"

/** Fingerprints that are cached per database: a busy site sees a few thousand. */
export const CACHED_FINGERPRINTS = 16_384

export interface RunningWorker {
  readonly server: ProxyServer
  readonly lookup: LiveFingerprintLookup
  readonly mode: Config["fingerprint"]["mode"]
  /** undefined: capture is off. */
  readonly chain: Chain | undefined
  readonly descriptors: ReadonlyArray<Descriptor>
}

/** `prepare` sees the new generation before requests go by it. */
export const applySettings = (
  { server, lookup, mode, chain, descriptors }: RunningWorker,
  settings: WorkerSettings,
  prepare: (generation: Generation) => void
): Effect.Effect<void, unknown> =>
  Effect.gen(function* () {
    const { config } = settings
    const database = yield* loadDatabases(config.fingerprint)
    lookup.setMatcher(new Matcher(database, mode, CACHED_FINGERPRINTS), settings.generation)
    const generation = new Generation(generationSettings(settings), server.generation)
    prepare(generation)
    server.reload(generation)
    if (chain !== undefined) yield* chain.setFilter(optionsOf(config, descriptors).filter)
  })
