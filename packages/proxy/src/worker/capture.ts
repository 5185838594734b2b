/**
 * Capture of a process with several threads: each Worker has a chain of its own, and what only one thread can open (an eBPF program on an
 * interface) the main thread opens for all.
 */
import {
  CaptureError,
  type CaptureOptions,
  type Chain,
  type Config,
  type SharedCapture,
  captureOptions,
  openChain
} from "@synprint/service"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { backends } from "../backends.ts"
import type { Descriptor } from "./proxy-server.ts"

/** Handles by backend: plain data for the Workers. */
export type SharedHandles = Readonly<Record<string, unknown>>

/** Ports that are not named are those that the proxy listens on. */
function optionsOf({ capture }: Config, descriptors: ReadonlyArray<Descriptor>): CaptureOptions {
  const isNamed = capture.ports.length > 0 || capture.key === "client"
  const own = [...new Set(descriptors.map(({ port }) => port).filter((port) => port > 0))]
  return captureOptions({ ...capture, ports: isNamed ? capture.ports : own }, false)
}

/** Of the main thread, by backend; `auto` attaches nothing, so it shares nothing. */
export const openShared = (
  config: Config,
  descriptors: ReadonlyArray<Descriptor>
): Effect.Effect<ReadonlyMap<string, SharedCapture>, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const opened = new Map<string, SharedCapture>()
    const { backend, enabled } = config.capture
    if (!enabled || backend === "auto") return opened
    for (const name of backend) {
      const load = backends[name]
      // What can't be loaded is told of by the chain of the first Worker.
      const loaded = load === undefined ? undefined : yield* Effect.option(Effect.tryPromise(load))
      if (loaded?._tag !== "Some") continue
      const shared = yield* loaded.value.backend.share?.(optionsOf(config, descriptors)) ?? Effect.succeed(undefined)
      if (shared !== undefined) opened.set(name, shared)
    }
    return opened
  })

/** Of a Worker; undefined: capture is off. */
export const openCapture = (
  config: Config,
  descriptors: ReadonlyArray<Descriptor>,
  shared: SharedHandles
): Effect.Effect<Chain | undefined, CaptureError, Scope.Scope> =>
  config.capture.enabled
    ? openChain(backends, config.capture.backend, { ...optionsOf(config, descriptors), shared })
    : Effect.succeed(undefined)
