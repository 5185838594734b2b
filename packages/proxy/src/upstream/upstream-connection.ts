/**
 * One connection to an upstream: it carries bytes to and from an exchange or a tunnel, or is idle in the pool of its upstream.
 *
 * It knows no HTTP: the exchange reads the response, since request and response must agree on one state.
 */
import type { Socket, SocketHandler } from "bun"
import type { Services } from "../connection/services.ts"
import { UPSTREAM_CONNECT_FAILURES, UPSTREAM_CONNECTS } from "../operations/counters.ts"
import { BUFFER_SIZE } from "../socket/epoll-reader.ts"
import { libc, MSG_DONTWAIT, MSG_PEEK, type Ownership, SocketWriter } from "@synprint/linux/sockets"
import { type ReadTarget, SocketReader } from "../socket/socket-reader.ts"
import { type Expirable, TimerEntry } from "../socket/timer-wheel.ts"
import type { PooledConnection, Upstream } from "./upstream.ts"
import type { Downstream } from "./upstream-stream.ts"

// An ArrayBuffer of its own never moves under native code.
const peeked = new Uint8Array(new ArrayBuffer(1))

/** Handlers of the sockets of all upstream connections. `onError` gets what a handler threw and closes by `end`. */
export function upstreamHandlers(onError: (error: Error, end: () => void) => void): SocketHandler<UpstreamConnection> {
  return {
    binaryType: "uint8array",
    open: (socket) => socket.data.opened(socket as Socket<unknown>),
    data: (socket, chunk) => socket.data.received(chunk),
    drain: (socket) => socket.data.drained(),
    end: (socket) => socket.data.ended(),
    close: (socket) => socket.data.onClosed(),
    connectError: (socket, error) => socket.data.connectFailed((error as NodeJS.ErrnoException).code ?? error.message),
    error: (socket, error) => onError(error, () => socket.data.abort())
  }
}

export class UpstreamConnection implements PooledConnection, ReadTarget, Expirable {
  readonly upstream: Upstream
  readonly reader: SocketReader
  isLast = false
  readonly #writer = new SocketWriter()
  readonly #timer = new TimerEntry(this)
  readonly #services: Services
  readonly #handlers: SocketHandler<UpstreamConnection>
  #downstream: Downstream | undefined
  #isOpen = false
  /** True after a read that filled the epoll reader's buffer: such responses are read by Bun, whose buffer is larger. */
  #isBulky = false
  #isClosed = false
  #hasEnded = false

  constructor(
    services: Services,
    handlers: SocketHandler<UpstreamConnection>,
    upstream: Upstream,
    downstream: Downstream
  ) {
    this.#services = services
    this.#handlers = handlers
    this.upstream = upstream
    this.#writer.isPlain = !upstream.isTls
    this.reader = new SocketReader(this, this.#writer)
    this.#downstream = downstream
  }

  get isBroken(): boolean {
    return this.#writer.isBroken
  }

  get isSilent(): boolean {
    const fd = (this.#writer.socket as { readonly fd?: number } | undefined)?.fd
    return fd === undefined || fd < 0 || libc.recv(fd, peeked, 1, MSG_PEEK | MSG_DONTWAIT) < 0
  }

  // ---- opening

  connect(): void {
    const { upstream } = this
    const services = this.#services
    services.counters[UPSTREAM_CONNECTS]!++
    upstream.connecting++
    services.timers.schedule(this.#timer, services.generation.timeouts.upstreamConnectMs)
    const options = { socket: this.#handlers, data: this, allowHalfOpen: true }
    const opening =
      upstream.unix === undefined
        ? Bun.connect({
            ...options,
            hostname: upstream.hostname,
            port: upstream.port,
            ...(upstream.tls === undefined ? {} : { tls: upstream.tls })
          })
        : Bun.connect({ ...options, unix: upstream.unix })
    // The handler connectError reports the same error.
    opening.catch(() => undefined)
  }

  /** The socket is connected; with TLS the handshake is over (there is no handshake handler) and may have failed. */
  opened(socket: Socket<unknown>): void {
    const { upstream } = this
    const services = this.#services
    upstream.connecting--
    if (this.#isClosed) {
      socket.terminate()
      return
    }
    if (upstream.isTls && !socket.authorized) {
      const fault = `TLS: ${socket.getAuthorizationError()?.message ?? "no certificate"}`
      if (upstream.isNews(fault, services.timers.nowMs)) services.warn(`${upstream.target}: ${fault}`)
      this.#fail("ETLS")
      socket.terminate()
      return
    }
    this.#isOpen = true
    this.#writer.open(socket)
    this.reader.open()
    services.timers.cancel(this.#timer)
    upstream.succeeded()
    this.drained()
  }

  connectFailed(reason: string): void {
    this.upstream.connecting--
    if (!this.#isClosed) this.#fail(reason)
  }

  #fail(reason: string): void {
    const { upstream } = this
    const services = this.#services
    services.counters[UPSTREAM_CONNECT_FAILURES]!++
    upstream.failed(services.timers.nowMs)
    this.#isClosed = true
    this.#writer.isBroken = true
    services.timers.cancel(this.#timer)
    const downstream = this.#detach()
    downstream?.connectFailed(reason)
  }

  // ---- events of the socket

  drained(): void {
    if (this.#writer.flush()) this.#downstream?.upstreamDrained()
  }

  received(bytes: Uint8Array): void {
    this.#deliver(bytes, false)
  }

  receivedBorrowed(bytes: Uint8Array): void {
    this.#deliver(bytes, true)
  }

  #deliver(bytes: Uint8Array, isBorrowed: boolean): void {
    const downstream = this.#downstream
    if (bytes.length >= BUFFER_SIZE) this.#isBulky = true
    // Unsolicited response: drop the connection.
    if (downstream === undefined) this.drop()
    else downstream.fromUpstream(bytes, isBorrowed)
  }

  onReadError(): void {
    this.abort()
  }

  /** A handler threw, or the socket can't be read: closes at once, and the downstream hears of it. */
  abort(): void {
    const downstream = this.#downstream
    this.drop()
    downstream?.upstreamEnded(false)
  }

  /** The upstream sent FIN. */
  ended(): void {
    this.#hasEnded = true
    const downstream = this.#downstream
    if (downstream === undefined) this.drop()
    else downstream.upstreamEnded(true)
  }

  /** The socket is closed. */
  onClosed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#writer.isBroken = true
    this.reader.close()
    this.#services.timers.cancel(this.#timer)
    const downstream = this.#detach()
    if (downstream === undefined) this.upstream.remove(this)
    else downstream.upstreamEnded(this.#hasEnded)
  }

  /** The time to connect, or to be idle, has passed. */
  expired(): void {
    if (this.#isOpen || this.#downstream === undefined) this.drop()
    else this.#fail("ETIMEDOUT")
  }

  // ---- UpstreamStream

  attach(downstream: Downstream): void {
    this.#downstream = downstream
    this.#services.timers.suspend(this.#timer)
  }

  #detach(): Downstream | undefined {
    const downstream = this.#downstream
    this.#downstream = undefined
    return downstream
  }

  send(bytes: Uint8Array, from: number, end: number, ownership: Ownership): boolean {
    return this.#writer.send(bytes, from, end, ownership)
  }

  takePending(): ReadonlyArray<Uint8Array> {
    return this.#writer.takePending()
  }

  pauseReading(): void {
    this.reader.pause()
  }

  resumeReading(): void {
    this.reader.resume()
  }

  detachEpoll(): void {
    this.reader.detachEpoll()
  }

  shutdown(): void {
    if (!this.#writer.hasPending) this.#writer.shutdown()
  }

  release(): void {
    const services = this.#services
    this.#detach()
    const isOver = this.isLast || this.isBroken || this.#hasEnded || services.isStopping
    if (isOver || !this.upstream.release(this)) {
      const { socket } = this.#writer
      this.onClosed()
      socket?.end()
      return
    }
    services.timers.schedule(this.#timer, services.generation.timeouts.upstreamIdleMs)
    if (this.#isBulky) this.#isBulky = false
    else if (services.epollReader !== undefined) this.reader.attachEpoll(services.epollReader)
  }

  /** Closes at once, by RST if something was on its way. */
  drop(): void {
    const isIdle = this.#detach() === undefined
    if (this.#isClosed) return
    this.#isClosed = true
    this.#writer.close()
    this.reader.close()
    this.#services.timers.cancel(this.#timer)
    if (isIdle) this.upstream.remove(this)
    this.#writer.socket?.terminate()
  }
}
