/**
 * `synprint proxy`: the main thread, which serves no request: configuration, listening sockets, Workers, admin.
 *
 * ```
 * opened in this order, closed in reverse:
 * configuration, databases, certificates | echo application | admin | listening sockets | Workers | reload
 * ```
 */
import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import {
  admin,
  applyReloads,
  type ConfigInvalid,
  type ConfigRequest,
  databaseLoader,
  EXIT_FAILURE,
  invalid,
  listenError,
  loadConfig,
  logging,
  Metrics,
  onSignal,
  openObservationFile,
  pidLock,
  printListenAddress,
  serveUntilStopped,
  summary,
  VERSION,
  watchConfig
} from "@synprint/service"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type { Config } from "./config/program.ts"
import { openShared, optionsOf } from "./worker/capture.ts"
import { openEchoApplication } from "./echo-application.ts"
import { HealthChecks } from "./upstream/health-checks.ts"
import { adoptListeningSocket, libc, openListeningSocket, passedSockets } from "@synprint/linux/sockets"
import { likelyCause, registerMetrics, summaryCounters } from "./operations/metrics.ts"
import type { Descriptor } from "./worker/proxy-server.ts"
import { selfTest } from "./worker/self-test.ts"
import { openWorkerPool } from "./worker/worker-pool.ts"

/** With databases and certificates, so that a reload with a bad one changes nothing. */
const loader = (request: ConfigRequest<Config>): Effect.Effect<Config, ConfigInvalid> => {
  const loadDatabases = databaseLoader()
  return Effect.tap(loadConfig(request), ({ fingerprint }) => loadDatabases(fingerprint))
}

/** Runs until a signal ends it. */
export const proxy = (request: ConfigRequest<Config>): Effect.Effect<never, unknown> =>
  Effect.gen(function* () {
    const load = loader(request)
    const config = yield* load
    return yield* serveUntilStopped(serve(request, config, load)).pipe(Effect.provide(logging(config.log)))
  })

const serve = (request: ConfigRequest<Config>, config: Config, load: Effect.Effect<Config, ConfigInvalid>) =>
  Effect.gen(function* () {
    const metrics = new Metrics("proxy")
    const loaded = yield* watchConfig({
      request,
      first: config,
      load,
      config: (value) => value,
      metrics
    })
    yield* testStart(config)
    if (!config.capture.enabled)
      yield* Effect.logWarning("capture is off: fingerprint.tcp_enabled = false; every status is disabled")
    const echo = config.file === undefined ? yield* openEcho : undefined
    const threads = config.proxy.workers === 0 ? availableParallelism() : config.proxy.workers
    let state: "starting" | "serving" | "stopping" = "starting"
    yield* Effect.addFinalizer(() => Effect.logInfo("stopped"))
    let unhealthy = (): string | undefined => undefined
    // Before the listeners, so that /ready says 503 until they are open and again while they close.
    const bound = yield* admin({
      listen: config.admin.listen,
      metrics,
      ready: () => (state === "serving" ? unhealthy() : state)
    })
    const sockets = yield* openSockets(config, threads)
    const observed = yield* openObservationFile(config.log, () => {})
    const shared = yield* openShared(config, sockets.descriptors[0] ?? [])
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const pool = yield* openWorkerPool({
      config,
      echo,
      threads,
      descriptors: sockets.descriptors,
      shutdownMs: config.proxy.timeouts.shutdownMs,
      shared: Object.fromEntries([...shared].map(([name, { handle }]) => [name, handle])),
      observed: observed ?? (() => {}),
      log: (level, message) => {
        run(
          level === "error"
            ? Effect.logError(message)
            : level === "warn"
              ? Effect.logWarning(message)
              : Effect.logInfo(message)
        )
      }
    })
    registerMetrics(metrics, pool, shared)
    const lost = (): string | undefined =>
      pool.reports.down() ?? [...shared].map(([name, { down }]) => down() && `${name}: ${down()}`).find(Boolean)
    if (config.admin.readyNeedsCapture) unhealthy = lost
    yield* onSignal("SIGUSR1", () => pool.reopen())
    const health = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new HealthChecks(config, (target, isHealthy, reason) => {
            pool.setHealth(target, isHealthy)
            run(isHealthy ? Effect.logInfo(`${target} is back`) : Effect.logWarning(`${target} is out: ${reason}`))
          })
      ),
      (opened) => Effect.sync(() => opened.stop())
    )
    metrics.read("synprint_upstreams_out", "gauge", "Upstreams that health checks took out.", () => health.out.length)
    yield* summary({ read: () => summaryCounters(pool), cause: likelyCause })
    yield* applyReloads(loaded, {
      apply: (next) =>
        Effect.gen(function* () {
          pool.reload({ config: next, echo })
          health.reload(next)
          const { filter } = optionsOf(next, sockets.descriptors[0] ?? [])
          for (const { setFilter } of shared.values())
            yield* setFilter(filter).pipe(
              Effect.catch((error) => Effect.logError(`keeping the previous filter: ${error.message}`))
            )
        })
    })
    // Last in, first out: readiness fails before anything closes.
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        state = "stopping"
      })
    )
    state = "serving"
    yield* Effect.logInfo(
      `synprint ${VERSION} serves ${sockets.names.join(", ")} with ${threads} ${threads === 1 ? "worker" : "workers"}` +
        (bound.length === 0 ? "" : `, metrics on ${bound.map(printListenAddress).join(", ")}`)
    )
    const address = sockets.names[0]
    if (echo !== undefined && address !== undefined)
      yield* Effect.logInfo(
        `no configuration: requests are shown as an application would see them; try curl ${address}/`
      )
  })

/** This Bun does not do what the proxy is built on. */
class SelfTestFailed extends Data.TaggedError("SelfTestFailed")<{ readonly message: string }> {
  override get [Runtime.errorExitCode](): number {
    return EXIT_FAILURE
  }
}

const testStart = ({ proxy: { tls } }: Config) =>
  Effect.gen(function* () {
    const pair = tls.listen.length > 0 ? tls.certificates[0] : undefined
    const findings = yield* Effect.promise(() =>
      selfTest(pair && { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) })
    )
    for (const { level, message } of findings) {
      if (level === "error") return yield* new SelfTestFailed({ message: `start-up test: ${message}` })
      yield* Effect.logWarning(`start-up test: ${message}`)
    }
  })

const openEcho = Effect.acquireRelease(
  Effect.sync(() => openEchoApplication()),
  (opened) => Effect.sync(() => opened.close())
).pipe(Effect.map(({ target }) => target))

/** One socket per listen address and thread; they share the port, and the kernel spreads connections over them. */
const openSockets = (config: Config, threads: number) =>
  Effect.gen(function* () {
    const descriptors: Array<Array<Descriptor>> = Array.from({ length: threads }, () => [])
    const names: Array<string> = []
    const passed = passedSockets(process.env, process.pid)
    if (passed.length > 0) {
      for (const { fd, isTls } of passed) {
        const { port } = yield* Effect.try({
          try: () => adoptListeningSocket(fd),
          catch: (cause) => invalid(undefined, `LISTEN_FDS: ${(cause as Error).message} (pass listening TCP sockets)`)
        })
        if (isTls && config.proxy.tls.certificates.length === 0)
          return yield* invalid(
            config.file,
            "a socket for TLS was passed, and there is no certificate",
            "proxy.tls.certificates"
          )
        // All threads accept from the one queue.
        for (const each of descriptors) each.push({ fd, port, isTls })
        names.push(`${isTls ? "https" : "http"}://*:${port} (passed)`)
      }
      return { descriptors, names }
    }
    for (const [setting, addresses, isTls] of [
      ["proxy.listen", config.proxy.listen, false],
      ["proxy.tls.listen", config.proxy.tls.listen, true]
    ] as const) {
      for (const address of addresses) {
        if (address.kind === "unix")
          return yield* invalid(
            config.file,
            "the proxy listens on TCP addresses: there is no SYN on a unix socket",
            setting
          )
        yield* pidLock(setting, address)
        let { port } = address
        for (let thread = 0; thread < threads; thread++) {
          const at = { ...address, port }
          const socket = yield* Effect.acquireRelease(
            Effect.try({
              try: () => openListeningSocket(at, config.proxy.limits.backlog),
              catch: (cause) => listenError(setting, at, cause)
            }),
            ({ fd }) => Effect.sync(() => void libc.close(fd))
          )
          // A port 0 is known by now, and no other instance may share it.
          if (port === 0) yield* pidLock(setting, { ...address, port: socket.port })
          port = socket.port
          if (!socket.savesSyn && thread === 0)
            yield* Effect.logWarning(
              "this kernel keeps no SYN with the socket (TCP_SAVE_SYN, Linux 4.3): only other backends can answer"
            )
          descriptors[thread]!.push({ fd: socket.fd, port, isTls })
        }
        names.push(`${isTls ? "https" : "http"}://${printListenAddress({ ...address, port })}`)
      }
    }
    return { descriptors, names }
  })
