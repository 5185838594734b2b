/**
 * One thread's proxy: its listeners, its connections, and what they share: parsers, one output buffer, one timer wheel.
 */
import type { Socket, SocketHandler, TCPSocketListener } from "bun"
import type { Answerer, ListenAddress } from "@synprint/core/runtime"
import { ClientConnection } from "./client-connection.ts"
import { CONNECTIONS, type Counters, DENIED, OPEN } from "./counters.ts"
import { octets } from "./http/octets.ts"
import { RequestHead } from "./http/request-head.ts"
import { ResponseHead } from "./http/response-head.ts"
import { openListeningSocket } from "./listening-socket.ts"
import { PeerReader } from "./peer-reader.ts"
import type { Site } from "./site.ts"
import { TICK_MS, TimerWheel } from "./timer-wheel.ts"
import type { UpstreamConnection } from "./upstream-connection.ts"

/** A head with its blocks, and room for a body that fits beside it: one write for most messages. */
const OUTPUT_SIZE = 131_072

const HTTP = octets("http")

export interface ProxyServerOptions {
  readonly site: Site
  readonly answerer: Answerer
  readonly key: "connection" | "client"
  readonly counters: Counters
}

export class ProxyServer {
  site: Site
  isStopping = false
  readonly counters: Counters
  readonly wheel: TimerWheel = new TimerWheel()
  readonly requestHead: RequestHead = new RequestHead()
  readonly responseHead: ResponseHead = new ResponseHead()
  readonly upstreamHandlers: SocketHandler<UpstreamConnection>
  readonly #peers: PeerReader
  readonly #clients = new Set<ClientConnection>()
  readonly #listeners: Array<TCPSocketListener<ClientConnection>> = []
  readonly #ticker: ReturnType<typeof setInterval>
  #output = new Uint8Array(new ArrayBuffer(OUTPUT_SIZE))
  #waiting: Array<ClientConnection> = []
  #date: Uint8Array = octets("")
  #dateSecond = -1

  constructor(options: ProxyServerOptions) {
    this.site = options.site
    this.counters = options.counters
    this.#peers = new PeerReader(options.answerer, options.key, options.counters)
    this.wheel.advance(performance.now())
    this.#ticker = setInterval(() => this.wheel.advance(performance.now()), TICK_MS)
    this.upstreamHandlers = {
      binaryType: "uint8array",
      open: (socket) => socket.data.opened(socket as Socket<unknown>),
      data: (socket, chunk) => socket.data.received(chunk),
      drain: (socket) => socket.data.drained(),
      end: (socket) => socket.data.ended(),
      close: (socket) => socket.data.closed(),
      connectError: (socket, error) =>
        socket.data.connectFailed((error as NodeJS.ErrnoException).code ?? error.message),
      // ECONNRESET: `close` follows.
      error: () => {}
    }
  }

  /** Connections open now. */
  get open(): number {
    return this.#clients.size
  }

  /** Throws what sockets throw; gives the address that was bound. */
  listen(address: ListenAddress): ListenAddress {
    if (address.kind === "unix") {
      const listener = Bun.listen<ClientConnection>({
        unix: address.path,
        allowHalfOpen: true,
        socket: this.#clientHandlers("0")
      })
      this.#listeners.push(listener as unknown as TCPSocketListener<ClientConnection>)
      return address
    }
    const { fd, port } = openListeningSocket(address, this.site.limits.backlog)
    const options = { fd, allowHalfOpen: true, socket: this.#clientHandlers(String(port)) }
    this.#listeners.push(Bun.listen(options as unknown as Bun.TCPSocketListenOptions<ClientConnection>))
    return { kind: "tcp", host: address.host, port }
  }

  #clientHandlers(portText: string): SocketHandler<ClientConnection> {
    const port = octets(portText)
    return {
      binaryType: "uint8array",
      open: (socket) => this.#opened(socket, HTTP, port),
      data: (socket, chunk) => socket.data?.received(chunk),
      drain: (socket) => socket.data?.drained(),
      end: (socket) => socket.data?.peerEnded(),
      close: (socket) => socket.data?.closed(),
      error: () => {}
    }
  }

  #opened(socket: Socket<ClientConnection>, scheme: Uint8Array, port: Uint8Array): void {
    const { counters, site } = this
    if (this.isStopping || this.#clients.size >= site.limits.connections) {
      counters[DENIED]!++
      socket.terminate()
      return
    }
    counters[CONNECTIONS]!++
    counters[OPEN]!++
    const client = new ClientConnection(this, socket as Socket<unknown>)
    socket.data = client
    this.#clients.add(client)
    this.#peers.read(socket as Socket<unknown>, site, scheme, port, client)
  }

  gone(client: ClientConnection): void {
    if (this.#clients.delete(client)) this.counters[OPEN]!--
  }

  /** The output buffer with room for `length` octets; what was in it is gone. */
  roomFor(length: number): Uint8Array {
    if (length > this.#output.length) this.#output = new Uint8Array(new ArrayBuffer(length))
    return this.#output
  }

  /** A Date line (RFC 9110 section 5.6.7), made once a second. */
  date(): Uint8Array {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#dateSecond) {
      this.#dateSecond = second
      this.#date = octets(`Date: ${new Date(second * 1000).toUTCString()}\r\n`)
    }
    return this.#date
  }

  /** Calls `proceed` of the client after what is there to read now. */
  later(client: ClientConnection): void {
    if (this.#waiting.push(client) === 1) setImmediate(this.#proceed)
  }

  readonly #proceed = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const client of waiting) client.proceed()
  }

  /** New requests go by `site`; those on their way finish with the old one. */
  reload(site: Site): void {
    const before = this.site
    this.site = site
    for (const [target, upstream] of before.upstreams) if (site.upstreams.get(target) !== upstream) upstream.closeIdle()
  }

  /** Refuses new connections; idle ones close, the others after their response. */
  stop(): void {
    this.isStopping = true
    for (const listener of this.#listeners) listener.stop()
    for (const client of this.#clients) client.stop()
    for (const upstream of this.site.upstreams.values()) upstream.closeIdle()
  }

  /** Closes everything at once. */
  close(): void {
    this.isStopping = true
    clearInterval(this.#ticker)
    for (const listener of this.#listeners) listener.stop(true)
    for (const client of this.#clients) client.terminate()
    for (const upstream of this.site.upstreams.values()) upstream.closeIdle()
  }
}
