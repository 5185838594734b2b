/**
 * One thread that serves: its own capture chain, engine and connections. Started and controlled by worker-pool.ts, through messages.
 */
import { JsonLog, Matcher, Observer, SharedHosts } from "@synprint/core"
import { historyLimits, loadDatabases, makeFingerprintLookup } from "@synprint/service"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import { AccessLog } from "../operations/access-log.ts"
import { type Config, proxyProgram } from "../config/program.ts"
import { proxySchema } from "../config/schema.ts"
import { AddressLimits } from "../connection/address-limits.ts"
import { openCapture } from "./capture.ts"
import { CELLS, OPEN } from "../operations/counters.ts"
import { ProxyServer } from "./proxy-server.ts"
import { Generation } from "../routing/generation.ts"
import { generationSettings } from "../routing/generation-settings.ts"
import { warmUp } from "../fingerprint-headers/warm-up.ts"
import { applySettings, CACHED_FINGERPRINTS, type RunningWorker } from "./reload.ts"
import { reportOf } from "./report.ts"
import type { FromWorker, ToWorker, WorkerSettings, WorkerStart } from "./message.ts"

declare const self: Worker

const POLL_MS = 20
const REPORT_MS = 1000
/** Observations wait at most so long for their write. */
const FLUSH_MS = 250

const post = (message: FromWorker): void => self.postMessage(message)

interface Running extends RunningWorker {
  readonly log: AccessLog | undefined
}

let running: Running | undefined
/** Upstreams that the health checks took out. */
const unhealthy = new Set<string>()
/** The start, then one after the other: the last one said is the one that stays. */
let reloads: Promise<unknown> = Promise.resolve()
const scope = Effect.runSync(Scope.make())

/** Sends the log of this thread's Effects to the main thread, which prints it in its format. */
const logger = (thread: number) =>
  Logger.layer([
    Logger.make(({ logLevel, message }) => {
      const level = logLevel === "Error" || logLevel === "Fatal" ? "error" : logLevel === "Warn" ? "warn" : "info"
      post({ type: "log", level, message: `worker ${thread}: ${[message].flat().join(" ")}` })
    })
  ])

/** undefined: no file is named. The main thread writes it. */
function openObservations({ observations }: Config["log"]): JsonLog | undefined {
  if (observations === "") return undefined
  const encoder = new TextEncoder()
  return new JsonLog((text) => {
    const lines = encoder.encode(text)
    self.postMessage({ type: "observed", lines } satisfies FromWorker, [lines.buffer])
  })
}

const start = (message: WorkerStart) =>
  Effect.gen(function* () {
    const { config, thread, threads } = message
    const { mode } = config.fingerprint
    const database = yield* loadDatabases(config.fingerprint)
    const matcher = new Matcher(database, mode, CACHED_FINGERPRINTS)
    const observations = openObservations(config.log)
    const hosts = new SharedHosts(message.hosts, config.history.hosts, thread)
    const observer = new Observer({
      shared: { hosts, generation: message.generation },
      ...(observations === undefined ? {} : { log: observations }),
      mode,
      matcher,
      ...historyLimits(config.history)
    })
    const chain = yield* openCapture(config, message.descriptors, message.shared)
    // A connection is asked about once, when it opens, and keeps its answer itself.
    const lookup = makeFingerprintLookup({ capture: chain, observer, history: "connections", answers: 0 })
    const { accessLog, accessLogFormat } = config.proxy
    const lost = (text: string): void => post({ type: "log", level: "error", message: text })
    const log = accessLog === "" ? undefined : new AccessLog(accessLog, accessLogFormat, lost)
    const all = new Float64Array(message.counters)
    const server = new ProxyServer({
      generation: new Generation(generationSettings(message), undefined),
      lookup,
      counters: new Float64Array(message.counters, thread * CELLS * 8, CELLS),
      openElsewhere: () => {
        let open = 0
        for (let other = 0; other < threads; other++) if (other !== thread) open += all[other * CELLS + OPEN]!
        return open
      },
      addressLimits: new AddressLimits(message.limits, threads, thread),
      log,
      warn: (text) => post({ type: "log", level: "warn", message: text }),
      onBug: (error) => post({ type: "log", level: "error", message: `unexpected: ${error.stack ?? error.message}` })
    })
    yield* warmUp(config, generationSettings(message), database)
    for (const descriptor of message.descriptors) server.attach(descriptor)
    const report = (): void => post({ type: "report", report: reportOf(chain, lookup, observer) })
    report()
    const timers = [setInterval(report, REPORT_MS)]
    if (observations !== undefined) timers.push(setInterval(() => observations.flush(), FLUSH_MS))
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const timer of timers) clearInterval(timer)
        observations?.flush()
        report()
      })
    )
    running = { chain, descriptors: message.descriptors, server, lookup, mode, log }
    const off = "capture is off: fingerprint.tcp_enabled = false; every status is disabled"
    post({ type: "started", summary: chain?.choice.summary ?? off, hints: chain?.choice.hints ?? [] })
  }).pipe(Scope.provide(scope))

/** Applies known results of health checks to the upstreams of a (new) generation. */
function applyHealth({ upstreams }: Generation): void {
  for (const upstream of upstreams.values()) upstream.isHealthy = !unhealthy.has(upstream.target)
}

const reload = (settings: WorkerSettings): Effect.Effect<void, unknown> =>
  running === undefined ? Effect.void : applySettings(running, settings, applyHealth)

async function stop(): Promise<void> {
  running?.server.stop()
  // oxlint-disable-next-line no-await-in-loop -- it waits
  while ((running?.server.open ?? 0) > 0) await Bun.sleep(POLL_MS)
  running?.server.close()
  running?.log?.close()
  await Effect.runPromise(Scope.close(scope, Exit.void))
  post({ type: "stopped" })
}

const fail = (error: unknown): void => {
  const exitCode = (error as { readonly exitCode?: number }).exitCode
  post({ type: "failed", message: error instanceof Error ? error.message : String(error), exitCode: exitCode ?? 1 })
}

/** A message keeps plain data only. */
const revived = <A extends WorkerSettings>(message: A): A => ({
  ...message,
  config: proxySchema.revive(proxyProgram, message.config)
})

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "start":
      reloads = Effect.runPromise(start(revived(data)).pipe(Effect.provide(logger(data.thread)))).catch(fail)
      break
    case "reload":
      reloads = reloads
        .then(() => Effect.runPromise(reload(revived(data))))
        .catch((error: unknown) =>
          post({
            type: "log",
            level: "error",
            message: `reload failed, keeping the previous configuration: ${String(error)}`
          })
        )
      break
    case "health": {
      if (data.isHealthy) unhealthy.delete(data.target)
      else unhealthy.add(data.target)
      if (running !== undefined) applyHealth(running.server.generation)
      break
    }
    case "reopen":
      running?.log?.reopen()
      break
    case "stop":
      void stop()
  }
}
