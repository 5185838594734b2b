/**
 * `synprint agent` loads, attaches and pins the program, serves metrics, and reloads filters on SIGHUP. SIGTERM ends the process and
 * leaves the capture running; `--detach` removes the capture.
 */
import {
  type CaptureConfig,
  type Config,
  type ConfigInvalid,
  type ConfigRequest,
  Metrics,
  VERSION,
  admin,
  background,
  captureOptions,
  watchConfig,
  loadConfig,
  pidLock,
  logging,
  printListenAddress,
  serveUntilStopped
} from "@synprint/service"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
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
export const agent = (request: ConfigRequest): Effect.Effect<never, unknown> =>
  Effect.gen(function* () {
    const { log } = yield* loadConfig(request)
    return yield* serveUntilStopped(serve(request)).pipe(Effect.provide(logging(log)))
  })

/** Removes hooks and pins, whether or not an agent runs. */
export const detachAgent = (request: ConfigRequest): Effect.Effect<void, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const config = yield* loadConfig(request)
      const c = yield* openLibc
      const b = yield* openLibbpf
      yield* removePinned(c, b, captureOptions(config.capture, false))
      yield* Effect.logInfo(`nothing is attached or pinned any more (${config.capture.xdp.pin})`)
    })
  )

const serve = (request: ConfigRequest) =>
  Effect.gen(function* () {
    const metrics = new Metrics("agent")
    const loaded = yield* watchConfig<Config, ConfigInvalid>({
      load: loadConfig(request),
      files: ({ file }) => (file === undefined ? [] : [file]),
      watch: ({ reload }) => reload.watch,
      metrics
    })
    const config = loaded.current()
    const options = captureOptions(config.capture, false)
    const { pin } = options.xdp
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
    yield* background(
      "reload",
      loaded.changes.pipe(
        Stream.filter((next) => next !== config),
        Stream.runForEach(({ capture }) =>
          Effect.gen(function* () {
            yield* attached
              .setFilter(captureOptions(capture, false).filter)
              .pipe(Effect.catch((error) => Effect.logError(`the old filter stays: ${error.message}`)))
            for (const key of needsRestart(config.capture, capture))
              yield* Effect.logWarning(`${key} changed: it takes a restart, which loses no SYN`)
          })
        )
      )
    )
    yield* Effect.addFinalizer(() => Effect.logInfo(`stopped; the capture goes on (--detach takes it away)`))
    state = undefined
    yield* Effect.logInfo(
      `synprint ${VERSION} agent: pins in ${pinDirectory(pin)}, ${options.capacity} entries` +
        (bound.length === 0 ? "" : `, metrics on ${bound.map(printListenAddress).join(", ")}`)
    )
  })

/** Keys whose change needs a restart of the agent. */
function needsRestart(running: CaptureConfig, next: CaptureConfig): ReadonlyArray<string> {
  const keys: Array<string> = []
  for (const key of ["interfaces", "capacity"] as const) {
    if (JSON.stringify(running[key]) !== JSON.stringify(next[key])) keys.push(`capture.${key}`)
  }
  if (JSON.stringify(running.xdp) !== JSON.stringify(next.xdp)) keys.push("capture.xdp")
  return keys
}
