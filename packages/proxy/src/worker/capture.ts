/**
 * Capture of a process with several threads: each Worker has a chain of its own, and what only one thread can open (an eBPF program on an
 * interface) the main thread opens for all.
 */
import { backends } from "@synprint/backends"
import {
  CaptureError,
  type CaptureOptions,
  type Chain,
  type ChainMember,
  type SharedCapture,
  backendConfig,
  captureOptions,
  openChain
} from "@synprint/service"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Config } from "../config/program.ts"
import type { Descriptor } from "./proxy-server.ts"

/** Handles by backend: plain data for the Workers. */
export type SharedHandles = Readonly<Record<string, unknown>>

/** Ports that are not named are those that the proxy listens on. */
export function optionsOf({ capture }: Config, descriptors: ReadonlyArray<Descriptor>): CaptureOptions {
  const isNamed = capture.ports.length > 0 || capture.key === "client"
  const own = [...new Set(descriptors.map(({ port }) => port).filter((port) => port > 0))]
  return captureOptions({ ...capture, ports: isNamed ? capture.ports : own }, false)
}

/** A capture that the main thread opened for its Workers. */
export interface SharedBackend extends SharedCapture {
  /** One of its counters, by the name of the metrics. */
  readonly stat: ChainMember["stat"]
}

/** Opens the captures of the main thread for all Workers, by backend; `auto` attaches nothing, so it shares nothing. */
export const openShared = (
  config: Config,
  descriptors: ReadonlyArray<Descriptor>
): Effect.Effect<ReadonlyMap<string, SharedBackend>, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const opened = new Map<string, SharedBackend>()
    const { backend, enabled } = config.capture
    if (!enabled || backend === "auto") return opened
    const options = optionsOf(config, descriptors)
    for (const module of backends.filter(({ name }) => backend.includes(name))) {
      // The chain of the first Worker reports what can't be loaded.
      const loaded = yield* Effect.option(Effect.tryPromise(() => module.load()))
      if (loaded._tag === "None" || loaded.value.share === undefined) continue
      const shared = yield* loaded.value.share({ ...options, config: backendConfig(module, config.capture) })
      if (shared === undefined) continue
      opened.set(module.name, { ...shared, stat: (series) => shared.stats()[module.statNames[series] ?? ""] ?? 0 })
    }
    return opened
  })

/** Opens the chain of a Worker; undefined: capture is off. */
export const openCapture = (
  config: Config,
  descriptors: ReadonlyArray<Descriptor>,
  shared: SharedHandles
): Effect.Effect<Chain | undefined, CaptureError, Scope.Scope> =>
  config.capture.enabled
    ? openChain(backends, config.capture.backend, { ...optionsOf(config, descriptors), shared })
    : Effect.succeed(undefined)
