/**
 * One thread that serves: its own capture chain, engine and connections. Started by worker-pool.ts, told by messages.
 */
import { Matcher, Observer } from "@synprint/core"
import {
  type Chain,
  type Config,
  captureOptions,
  type LiveAnswerer,
  loadDatabases,
  makeAnswerer,
  openChain
} from "@synprint/core/runtime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { AccessLog } from "./access-log.ts"
import { AddressLimits } from "./address-limits.ts"
import { backends } from "./backends.ts"
import { CELLS, OPEN } from "./counters.ts"
import { ProxyServer } from "./proxy-server.ts"
import { Site } from "./site.ts"
import { siteSettings } from "./site-settings.ts"
import type { FromWorker, ToWorker, WorkerSettings, WorkerStart } from "./worker-message.ts"

declare const self: Worker

/** Shapes remembered per database: a busy site sees a few thousand. */
const MEMO_SHAPES = 16_384
const POLL_MS = 20

const tell = (message: FromWorker): void => self.postMessage(message)

interface Running {
  readonly server: ProxyServer
  readonly answerer: LiveAnswerer
  readonly mode: Config["fingerprint"]["mode"]
  readonly log: AccessLog | undefined
}

let running: Running | undefined
/** What the health checks took out. */
const unhealthy = new Set<string>()
/** One after the other: the last one said is the one that stays. */
let reloads: Promise<unknown> = Promise.resolve()
const scope = Effect.runSync(Scope.make())

const openCapture = (config: Config, descriptors: WorkerStart["descriptors"]) =>
  Effect.gen(function* () {
    if (!config.capture.enabled) return undefined
    const named = config.capture.ports.length > 0 || config.capture.key === "client"
    const ports = named
      ? config.capture.ports
      : [...new Set(descriptors.map(({ port }) => port).filter((port) => port > 0))]
    return yield* openChain(backends, config.capture.backend, captureOptions({ ...config.capture, ports }, false))
  })

const start = (message: WorkerStart) =>
  Effect.gen(function* () {
    const { config, thread, threads } = message
    const { mode } = config.fingerprint
    const database = yield* loadDatabases(config.fingerprint)
    const matcher = new Matcher(database, mode, MEMO_SHAPES)
    const observer = new Observer({
      mode,
      matcher,
      maxFlows: config.history.flows,
      maxHosts: config.history.hosts,
      flowAgeSeconds: config.history.flowIdleMs / 1000,
      hostIdleMinutes: config.history.idleMs / 60_000
    })
    const chain: Chain | undefined = yield* openCapture(config, message.descriptors)
    const answers = Math.max(1024, Math.ceil(config.proxy.limits.connections / threads))
    const answerer = makeAnswerer({ capture: chain, matcher, observer, history: "connections", answers })
    const { accessLog, accessLogFormat } = config.proxy
    const lost = (text: string): void => tell({ type: "log", level: "error", message: text })
    const log = accessLog === "" ? undefined : new AccessLog(accessLog, accessLogFormat, lost)
    const all = new Float64Array(message.counters)
    const server = new ProxyServer({
      site: new Site(siteSettings(message), undefined),
      answerer,
      key: config.capture.key,
      counters: new Float64Array(message.counters, thread * CELLS * 8, CELLS),
      openElsewhere: () => {
        let open = 0
        for (let other = 0; other < threads; other++) if (other !== thread) open += all[other * CELLS + OPEN]!
        return open
      },
      addressLimits: new AddressLimits(message.limits, threads, thread),
      log,
      warn: (text) => tell({ type: "log", level: "warn", message: text }),
      onBug: (error) => tell({ type: "log", level: "error", message: `unexpected: ${error.stack ?? error.message}` })
    })
    for (const descriptor of message.descriptors) server.attach(descriptor)
    running = { server, answerer, mode, log }
    const off = "capture is off: fingerprint.tcp_enabled = false; every status is disabled"
    tell({ type: "started", summary: chain?.choice.summary ?? off, hints: chain?.choice.hints ?? [] })
  }).pipe(Scope.provide(scope))

/** Of the upstreams of a new site too. */
function applyHealth({ upstreams }: Site): void {
  for (const upstream of upstreams.values()) upstream.isHealthy = !unhealthy.has(upstream.target)
}

const reload = (settings: WorkerSettings) =>
  Effect.gen(function* () {
    if (running === undefined) return
    const { server, answerer, mode } = running
    const database = yield* loadDatabases(settings.config.fingerprint)
    answerer.setMatcher(new Matcher(database, mode, MEMO_SHAPES))
    const site = new Site(siteSettings(settings), server.site)
    applyHealth(site)
    server.reload(site)
  })

async function stop(): Promise<void> {
  running?.server.stop()
  // oxlint-disable-next-line no-await-in-loop -- it waits
  while ((running?.server.open ?? 0) > 0) await Bun.sleep(POLL_MS)
  running?.server.close()
  running?.log?.close()
  await Effect.runPromise(Scope.close(scope, Exit.void))
  tell({ type: "stopped" })
}

const fail = (error: unknown): void => {
  const exitCode = (error as { readonly exitCode?: number }).exitCode
  tell({ type: "failed", message: error instanceof Error ? error.message : String(error), exitCode: exitCode ?? 1 })
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "start":
      Effect.runPromise(start(data)).catch(fail)
      break
    case "reload":
      reloads = reloads
        .then(() => Effect.runPromise(reload(data)))
        .catch((error: unknown) =>
          tell({ type: "log", level: "error", message: `reload failed, the old goes on: ${String(error)}` })
        )
      break
    case "health": {
      if (data.isHealthy) unhealthy.delete(data.target)
      else unhealthy.add(data.target)
      if (running !== undefined) applyHealth(running.server.site)
      break
    }
    case "reopen":
      running?.log?.reopen()
      break
    case "stop":
      void stop()
  }
}
