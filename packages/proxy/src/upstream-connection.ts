/**
 * One connection to an upstream: bytes to and from the client whose request it carries, else idle in its upstream's pool.
 *
 * It knows no HTTP: the client's connection reads the response, since both ends of one exchange must agree on one state.
 */
import type { Socket } from "bun"
import type { ClientConnection } from "./client-connection.ts"
import { UPSTREAM_CONNECT_FAILURES, UPSTREAM_CONNECTS } from "./counters.ts"
import { ChunkedScanner } from "./http/chunked.ts"
import { Outlet } from "./outlet.ts"
import type { ProxyServer } from "./proxy-server.ts"
import type { Upstream } from "./upstream.ts"

export class UpstreamConnection extends Outlet {
  readonly upstream: Upstream
  readonly #server: ProxyServer
  /** Whose request it carries. */
  client: ClientConnection | undefined
  /** Whether it carried another request before: then it may be closing already. */
  wasUsed = false
  isOpen = false
  isPaused = false
  /** Whether it ends with its response. */
  isLast = false
  #isClosed = false
  #hasEnded = false
  #scanner: ChunkedScanner | undefined = undefined

  constructor(server: ProxyServer, upstream: Upstream, client: ClientConnection) {
    super()
    this.#server = server
    this.upstream = upstream
    this.client = client
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
    server.wheel.schedule(this, server.site.timeouts.upstreamConnectMs)
    const options = { socket: server.upstreamHandlers, data: this, allowHalfOpen: true }
    const opening =
      upstream.unix === undefined
        ? Bun.connect({
            ...options,
            hostname: upstream.hostname,
            port: upstream.port,
            ...(upstream.isTls ? { tls: server.site.upstreamTls(upstream) } : {})
          })
        : Bun.connect({ ...options, unix: upstream.unix })
    // connectError says the same.
    opening.catch(() => undefined)
  }

  /** The socket is there; with TLS the handshake is still to come, and Bun keeps what is written until then. */
  opened(socket: Socket<unknown>): void {
    this.upstream.connecting--
    if (this.#isClosed) {
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
    this.client?.upstreamDrained()
  }

  received(bytes: Uint8Array): void {
    const { client } = this
    // Nobody asked: a response without a request can't be anybody's.
    if (client === undefined) this.terminate()
    else client.fromUpstream(this, bytes)
  }

  /** FIN: nothing more comes. */
  ended(): void {
    this.#hasEnded = true
    const { client } = this
    if (client === undefined) this.terminate()
    else client.upstreamEnded(this, true)
  }

  closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.isBroken = true
    this.#server.wheel.cancel(this)
    const { client } = this
    this.client = undefined
    if (client === undefined) this.upstream.forget(this)
    else client.upstreamEnded(this, this.#hasEnded)
  }

  /** Takes the next request. */
  attach(client: ClientConnection): void {
    this.client = client
    this.wasUsed = true
    this.#server.wheel.cancel(this)
  }

  /** The exchange is over and the connection can carry another. */
  release(): void {
    this.client = undefined
    if (this.isLast || this.isBroken || this.#hasEnded || this.#server.isStopping || !this.upstream.keep(this)) {
      const { socket } = this
      this.closed()
      socket?.end()
    } else this.#server.wheel.schedule(this, this.#server.site.timeouts.upstreamIdleMs)
  }

  pause(): void {
    if (this.isPaused || this.socket === undefined) return
    this.isPaused = true
    this.socket.pause()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.socket?.resume()
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
    this.forgetPending()
    this.#server.wheel.cancel(this)
    if (this.client === undefined) this.upstream.forget(this)
    this.client = undefined
    this.socket?.terminate()
  }

  /** The connect or idle time is over. */
  expired(): void {
    if (this.isOpen || this.client === undefined) this.terminate()
    else this.#fail("ETIMEDOUT")
  }

  #fail(reason: string): void {
    const { client, upstream } = this
    const server = this.#server
    server.counters[UPSTREAM_CONNECT_FAILURES]!++
    upstream.failed(server.wheel.nowMs)
    this.#isClosed = true
    this.isBroken = true
    server.wheel.cancel(this)
    this.client = undefined
    client?.connectFailed(this, reason)
  }
}
