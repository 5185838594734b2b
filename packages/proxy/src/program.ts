/**
 * `synprint proxy`: configuration -> capture -> answers -> listeners, admin; reload; graceful stop.
 *
 * ```
 * opened in this order, closed in reverse:
 * configuration and databases | echo application | capture chain | admin | listeners | reload
 * ```
 */
import { type Database, Matcher, Observer } from "@synprint/core"
import {
  type AlreadyRunning,
  type Config,
  ConfigInvalid,
  type ConfigRequest,
  type ListenAddress,
  ListenError,
  Metrics,
  VERSION,
  admin,
  background,
  captureOptions,
  databaseFileNames,
  databaseLoader,
  listenError,
  live,
  loadConfig,
  lock,
  logging,
  makeAnswerer,
  noRoute,
  openChain,
  printListenAddress,
  removeStale,
  serveUntilStopped,
  summary
} from "@synprint/core/runtime"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { backends } from "./backends.ts"
import { makeCounters } from "./counters.ts"
import { openEchoApplication } from "./echo-application.ts"
import { likelyCause, registerMetrics, summaryCounters } from "./proxy-metrics.ts"
import { ProxyServer } from "./proxy-server.ts"
import { Site, type SiteSettings } from "./site.ts"

/** Shapes remembered per database: a busy site sees a few thousand. */
const MEMO_SHAPES = 16_384
const POLL_MS = 20

interface Loaded {
  readonly config: Config
  readonly database: Database
}

const loader = (request: ConfigRequest): Effect.Effect<Loaded, ConfigInvalid> => {
  const loadDatabases = databaseLoader()
  return Effect.gen(function* () {
    const config = yield* loadConfig(request)
    const missing = noRoute(config)
    if (missing !== undefined) return yield* new ConfigInvalid({ problems: [missing] })
    return { config, database: yield* loadDatabases(config.fingerprint) }
  })
}

/** Runs until a signal ends it. */
export const proxy = (request: ConfigRequest): Effect.Effect<never, unknown> =>
  Effect.gen(function* () {
    const { log } = yield* loadConfig(request)
    return yield* serveUntilStopped(serve(request)).pipe(Effect.provide(logging(log)))
  })

const serve = (request: ConfigRequest) =>
  Effect.gen(function* () {
    const metrics = new Metrics("proxy")
    const loaded = yield* live({
      load: loader(request),
      files: ({ config }) => [
        ...(config.file === undefined ? [] : [config.file]),
        ...databaseFileNames(config.fingerprint)
      ],
      watch: ({ config }) => config.reload.watch,
      metrics
    })
    const first = loaded.current()
    const { config, database } = first
    const { mode } = config.fingerprint
    const echo = config.file === undefined ? yield* openEcho : undefined
    const matcher = new Matcher(database, mode, MEMO_SHAPES)
    const observer = new Observer({
      mode,
      matcher,
      maxFlows: config.history.flows,
      maxHosts: config.history.hosts,
      flowAgeSeconds: config.history.flowIdleMs / 1000,
      hostIdleMinutes: config.history.idleMs / 60_000
    })
    const chain = yield* openCapture(config)
    const answerer = makeAnswerer({
      capture: chain,
      matcher,
      observer,
      history: "connections",
      answers: config.proxy.limits.connections
    })

    const counters = makeCounters()
    const site = new Site(siteSettings(config, echo), undefined)
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => new ProxyServer({ site, answerer, key: config.capture.key, counters })),
      (opened) => stop(opened, config.proxy.timeouts.shutdownMs)
    )
    registerMetrics(metrics, { counters, server, answerer, chain })
    let state: "starting" | "serving" | "stopping" = "starting"
    const bound = yield* admin({
      listen: config.admin.listen,
      metrics,
      ready: () => (state === "serving" ? (config.admin.readyNeedsCapture ? chain?.down() : undefined) : state)
    })
    const addresses = yield* Effect.forEach(config.proxy.listen, (address) => openListener(server, address))
    yield* summary({ read: () => summaryCounters(counters), cause: likelyCause })
    let matched = database
    yield* background(
      "reload",
      loaded.changes.pipe(
        Stream.filter((next) => next !== first),
        Stream.runForEach((next) =>
          Effect.sync(() => {
            if (next.database !== matched) {
              matched = next.database
              answerer.setMatcher(new Matcher(matched, mode, MEMO_SHAPES))
            }
            server.reload(new Site(siteSettings(next.config, echo), server.site))
          })
        )
      )
    )
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        state = "stopping"
      })
    )
    state = "serving"
    yield* Effect.logInfo(
      `synprint ${VERSION} serves HTTP on ${addresses.map(printListenAddress).join(", ")}` +
        (bound.length === 0 ? "" : `, metrics on ${bound.map(printListenAddress).join(", ")}`)
    )
    if (echo !== undefined) {
      const address = addresses.find(({ kind }) => kind === "tcp")
      if (address !== undefined)
        yield* Effect.logInfo(
          `no configuration: requests are shown as an application would see them; try curl http://${printListenAddress(address)}/`
        )
    }
  })

/** Without a configuration file every request goes to the echo application; a configuration without routes was refused. */
function siteSettings(config: Config, echo: string | undefined): SiteSettings {
  const routes =
    echo === undefined
      ? config.routes
      : [
          {
            host: "*",
            path: "/",
            upstreams: [echo],
            forceNewConnection: false,
            stripPrefix: false,
            replacePrefix: "",
            setHost: "",
            addHeaders: [],
            removeHeaders: [],
            addResponseHeaders: [],
            removeResponseHeaders: []
          }
        ]
  return { proxy: config.proxy, routes, headers: config.headers }
}

const openEcho = Effect.acquireRelease(
  Effect.sync(() => openEchoApplication()),
  (opened) => Effect.sync(() => opened.close())
).pipe(Effect.map(({ target }) => target))

const openListener = (
  server: ProxyServer,
  address: ListenAddress
): Effect.Effect<ListenAddress, ListenError | AlreadyRunning, Scope.Scope> =>
  Effect.gen(function* () {
    yield* lock("proxy.listen", address)
    if (address.kind === "unix") yield* removeStale("proxy.listen", address)
    return yield* Effect.try({
      try: () => server.listen(address),
      catch: (cause) => listenError("proxy.listen", address, cause)
    })
  })

/** Idle connections close, requests on their way are answered, the rest ends with the deadline. */
const stop = (server: ProxyServer, shutdownMs: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const deadline = performance.now() + shutdownMs
    server.stop()
    while (server.open > 0 && performance.now() < deadline) yield* Effect.sleep(POLL_MS)
    server.close()
  })

/** undefined: turned off by `[fingerprint] tcp_enabled = false`. */
const openCapture = (config: Config) =>
  Effect.gen(function* () {
    if (!config.capture.enabled) {
      yield* Effect.logWarning("capture is off: fingerprint.tcp_enabled = false; every status is disabled")
      return undefined
    }
    const ports = config.proxy.listen.flatMap((address) =>
      address.kind === "tcp" && address.port !== 0 ? [address.port] : []
    )
    const capture =
      config.capture.ports.length > 0 || config.capture.key === "client" ? config.capture : { ...config.capture, ports }
    const chain = yield* openChain(backends, config.capture.backend, captureOptions(capture, false))
    yield* Effect.logInfo(chain.choice.summary)
    for (const hint of chain.choice.hints) yield* Effect.logInfo(hint)
    return chain
  })
