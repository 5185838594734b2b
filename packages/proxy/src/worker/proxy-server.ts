/**
 * The proxy of one thread: its listeners, its connections, and the services that they share.
 */
import type { Socket, SocketHandler, TCPSocketListener } from "bun"
import { RELAY_CALLED, parseAddress } from "@synprint/core"
import type { FingerprintLookup, ListenAddress } from "@synprint/service"
import type { AccessLog } from "../operations/access-log.ts"
import { type AddressLimits, TOO_MANY, UNLIMITED } from "../connection/address-limits.ts"
import { ClientConnection, type ClientOwner } from "../connection/client-connection.ts"
import { ClientTable } from "../connection/client-table.ts"
import { HTTP1_ALONE, type ProtocolChoice } from "../connection/protocol-choice.ts"
import type { Deferrable, Services } from "../connection/services.ts"
import { CONNECTIONS, type Counters, DENIED, OPEN, REFUSED } from "../operations/counters.ts"
import { HandshakeClock } from "../tls/handshake-clock.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import { libc, openListeningSocket } from "@synprint/linux/sockets"
import { ClientIdentifier } from "../fingerprint-headers/client-identifier.ts"
import { EpollReader } from "../socket/epoll-reader.ts"
import type { ProxyHeader } from "../connection/proxy-protocol.ts"
import type { Generation } from "../routing/generation.ts"
import { TICK_MS, TimerWheel } from "../socket/timer-wheel.ts"
import { ProxyHeaderPreread } from "../connection/proxy-header-preread.ts"
import { openTls, type TlsListener } from "../tls/tls-listener.ts"
import type { Upstream } from "../upstream/upstream.ts"
import { UpstreamConnection, upstreamHandlers } from "../upstream/upstream-connection.ts"
import type { Downstream, UpstreamStream } from "../upstream/upstream-stream.ts"

/** Room for a head with our header lines and a body beside it, so that most messages take one write. */
const OUTPUT_SIZE = 131_072

const HTTP = bytesOf("http")
const HTTPS = bytesOf("https")

/** File descriptor of the socket (undocumented in Bun). Use it inside the callback that gave the socket; never store it. */
const fdOf = (socket: Socket<ClientConnection>): number | undefined => (socket as { readonly fd?: number }).fd

/** A listening socket that another owner opened and closes. */
export interface Descriptor {
  readonly fd: number
  /** Port for X-Forwarded-Port; 0 for a unix socket. */
  readonly port: number
  readonly isTls: boolean
}

type Listener = TCPSocketListener<ClientConnection>

export interface ProxyServerOptions {
  readonly generation: Generation
  readonly lookup: FingerprintLookup
  readonly counters: Counters
  /** Number of open connections of the other threads; the limit applies to the sum. */
  readonly openElsewhere?: () => number
  readonly addressLimits?: AddressLimits | undefined
  readonly log?: AccessLog | undefined
  readonly protocols?: ProtocolChoice
  /** Logs a text for the operator, such as a fault of an upstream's certificate. */
  readonly warn?: (text: string) => void
  /** Reports an error that should not happen. */
  readonly onBug: (error: Error) => void
}

export class ProxyServer implements Services, ClientOwner {
  generation: Generation
  isStopping = false
  readonly counters: Counters
  readonly accessLog: AccessLog | undefined
  readonly warn: (text: string) => void
  readonly timers: TimerWheel = new TimerWheel()
  /** Reads connections that stay open; undefined until it is open itself. */
  epollReader: EpollReader | undefined = undefined
  readonly #identifier: ClientIdentifier
  readonly #upstreamHandlers: SocketHandler<UpstreamConnection>
  readonly #clock = new HandshakeClock()
  readonly #clients: ClientTable
  readonly #openElsewhere: (() => number) | undefined
  readonly #addressLimits: AddressLimits | undefined
  readonly #protocols: ProtocolChoice
  readonly #onBug: (error: Error) => void
  readonly #address = new Uint8Array(16)
  readonly #descriptors: Array<Descriptor> = []
  readonly #plainListeners: Array<Listener> = []
  #tlsListeners: Array<Listener> = []
  /** Identity of the certificates in `#tlsListeners`, to detect a change. */
  #tlsKey = ""
  readonly #preread: ProxyHeaderPreread<ClientConnection>
  readonly #ticker: ReturnType<typeof setInterval>
  #output = new Uint8Array(new ArrayBuffer(OUTPUT_SIZE))
  #deferred: Array<Deferrable> = []
  #date: Uint8Array = bytesOf("")
  #dateSecond = -1
  #isClosed = false

  constructor(options: ProxyServerOptions) {
    this.generation = options.generation
    this.counters = options.counters
    const protocols = options.protocols ?? HTTP1_ALONE
    this.#protocols = protocols
    this.#clients = new ClientTable(
      () => new ClientConnection(this, this, (connection) => protocols.open(connection, this))
    )
    this.#openElsewhere = options.openElsewhere
    this.#addressLimits = options.addressLimits
    this.#onBug = options.onBug
    this.accessLog = options.log
    this.warn = options.warn ?? (() => {})
    this.#identifier = new ClientIdentifier(options.lookup, options.counters)
    this.#preread = new ProxyHeaderPreread(
      (client, header, port) => this.#applyProxyHeader(client, header, HTTPS, port),
      () => void this.counters[REFUSED]!++
    )
    this.timers.advance(performance.now())
    void EpollReader.open(options.onBug).then((epollReader) => {
      if (this.#isClosed) epollReader?.close()
      else if (epollReader === undefined)
        this.warn("connections are read by Bun's events alone: requests cost a tenth more")
      else this.epollReader = epollReader
    })
    this.#ticker = setInterval(() => {
      this.timers.advance(performance.now())
      this.#updateDate()
    }, TICK_MS)
    this.#updateDate()
    this.#upstreamHandlers = upstreamHandlers((error, end) => this.#onSocketError(error, end))
  }

  /** Number of open connections. */
  get open(): number {
    return this.#clients.size
  }

  /** Opens a listening socket; returns the bound address. Throws the errors of sockets. */
  listen(address: ListenAddress): ListenAddress {
    if (address.kind === "unix") {
      const socket = this.#clientHandlers(HTTP, "0")
      const listener = Bun.listen<ClientConnection>({ unix: address.path, allowHalfOpen: true, socket })
      this.#plainListeners.push(listener as unknown as Listener)
      return address
    }
    const { fd, port } = openListeningSocket(address, this.generation.limits.backlog)
    this.#plainListeners.push(this.#listenOn({ fd, port, isTls: false }, fd, undefined))
    return { kind: "tcp", host: address.host, port }
  }

  /** Accepts from a socket that its owner keeps open. */
  attach(descriptor: Descriptor): void {
    this.#descriptors.push(descriptor)
    const tls = descriptor.isTls ? openTls(this.generation.settings.proxy.tls, this.#protocols.offered) : undefined
    const listener = this.#listenOn(descriptor, libc.dup(descriptor.fd), tls)
    if (tls === undefined) this.#plainListeners.push(listener)
    else {
      this.#tlsKey = tls.key
      this.#tlsListeners.push(listener)
    }
  }

  #listenOn({ port }: Descriptor, fd: number, tls: TlsListener | undefined): Listener {
    const handlers = this.#clientHandlers(tls === undefined ? HTTP : HTTPS, String(port))
    let options: object = { fd, allowHalfOpen: true, socket: handlers }
    if (tls !== undefined) {
      // With a handshake handler, `open` is called once the connection is accepted, as without TLS.
      const socket = {
        ...handlers,
        handshake: (socket: Socket<ClientConnection>, success: boolean) => {
          if (success) this.#handshakeComplete(socket)
        },
        serverName: (listener: unknown, name: string, socket: Socket<ClientConnection> | undefined) => {
          // If Bun gives no socket (self-test.ts reports that), the kernel's coarser time of the ClientHello is used.
          if (socket?.data !== undefined) this.#clock.hello(socket.data.handshake, fdOf(socket))
          return tls.serverName(listener, name)
        }
      }
      options = { fd, allowHalfOpen: true, socket, tls: tls.options }
    }
    return Bun.listen(options as unknown as Bun.TCPSocketListenOptions<ClientConnection>)
  }

  #clientHandlers(scheme: Uint8Array, portText: string): SocketHandler<ClientConnection> {
    const port = bytesOf(portText)
    return {
      binaryType: "uint8array",
      open: (socket) => this.#opened(socket, scheme, port),
      data: (socket, chunk) => {
        const client = socket.data
        if (client === undefined) return
        if (client.handshake.openedAtMs !== 0) this.#firstByte(client)
        client.received(chunk)
      },
      drain: (socket) => socket.data?.drained(),
      end: (socket) => socket.data?.peerEnded(),
      close: (socket) => socket.data?.onClosed(),
      error: (socket, error) => this.#onSocketError(error, () => socket.data?.abort())
    }
  }

  #opened(socket: Socket<ClientConnection>, scheme: Uint8Array, port: Uint8Array): void {
    const { counters, generation } = this
    const open = this.#clients.size + (this.#openElsewhere === undefined ? 0 : this.#openElsewhere())
    if (open >= generation.limits.connections) {
      counters[DENIED]!++
      socket.terminate()
      return
    }
    counters[CONNECTIONS]!++
    counters[OPEN]!++
    const client = this.#clients.acquire()
    client.begin(socket as Socket<unknown>, scheme === HTTP)
    socket.data = client
    const { accept, from } = generation.proxyProtocol
    // A load balancer sends a PROXY header first.
    if (accept) {
      const family = parseAddress(socket.remoteAddress, this.#address)
      if (family !== 0 && from.containsBytes(family, this.#address)) {
        if (scheme === HTTP) client.expectProxyHeader(port)
        else this.#preread.begin(client, port)
        return
      }
    }
    if (!generation.timing.isEmpty || generation.hints !== undefined) this.#clock.opened(client.handshake, fdOf(socket))
    client.facts = this.#identifier.identify(
      socket as Socket<unknown>,
      generation,
      scheme,
      port,
      client.connectionHeaders
    )
    this.#limit(client)
  }

  /** The TLS handshake is complete: the client's protocol is agreed, and the measured times become header lines. */
  #handshakeComplete(socket: Socket<ClientConnection>): void {
    const client = socket.data
    if (client === undefined) return
    if (this.#protocols.offered.length > 1) this.#agree(socket, client)
    if (!this.#clock.finished(client.handshake, fdOf(socket))) return
    this.#applyTiming(client)
    const { hints, relay } = this.generation
    const { facts } = client
    if (facts.hints === undefined || hints === undefined) return
    if (relay.judge(this.#clock.timing) >= RELAY_CALLED)
      client.facts = { ...facts, hints: hints.hinter.withRelay(facts.hints, relay) }
  }

  #agree(socket: Socket<ClientConnection>, client: ClientConnection): void {
    const name = (socket as { readonly alpnProtocol?: string | false | null }).alpnProtocol
    if (typeof name !== "string") return
    const agreed = this.#protocols.agreed(name, client, this)
    if (agreed !== undefined) client.changeProtocol(agreed)
  }

  #firstByte(client: ClientConnection): void {
    this.#clock.firstByte(client.handshake)
    this.#applyTiming(client)
  }

  #applyTiming(client: ClientConnection): void {
    this.generation.timing.append(this.#clock.timing, client.connectionHeaders)
  }

  applyProxyHeader(client: ClientConnection, header: ProxyHeader, port: Uint8Array): void {
    this.#applyProxyHeader(client, header, HTTP, port)
  }

  #applyProxyHeader(client: ClientConnection, header: ProxyHeader, scheme: Uint8Array, port: Uint8Array): void {
    const { connectionHeaders } = client
    client.facts = this.#identifier.identifyProxied(
      header,
      client.socket!,
      this.generation,
      scheme,
      port,
      connectionHeaders
    )
    this.#limit(client)
  }

  #limit(client: ClientConnection): void {
    const { connectionsPerAddress, requestsPerSecond } = this.generation.limits
    const limits = this.#addressLimits
    if (limits === undefined || (connectionsPerAddress === 0 && requestsPerSecond === 0)) return
    const { family, address } = this.#identifier
    if (family === 0) return
    client.limitSlot = limits.connect(family, address, connectionsPerAddress, Math.floor(Date.now() / 1000))
    if (client.limitSlot === TOO_MANY) client.refuse(429, "too many connections from this address")
  }

  allowsRequest(slot: number): boolean {
    const { requestsPerSecond } = this.generation.limits
    if (slot < 0 || requestsPerSecond === 0) return true
    return this.#addressLimits!.request(slot, requestsPerSecond, Math.floor(Date.now() / 1000))
  }

  /** An error such as ECONNRESET, after which `close` follows; or an exception of a handler: a bug costs its connection, no other. */
  #onSocketError(error: Error, end: () => void): void {
    if (typeof (error as NodeJS.ErrnoException).code === "string") return
    this.#onBug(error)
    end()
  }

  clientClosed(client: ClientConnection, isReusable: boolean): void {
    this.#clients.release(client, isReusable)
    this.counters[OPEN]!--
    if (client.limitSlot !== UNLIMITED) this.#addressLimits?.disconnect(client.limitSlot)
  }

  output(length: number): Uint8Array {
    if (length > this.#output.length) this.#output = new Uint8Array(new ArrayBuffer(length))
    return this.#output
  }

  /** At most TICK_MS late. */
  dateLine(): Uint8Array {
    return this.#date
  }

  #updateDate(): void {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#dateSecond) {
      this.#dateSecond = second
      this.#date = bytesOf(`Date: ${new Date(second * 1000).toUTCString()}\r\n`)
    }
  }

  defer(task: Deferrable): void {
    if (this.#deferred.push(task) === 1) setImmediate(this.#resumeDeferred)
  }

  connectUpstream(upstream: Upstream, downstream: Downstream): UpstreamStream {
    return new UpstreamConnection(this, this.#upstreamHandlers, upstream, downstream)
  }

  readonly #resumeDeferred = (): void => {
    const waiting = this.#deferred
    this.#deferred = []
    for (const task of waiting) task.resume()
  }

  /** New requests use `generation`; those in progress finish with the old one. Throws the errors of reading certificates, and changes nothing then. */
  reload(generation: Generation): void {
    const encrypted = this.#descriptors.filter(({ isTls }) => isTls)
    const tls = encrypted.length > 0 ? openTls(generation.settings.proxy.tls, this.#protocols.offered) : undefined
    const before = this.generation
    this.generation = generation
    for (const [target, upstream] of before.upstreams)
      if (generation.upstreams.get(target) !== upstream) upstream.closeIdle()
    if (tls === undefined || tls.key === this.#tlsKey) return
    // The new listeners accept before the old ones stop.
    const old = this.#tlsListeners
    this.#tlsListeners = encrypted.map((descriptor) => this.#listenOn(descriptor, libc.dup(descriptor.fd), tls))
    this.#tlsKey = tls.key
    for (const listener of old) listener.stop()
  }

  /** Refuses new connections; idle connections close at once, the others after their response. */
  stop(): void {
    this.isStopping = true
    for (const listener of [...this.#plainListeners, ...this.#tlsListeners]) listener.stop()
    for (const client of this.#clients.all()) client.stop()
    for (const upstream of this.generation.upstreams.values()) upstream.closeIdle()
  }

  /** Closes everything at once. */
  close(): void {
    this.isStopping = true
    clearInterval(this.#ticker)
    this.#isClosed = true
    this.#preread.stop()
    for (const listener of [...this.#plainListeners, ...this.#tlsListeners]) listener.stop(true)
    for (const client of this.#clients.all()) client.abort()
    for (const upstream of this.generation.upstreams.values()) upstream.closeIdle()
    this.epollReader?.close()
    this.epollReader = undefined
  }
}
