/**
 * One connection to an upstream: bytes to and from the exchange that it carries, else idle in its upstream's pool.
 *
 * It knows no HTTP: the exchange reads the response, since both ends of it must agree on one state.
 */
import type { Socket } from "bun"
import { UPSTREAM_CONNECT_FAILURES, UPSTREAM_CONNECTS } from "../operations/counters.ts"
import { ChunkedScanner } from "../http1/chunked.ts"
import { SocketReader } from "../socket/socket-reader.ts"
import { libc } from "../socket/libc.ts"
import type { ProxyServer } from "../worker/proxy-server.ts"
import { BUFFER_SIZE } from "../socket/epoll-reader.ts"
import type { Upstream } from "./upstream.ts"

// sys/socket.h
const MSG_PEEK = 2
const MSG_DONTWAIT = 0x40

// Its own ArrayBuffer: memory that never moves under native code.
const peeked = new Uint8Array(new ArrayBuffer(1))

/** Whose bytes it carries: an exchange or a tunnel. */
export interface Downstream {
  readonly fromUpstream: (upstream: UpstreamConnection, chunk: Uint8Array, isBorrowed: boolean) => void
  /** What waited for the upstream has gone. */
  readonly upstreamDrained: () => void
  readonly upstreamEnded: (upstream: UpstreamConnection, isClean: boolean) => void
  readonly connectFailed: (upstream: UpstreamConnection, reason: string) => void
}

export class UpstreamConnection extends SocketReader {
  readonly upstream: Upstream
  readonly #server: ProxyServer
  downstream: Downstream | undefined
  /** Whether it carried another request before: then it may be closing already. */
  wasUsed = false
  isOpen = false
  /** Whether it ends with its response. */
  isLast = false
  /** Whether a read was more than the lane takes: one with such responses stays with Bun, whose buffer is larger. */
  #isBulky = false
  #isClosed = false
  #hasEnded = false
  #scanner: ChunkedScanner | undefined = undefined

  constructor(server: ProxyServer, upstream: Upstream, downstream: Downstream) {
    super()
    this.#server = server
    this.upstream = upstream
    this.isPlain = !upstream.isTls
    this.downstream = downstream
  }

  /** Its own, made when first needed. */
  get scanner(): ChunkedScanner {
    return (this.#scanner ??= new ChunkedScanner())
  }

  /** Opens it; what was sent before waits. */
  connect(): void {
    const { upstream } = this
    const server = this.#server
    server.counters[UPSTREAM_CONNECTS]!++
    upstream.connecting++
    server.wheel.schedule(this, server.generation.timeouts.upstreamConnectMs)
    const options = { socket: server.upstreamHandlers, data: this, allowHalfOpen: true }
    const opening =
      upstream.unix === undefined
        ? Bun.connect({
            ...options,
            hostname: upstream.hostname,
            port: upstream.port,
            ...(upstream.tls === undefined ? {} : { tls: upstream.tls })
          })
        : Bun.connect({ ...options, unix: upstream.unix })
    // connectError says the same.
    opening.catch(() => undefined)
  }

  /** The socket is there; with TLS the handshake is over (there is no handshake handler), and may have failed. */
  opened(socket: Socket<unknown>): void {
    this.upstream.connecting--
    if (this.#isClosed) {
      socket.terminate()
      return
    }
    if (this.upstream.isTls && !socket.authorized) {
      const fault = `TLS: ${socket.getAuthorizationError()?.message ?? "no certificate"}`
      if (this.upstream.isNews(fault, this.#server.wheel.nowMs)) this.#server.warn(`${this.upstream.target}: ${fault}`)
      this.#fail("ETLS")
      socket.terminate()
      return
    }
    this.isOpen = true
    this.socket = socket
    this.#server.wheel.cancel(this)
    this.upstream.succeeded()
    this.drained()
  }

  connectFailed(reason: string): void {
    this.upstream.connecting--
    if (this.#isClosed) return
    this.#fail(reason)
  }

  drained(): void {
    if (!this.flush()) return
    this.downstream?.upstreamDrained()
  }

  received(bytes: Uint8Array): void {
    const { downstream } = this
    if (bytes.length >= BUFFER_SIZE) this.#isBulky = true
    // Nobody asked: a response without a request can't be anybody's.
    if (downstream === undefined) this.terminate()
    else downstream.fromUpstream(this, bytes, false)
  }

  receivedBorrowed(bytes: Uint8Array): void {
    const { downstream } = this
    if (downstream === undefined) this.terminate()
    else {
      if (bytes.length >= BUFFER_SIZE) this.#isBulky = true
      downstream.fromUpstream(this, bytes, true)
    }
  }

  broke(): void {
    this.terminate()
  }

  /** FIN: nothing more comes. */
  ended(): void {
    this.#hasEnded = true
    const { downstream } = this
    if (downstream === undefined) this.terminate()
    else downstream.upstreamEnded(this, true)
  }

  closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.isBroken = true
    this.dropEpoll()
    this.#server.wheel.cancel(this)
    const { downstream } = this
    this.downstream = undefined
    if (downstream === undefined) this.upstream.forget(this)
    else downstream.upstreamEnded(this, this.#hasEnded)
  }

  /** Whether the kernel holds nothing of the upstream's: not its end, whose event is yet to come, and no byte that nobody asked for. */
  get isSilent(): boolean {
    const fd = (this.socket as { readonly fd?: number } | undefined)?.fd
    return fd === undefined || fd < 0 || libc.recv(fd, peeked, 1, MSG_PEEK | MSG_DONTWAIT) < 0
  }

  /** Takes the next request. */
  attach(downstream: Downstream): void {
    this.downstream = downstream
    this.wasUsed = true
    this.#server.wheel.suspend(this)
  }

  /** The exchange is over and the connection can carry another. */
  release(): void {
    this.downstream = undefined
    if (this.isLast || this.isBroken || this.#hasEnded || this.#server.isStopping || !this.upstream.keep(this)) {
      const { socket } = this
      this.closed()
      socket?.end()
    } else {
      this.#server.wheel.schedule(this, this.#server.generation.timeouts.upstreamIdleMs)
      const { epollReader } = this.#server
      if (this.#isBulky) this.#isBulky = false
      else if (epollReader !== undefined && this.readerSlot < 0) this.attachEpoll(epollReader)
    }
  }

  /** Closes our half: the client's is closed too. */
  finish(): void {
    if (!this.hasPending) this.socket?.shutdown()
  }

  /** Closes at once, by RST when something was on its way. */
  terminate(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.isBroken = true
    this.dropEpoll()
    this.forgetPending()
    this.#server.wheel.cancel(this)
    if (this.downstream === undefined) this.upstream.forget(this)
    this.downstream = undefined
    this.socket?.terminate()
  }

  /** Whoever it carried wants nothing more of it. */
  drop(): void {
    this.downstream = undefined
    this.terminate()
  }

  /** The connect or idle time is over. */
  expired(): void {
    if (this.isOpen || this.downstream === undefined) this.terminate()
    else this.#fail("ETIMEDOUT")
  }

  #fail(reason: string): void {
    const { downstream, upstream } = this
    const server = this.#server
    server.counters[UPSTREAM_CONNECT_FAILURES]!++
    upstream.failed(server.wheel.nowMs)
    this.#isClosed = true
    this.isBroken = true
    server.wheel.cancel(this)
    this.downstream = undefined
    downstream?.connectFailed(this, reason)
  }
}
