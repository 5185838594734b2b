/**
 * `synprint agent` loads, attaches and pins the program, serves metrics, and reloads filters on SIGHUP. SIGTERM ends the process and
 * leaves the capture running; `--detach` removes the capture.
 */
import {
  type ConfigInvalid,
  type ConfigRequest,
  Metrics,
  type ServiceConfig,
  type WatchedConfig,
  VERSION,
  admin,
  applyReloads,
  backendConfig,
  captureOptions,
  loadConfig,
  logging,
  pidLock,
  printListenAddress,
  serveUntilStopped,
  watchConfig
} from "@synprint/service"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Attached } from "../attach/attached.ts"
import type { XdpOptions } from "../config.ts"
import { xdp } from "../index.ts"
import { registerAgentMetrics } from "./metrics.ts"
import { openBpfCalls } from "../program/bpf-call.ts"
import { openClock } from "../clock.ts"
import { openCounterMap } from "../map/counter-map.ts"
import { failure } from "../failure.ts"
import { openLibbpf, openLibc } from "../program/libraries.ts"
import { reportEveryMinute } from "../minute-report.ts"
import { openPinnedCapture, removePinned } from "../pins/pinned-capture.ts"
import { pinDirectory } from "../pins/pins.ts"

/** Runs until a signal ends it. */
export const agent = (request: ConfigRequest<ServiceConfig>): Effect.Effect<never, unknown> =>
  Effect.gen(function* () {
    const load = loadConfig(request)
    const config = yield* load
    return yield* serveUntilStopped(serve(request, config, load)).pipe(Effect.provide(logging(config.log)))
  })

/** Removes hooks and pins, whether or not an agent runs. */
export const detachAgent = (request: ConfigRequest<ServiceConfig>): Effect.Effect<void, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const config = yield* loadConfig(request)
      const c = yield* openLibc
      const b = yield* openLibbpf
      const options = xdpOptions(config)
      yield* removePinned(c, b, options)
      yield* Effect.logInfo(`nothing is attached or pinned any more (${options.config.pin})`)
    })
  )

const serve = (
  request: ConfigRequest<ServiceConfig>,
  config: ServiceConfig,
  load: Effect.Effect<ServiceConfig, ConfigInvalid>
) =>
  Effect.gen(function* () {
    const metrics = new Metrics("agent")
    const loaded = yield* watchConfig({
      request,
      first: config,
      load,
      config: (value) => value,
      metrics
    })
    const options = xdpOptions(config)
    const { pin } = options.config
    yield* pidLock("capture.xdp.pin", { kind: "unix", path: pin }).pipe(
      Effect.mapError(() =>
        failure(`pin in ${pin}`, "another agent of this host uses it", "stop it, or change [capture.xdp] pin")
      )
    )
    let state: string | undefined = "starting"
    const down = { read: (): string | undefined => undefined }
    const bound = yield* admin({ listen: config.admin.listen, metrics, ready: () => state ?? down.read() })
    const c = yield* openLibc
    const b = yield* openLibbpf
    const attached = yield* openPinnedCapture(c, b, options)
    down.read = () => attached.attachments.find(({ reason }) => reason !== undefined)?.reason
    const calls = yield* openBpfCalls(c)
    const counters = openCounterMap(calls)
    const readCounters = () => counters.read(attached.object.map("counters"), options.capacity)
    yield* openClock(c, readCounters)
    registerAgentMetrics(metrics, {
      attachments: attached.attachments,
      counters: readCounters,
      capacity: options.capacity
    })
    yield* reportEveryMinute(readCounters)
    yield* followFilter(loaded, attached.setFilter)
    yield* Effect.addFinalizer(() => Effect.logInfo(`stopped; the capture goes on (--detach takes it away)`))
    state = undefined
    yield* Effect.logInfo(
      `synprint ${VERSION} agent: pins in ${pinDirectory(pin)}, ${options.capacity} entries` +
        (bound.length === 0 ? "" : `, metrics on ${bound.map(printListenAddress).join(", ")}`)
    )
  })

/** Takes over what a reload can change: the filter. */
export const followFilter = (
  loaded: WatchedConfig<ServiceConfig, ServiceConfig>,
  setFilter: Attached["setFilter"]
): Effect.Effect<void, never, Scope.Scope> =>
  applyReloads(loaded, {
    apply: ({ capture }) =>
      setFilter(captureOptions(capture, false).filter).pipe(
        Effect.catch((error) => Effect.logError(`keeping the previous filter: ${error.message}`))
      ),
    restart: "a restart, which loses no SYN"
  })

const xdpOptions = ({ capture }: ServiceConfig): XdpOptions => ({
  ...captureOptions(capture, false),
  config: backendConfig(xdp, capture)
})
