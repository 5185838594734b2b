/**
 * `synprint spoa`: configuration -> capture -> answers -> SPOP listeners, p0f socket, admin; reload; polite stop.
 *
 * ```
 * opened in this order, closed in reverse, except that admin outlives the listeners:
 * configuration and databases | observation log | capture chain | p0f socket | SPOP listeners | admin | reload
 * ```
 */
import { backends } from "@synprint/backends"
import {
  type Database,
  JsonLog,
  Matcher,
  type ObservationLog,
  Observer,
  P0fLog,
  P0fResponder,
  RelayJudge,
  RequestFingerprint
} from "@synprint/core"
import {
  admin,
  applyReloads,
  captureOptions,
  type Chain,
  type ConfigInvalid,
  type ConfigRequest,
  databaseLoader,
  historyLimits,
  loadConfig,
  type LogConfig,
  logging,
  makeFingerprintLookup,
  Metrics,
  openChain,
  openObservationFile,
  printListenAddress,
  relayThresholds,
  serveUntilStopped,
  summary,
  VERSION,
  watchConfig
} from "@synprint/service"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type Config, spoaProgram } from "../config.ts"
import { type Measured, likelyCause, registerMetrics, summaryCounters } from "./metrics.ts"
import { Agent, type AgentSettings, type HttpObserver } from "./agent.ts"
import { hintRequests } from "./hinted-request.ts"
import { Counters } from "./counters.ts"
import { P0fCounters, type Reply } from "../p0f-socket/session.ts"
import { serveP0fSocket } from "../p0f-socket/socket.ts"
import { serveAgent } from "./server.ts"
import { VariableWriter, wantsHints } from "../protocol/variables.ts"
import { warmUp } from "./warm-up.ts"

/** Fingerprints remembered per database: a busy site sees a few thousand. */
const CACHED_FINGERPRINTS = 16_384

/** Longest time that an observation waits to be written. */
const FLUSH_MS = 250

export interface Loaded {
  readonly config: Config
  readonly database: Database
}

/** With its databases, so that a reload with a bad one changes nothing. */
export const loader = (request: ConfigRequest<Config>): Effect.Effect<Loaded, ConfigInvalid> => {
  const loadDatabases = databaseLoader()
  return Effect.gen(function* () {
    const config = yield* loadConfig(request)
    return { config, database: yield* loadDatabases(config.fingerprint) }
  })
}

/** Runs until a signal ends it. */
export const spoa = (request: ConfigRequest<Config>): Effect.Effect<never, unknown> =>
  Effect.gen(function* () {
    const load = loader(request)
    const first = yield* load
    return yield* serveUntilStopped(runAgent(request, first, load)).pipe(Effect.provide(logging(first.config.log)))
  })

/** Serves while the Scope is open; `load` loads again what `first` was loaded from. */
export const runAgent = (
  request: ConfigRequest<Config>,
  first: Loaded,
  load: Effect.Effect<Loaded, ConfigInvalid>
): Effect.Effect<void, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const metrics = new Metrics("spoa")
    const loaded = yield* watchConfig({
      request,
      first,
      load,
      config: (value) => value.config,
      metrics
    })
    const { config, database } = first
    const mode = config.fingerprint.mode
    // History has one source, chosen at start.
    const wantsFeed = config.capture.enabled && spoaProgram.wantsPackets(config)

    yield* warnOf(database)
    const log = yield* openObservations(config.log)
    const matcher = new Matcher(database, mode, CACHED_FINGERPRINTS)
    const observer = new Observer({
      mode,
      matcher,
      ...historyLimits(config.history),
      ...(log === undefined ? {} : { log })
    })
    const chain = yield* openCapture(config, wantsFeed)
    if (wantsFeed) {
      chain?.packets?.subscribe((frame) => observer.frame(frame))
    }
    const lookup = makeFingerprintLookup({
      capture: chain,
      observer,
      history: wantsFeed ? "feed" : "connections",
      answers: config.spoa.answers
    })

    const counters = new Counters()
    const settings = (current: Loaded): AgentSettings => ({
      lookup,
      variables: new VariableWriter(current.config.spoa.variables),
      key: current.config.capture.key,
      http: readRequest(current.database),
      hints:
        mode === "modern" && wantsHints(current.config.spoa.variables) ? hintRequests(current.config.hints) : undefined,
      relay: new RelayJudge(relayThresholds(current.config.hints))
    })
    const handler = new Agent(settings(first), counters)
    const p0f = yield* openP0f(config, observer, chain)
    const file = { mode: config.spoa.mode, owner: config.spoa.owner, group: config.spoa.group }
    const unhealthy = () => (config.admin.readyNeedsCapture ? chain?.down() : undefined)
    const measured: Measured = { counters, p0f, lookup, observer, chain }
    registerMetrics(metrics, measured)
    let isServing = true
    yield* Effect.addFinalizer(() => Effect.logInfo("stopped"))
    yield* warmUp(config, database)
    // Garbage of the start is collected now and not during the first requests.
    Bun.gc(true)
    // A scope of their own: opened before admin, so that a second instance fails at its own listener, and closed before it, so that
    // /ready says 503 while they drain.
    const listeners = yield* Scope.fork(yield* Effect.scope)
    const addresses = yield* serveAgent({ ...config.spoa, file, handler, counters, unhealthy }).pipe(
      Scope.provide(listeners)
    )
    const bound = yield* admin({
      listen: config.admin.listen,
      metrics,
      ready: () => (isServing ? unhealthy() : "stopping")
    })
    yield* summary({ read: summaryCounters(measured), cause: likelyCause })
    let matched = database
    yield* applyReloads(loaded, {
      apply: (next) =>
        Effect.gen(function* () {
          if (next.database !== matched) {
            matched = next.database
            yield* warnOf(matched)
            lookup.setMatcher(new Matcher(matched, mode, CACHED_FINGERPRINTS))
          }
          handler.settings = settings(next)
          if (chain !== undefined) {
            yield* chain
              .setFilter(captureOptions(next.config.capture, wantsFeed).filter)
              .pipe(Effect.catch((error) => Effect.logError(`keeping the previous filter: ${error.message}`)))
          }
        })
    })
    yield* Effect.addFinalizer(() => {
      isServing = false
      return Scope.close(listeners, Exit.void)
    })
    yield* Effect.logInfo(
      `synprint ${VERSION} serves SPOP on ${addresses.map(printListenAddress).join(", ")}` +
        (bound.length === 0 ? "" : `, metrics on ${bound.map(printListenAddress).join(", ")}`)
    )
  })

/** Logs lines of a database that are never used, such as one that an earlier line covers. */
const warnOf = (database: Database): Effect.Effect<void> =>
  Effect.forEach(database.warnings, (warning) => Effect.logWarning(`database: ${warning}`), { discard: true })

/** Reads `ua` and `hdrs`. Its tables are made when the first request passes either: most configurations pass neither. */
function readRequest(database: Database): HttpObserver {
  let reported: RequestFingerprint | undefined
  return (bytes, given, into) => {
    reported ??= new RequestFingerprint(database)
    reported.read(bytes, given.userAgentAt, given.userAgentLength, given.headersAt, given.headersLength, into)
  }
}

/** Opens `[log] observations`, to which the observer's log goes; undefined if no file is configured. */
const openObservations = (config: LogConfig): Effect.Effect<ObservationLog | undefined, ConfigInvalid, Scope.Scope> =>
  Effect.gen(function* () {
    const flush = (): void => log?.flush()
    const write = yield* openObservationFile(config, flush)
    if (write === undefined) return undefined
    const encoder = new TextEncoder()
    const log: (ObservationLog & { readonly flush: () => void }) | undefined =
      config.observationsFormat === "p0f" ? new P0fLog(write) : new JsonLog((text) => write(encoder.encode(text)))
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(flush, FLUSH_MS)),
      (timer) =>
        Effect.sync(() => {
          clearInterval(timer)
          flush()
        })
    )
    return log
  })

/** undefined: turned off by `[fingerprint] tcp_enabled = false`. */
const openCapture = (config: Config, feed: boolean) =>
  Effect.gen(function* () {
    if (!config.capture.enabled) {
      yield* Effect.logWarning("capture is off: fingerprint.tcp_enabled = false; every status is disabled")
      return undefined
    }
    const chain = yield* openChain(backends, config.capture.backend, captureOptions(config.capture, feed))
    yield* Effect.logInfo(chain.choice.summary)
    for (const hint of chain.choice.hints) yield* Effect.logInfo(hint)
    return chain
  })

const openP0f = (config: Config, observer: Observer, chain: Chain | undefined) =>
  Effect.gen(function* () {
    const api = config.p0fApi
    if (api === undefined) return undefined
    const counters = new P0fCounters()
    const packets = chain?.packets
    const responder = new P0fResponder(observer, api.reply)
    const reply: Reply = (query, at, out, outAt) => {
      packets?.drain()
      return responder.reply(query, at, Math.floor(Date.now() / 1000), out, outAt)
    }
    yield* serveP0fSocket({
      path: api.socket,
      file: { mode: api.mode, owner: api.owner, group: api.group },
      reply,
      counters,
      clients: api.clients,
      shutdownMs: config.spoa.shutdownMs
    })
    yield* Effect.logInfo(`p0f API on ${api.socket}, replies of ${responder.replyBytes} bytes`)
    return counters
  }) satisfies Effect.Effect<P0fCounters | undefined, unknown, Scope.Scope>
