/**
 * Listeners in a Scope: opened with lock, stale file and rights seen to; closed politely within a deadline.
 *
 * ```
 * stop:  refuse new connections, health checks fail -> answer what is in flight -> AGENT-DISCONNECT 0 -> wait for the clients -> close
 * ```
 */
import type { PrefixSet } from "@synprint/core"
import {
  type AlreadyRunning,
  type ConfigInvalid,
  type ListenAddress,
  type ListenError,
  type SocketFile,
  invalid,
  isLocal,
  listenError,
  pidLock,
  chownSocket,
  printListenAddress,
  removeStale,
  withPrivateMask
} from "@synprint/service"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Counters } from "./counters.ts"
import { type NotifyHandler, Session } from "../protocol/session.ts"
import type { Protocol } from "./stream-connection.ts"
import { type ListenerCounters, StreamListener } from "./stream-listener.ts"

/** Time in which requests that are on their way may still arrive after a stop began. */
const IN_FLIGHT_MS = 20
const POLL_MS = 5

/*
 * Bounds on the connections and the time that a stranger can hold. They are not configurable: the only real client is HAProxy on the same
 * site, whose own time-outs (spoe-agent: hello 100 ms, idle 1 minute, processing 20 ms) end a connection long before.
 */
/** HAProxy opens a connection per thread, without pipelining one per request that waits. */
const CONNECTIONS = 16_384
const HELLO_TIMEOUT_MS = 5000
/** For a client that takes none of its answers. */
const STALL_TIMEOUT_MS = 30_000
/** For the client to close after our DISCONNECT. */
const LINGER_MS = 2000
const SHUTDOWN_MS = 5000

export interface ListenOptions {
  /** The key that names the address, for messages. */
  readonly setting: string
  readonly address: ListenAddress
  readonly file: SocketFile
  readonly accept: () => Protocol
  readonly counters: ListenerCounters
  readonly allow?: PrefixSet | undefined
  readonly connections?: number
  readonly helloTimeoutMs?: number
  readonly stallTimeoutMs?: number
  readonly lingerMs?: number
  /** Time that a stop waits for clients. */
  readonly shutdownMs?: number
  /** Called when the stop begins. */
  readonly onStop?: () => void
}

export type OpenError = ListenError | AlreadyRunning | ConfigInvalid

/** Opens one listener; gives the address that was bound (a port 0 becomes the real one). */
export const openListener = (options: ListenOptions): Effect.Effect<ListenAddress, OpenError, Scope.Scope> =>
  Effect.gen(function* () {
    const { setting, address } = options
    yield* pidLock(setting, address)
    if (address.kind === "unix") yield* removeStale(setting, address)
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const open = () =>
      new StreamListener(
        {
          address,
          accept: options.accept,
          allow: options.allow,
          connections: options.connections ?? CONNECTIONS,
          helloTimeoutMs: options.helloTimeoutMs ?? HELLO_TIMEOUT_MS,
          stallTimeoutMs: options.stallTimeoutMs ?? STALL_TIMEOUT_MS,
          lingerMs: options.lingerMs ?? LINGER_MS,
          onBug: (error) => void run(Effect.logError(`unexpected: ${error.stack ?? error.message}`))
        },
        options.counters
      )
    const listener = yield* Effect.acquireRelease(
      Effect.try({
        try: () => (address.kind === "unix" ? withPrivateMask(open) : open()),
        catch: (cause) => listenError(setting, address, cause)
      }),
      (opened) => stop(opened, options)
    )
    if (address.kind === "tcp") return { kind: "tcp", host: address.host, port: listener.port }
    yield* chownSocket(setting, address, options.file)
    return address
  })

const stop = (listener: StreamListener, options: ListenOptions): Effect.Effect<void> =>
  Effect.gen(function* () {
    const deadline = performance.now() + (options.shutdownMs ?? SHUTDOWN_MS)
    options.onStop?.()
    listener.refuse()
    if (listener.open > 0) yield* Effect.sleep(IN_FLIGHT_MS)
    listener.farewell()
    while (listener.open > 0 && performance.now() < deadline) yield* Effect.sleep(POLL_MS)
    listener.close()
  })

export interface AgentServerOptions {
  readonly listen: ReadonlyArray<ListenAddress>
  readonly file: SocketFile
  /** Networks that may connect; needed as soon as an address is not loopback. */
  readonly allow: PrefixSet
  readonly maxFrameSize: number
  readonly pipelining: boolean
  readonly shutdownMs: number
  readonly handler: NotifyHandler
  readonly counters: Counters
  /** Why health checks must fail, undefined while all is well. */
  readonly unhealthy?: () => string | undefined
  readonly helloTimeoutMs?: number
  readonly stallTimeoutMs?: number
  readonly connections?: number
}

/** Serves SPOP while the Scope is open; gives the addresses that were bound. */
export const serveAgent = (
  options: AgentServerOptions
): Effect.Effect<ReadonlyArray<ListenAddress>, OpenError, Scope.Scope> =>
  Effect.gen(function* () {
    const { listen, allow, maxFrameSize, pipelining, handler, counters, unhealthy } = options
    const open = listen.find((address) => !isLocal(address))
    if (open !== undefined && allow.size === 0) {
      const hint = 'name the networks of HAProxy: allow = ["10.0.0.0/8"] in [spoa]'
      return yield* invalid(
        undefined,
        `${printListenAddress(open)} can be reached from outside (${hint})`,
        "spoa.allow"
      )
    }
    let isStopping = false
    const settings = {
      maxFrameSize,
      pipelining,
      unhealthy: () => (isStopping ? "agent is stopping" : unhealthy?.())
    }
    const { helloTimeoutMs, stallTimeoutMs, connections } = options
    return yield* Effect.forEach(
      listen,
      (address) =>
        openListener({
          setting: "spoa.listen",
          address,
          file: options.file,
          accept: () => new Session(settings, handler, counters),
          counters,
          // Only this host reaches a local address: the list is for the others.
          allow: isLocal(address) ? undefined : allow,
          shutdownMs: options.shutdownMs,
          onStop: () => {
            isStopping = true
          },
          ...(helloTimeoutMs === undefined ? {} : { helloTimeoutMs }),
          ...(stallTimeoutMs === undefined ? {} : { stallTimeoutMs }),
          ...(connections === undefined ? {} : { connections })
        }),
      { concurrency: 1 }
    )
  })
