/**
 * A stream listener, TCP or unix, that serves a Protocol to every client: limits, time-outs and a polite end.
 *
 * Time-outs are checked twice a second over the few connections that one runs for: those without a whole HELLO, those that don't
 * read, and those that got a DISCONNECT. Idle connections are in none of the three and are never closed.
 */
import type { SocketHandler, TCPSocketListener, UnixSocketListener } from "bun"
import { type PrefixSet, makeConnectionKey, parseAddress } from "@synprint/core"
import type { ListenAddress } from "@synprint/service"
import { libc } from "@synprint/linux/sockets"
import { Output } from "../protocol/output.ts"
import { type ConnectionOwner, type Protocol, StreamConnection } from "./stream-connection.ts"

export interface ListenerSettings {
  readonly address: ListenAddress
  readonly accept: () => Protocol
  /** Networks that may connect; undefined: all. Unix sockets have their mode instead. */
  readonly allow: PrefixSet | undefined
  /** More clients than that are closed at once. */
  readonly connections: number
  readonly helloTimeoutMs: number
  /** Time for which a client may read nothing while output waits for it. */
  readonly stallTimeoutMs: number
  /** Time for which a client may keep its half open after we closed ours. */
  readonly lingerMs: number
  /** Receives errors that should not happen. */
  readonly onBug: (error: Error) => void
}

/** Counters of a listener; hot code increments them. */
export interface ListenerCounters {
  /** Connections accepted, and open now. */
  connections: number
  open: number
  /** Connections closed at once: not in the allow list, or too many. */
  denied: number
  /** Connections closed because their greeting came too late, or because they did not read. */
  helloTimeouts: number
  stalls: number
}

/** Connections that may wait to be accepted; the kernel lowers it to net.core.somaxconn. Bun's own is 512. */
const BACKLOG = 4096
const SWEEP_MS = 500

export class StreamListener implements ConnectionOwner {
  readonly output = new Output()
  readonly stalled = new Set<StreamConnection>()
  readonly lingering = new Set<StreamConnection>()
  readonly nowMs = (): number => performance.now()
  readonly #settings: ListenerSettings
  readonly #counters: ListenerCounters
  readonly #all = new Set<StreamConnection>()
  readonly #ungreeted = new Set<StreamConnection>()
  readonly #listener: TCPSocketListener<StreamConnection> | UnixSocketListener<StreamConnection>
  readonly #sweep: ReturnType<typeof setInterval>
  readonly #address = makeConnectionKey()
  #isStopping = false

  /** Throws what Bun.listen throws. */
  constructor(settings: ListenerSettings, counters: ListenerCounters) {
    this.#settings = settings
    this.#counters = counters
    const socket: SocketHandler<StreamConnection> = {
      binaryType: "uint8array",
      open: (client) => this.#open(client),
      data: (client, chunk) => {
        const connection = client.data
        if (connection === undefined) return
        connection.read(chunk)
        if (this.#ungreeted.size > 0 && connection.protocol.isGreeted) this.#ungreeted.delete(connection)
      },
      drain: (client) => client.data?.drained(),
      end: (client) => {
        if (client.data === undefined) client.end()
        else client.data.peerEnded()
      },
      close: (client) => this.#close(client.data),
      error: (client, error) => {
        // ECONNRESET and EPIPE are how HAProxy ends most connections; `close` follows.
        if (typeof (error as NodeJS.ErrnoException).code === "string") return
        // An exception in a handler costs its connection, and no other.
        settings.onBug(error)
        client.data?.abort()
      }
    }
    const { address } = settings
    this.#listener =
      address.kind === "unix"
        ? Bun.listen<StreamConnection>({ unix: address.path, socket, allowHalfOpen: true })
        : Bun.listen<StreamConnection>({ hostname: address.host, port: address.port, socket, allowHalfOpen: true })
    // listen(2) may be called again: it sets the backlog, for which Bun has no option.
    const { fd } = this.#listener as { readonly fd?: number }
    if (fd !== undefined && fd >= 0) libc.listen(fd, BACKLOG)
    this.#sweep = setInterval(() => this.#checkTimeouts(), SWEEP_MS)
  }

  /** The port that was bound, of TCP. */
  get port(): number {
    return "port" in this.#listener ? this.#listener.port : 0
  }

  get open(): number {
    return this.#all.size
  }

  /** Refuses new connections; those that are open go on. */
  refuse(): void {
    this.#isStopping = true
    this.#listener.stop()
  }

  /** Says good-bye to every client. */
  farewell(): void {
    for (const connection of this.#all) connection.stop()
  }

  /** Closes everything at once. */
  close(): void {
    clearInterval(this.#sweep)
    this.#listener.stop(true)
    for (const connection of this.#all) connection.abort()
    this.#all.clear()
    this.#ungreeted.clear()
  }

  #open(client: Bun.Socket<StreamConnection>): void {
    const counters = this.#counters
    const { connections, allow, address } = this.#settings
    if (
      this.#isStopping ||
      this.#all.size >= connections ||
      (allow !== undefined && address.kind === "tcp" && !this.#isAllowed(allow, client.remoteAddress))
    ) {
      counters.denied++
      client.terminate()
      return
    }
    counters.connections++
    counters.open++
    const connection = new StreamConnection(client, this.#settings.accept(), this)
    client.data = connection
    this.#all.add(connection)
    if (!connection.protocol.isGreeted) this.#ungreeted.add(connection)
  }

  #close(connection: StreamConnection | undefined): void {
    if (connection === undefined) return
    connection.closed()
    if (this.#all.delete(connection)) this.#counters.open--
    this.#ungreeted.delete(connection)
  }

  #isAllowed(allow: PrefixSet, remote: string): boolean {
    const family = parseAddress(remote, this.#address)
    return family !== 0 && allow.containsBytes(family, this.#address)
  }

  #checkTimeouts(): void {
    const now = this.nowMs()
    const { helloTimeoutMs, stallTimeoutMs, lingerMs } = this.#settings
    for (const connection of this.#ungreeted) {
      if (now - connection.openedAtMs < helloTimeoutMs) break // in order of their opening
      this.#counters.helloTimeouts++
      this.#ungreeted.delete(connection)
      connection.abort()
    }
    for (const connection of this.stalled) {
      if (now - connection.sinceMs < stallTimeoutMs) continue
      this.#counters.stalls++
      connection.abort()
    }
    for (const connection of this.lingering) if (now - connection.sinceMs >= lingerMs) connection.abort()
  }
}
