/**
 * One thread's proxy: its listeners, its connections, and what they share: parsers, one output buffer, one timer wheel.
 */
import type { Socket, SocketHandler, TCPSocketListener } from "bun"
import { RELAY_CALLED, parseAddress } from "@synprint/core"
import type { FingerprintLookup, ListenAddress } from "@synprint/service"
import type { AccessLog } from "../operations/access-log.ts"
import { type AddressLimits, TOO_MANY, UNLIMITED } from "../connection/address-limits.ts"
import type { ClientConnection } from "../connection/client-connection.ts"
import { ClientTable } from "../connection/client-table.ts"
import { CONNECTIONS, type Counters, DENIED, OPEN, REFUSED } from "../operations/counters.ts"
import { HandshakeClock } from "../tls/handshake-clock.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import { RequestHead } from "../http1/request-head.ts"
import { ResponseHead } from "../http1/response-head.ts"
import { libc } from "../socket/libc.ts"
import { openListeningSocket } from "../socket/listening-socket.ts"
import { ClientIdentifier } from "../fingerprint-headers/client-identifier.ts"
import { EpollReader } from "../socket/epoll-reader.ts"
import type { ProxyHeader } from "../connection/proxy-protocol.ts"
import type { Generation } from "../routing/generation.ts"
import { TICK_MS, TimerWheel } from "../socket/timer-wheel.ts"
import { ProxyHeaderPreread } from "../connection/proxy-header-preread.ts"
import { openTls, type TlsListener } from "../tls/tls-listener.ts"
import type { UpstreamConnection } from "../upstream/upstream-connection.ts"

/** A head with its blocks, and room for a body that fits beside it: one write for most messages. */
const OUTPUT_SIZE = 131_072

const HTTP = bytesOf("http")
const HTTPS = bytesOf("https")

/** Of the kernel; Bun has it without saying so. Used inside the callback that gave the socket, never kept. */
const fdOf = (socket: Socket<ClientConnection>): number | undefined => (socket as { readonly fd?: number }).fd

/** A listening socket that somebody else opened and closes. */
export interface Descriptor {
  readonly fd: number
  /** As text, for X-Forwarded-Port; a unix socket has none. */
  readonly port: number
  readonly isTls: boolean
}

type Listener = TCPSocketListener<ClientConnection>

export interface ProxyServerOptions {
  readonly generation: Generation
  readonly lookup: FingerprintLookup
  readonly key: "connection" | "client"
  readonly counters: Counters
  /** Connections of the other threads; their sum with ours is limited. */
  readonly openElsewhere?: () => number
  readonly addressLimits?: AddressLimits | undefined
  readonly log?: AccessLog | undefined
  /** Told of what an operator should know, such as a certificate of an upstream. */
  readonly warn?: (text: string) => void
  /** Told of what should not happen. */
  readonly onBug: (error: Error) => void
}

export class ProxyServer {
  generation: Generation
  isStopping = false
  readonly counters: Counters
  readonly log: AccessLog | undefined
  readonly warn: (text: string) => void
  readonly wheel: TimerWheel = new TimerWheel()
  readonly requestHead: RequestHead = new RequestHead()
  readonly responseHead: ResponseHead = new ResponseHead()
  readonly upstreamHandlers: SocketHandler<UpstreamConnection>
  /** Reads connections that stay; undefined until it is open. */
  epollReader: EpollReader | undefined = undefined
  readonly #peers: ClientIdentifier
  readonly #clock = new HandshakeClock()
  readonly #clients: ClientTable
  readonly #openElsewhere: (() => number) | undefined
  readonly #addressLimits: AddressLimits | undefined
  readonly #onBug: (error: Error) => void
  readonly #address = new Uint8Array(16)
  readonly #descriptors: Array<Descriptor> = []
  readonly #plainListeners: Array<Listener> = []
  #tlsListeners: Array<Listener> = []
  /** Of the certificates that those serve. */
  #tlsKey = ""
  readonly #preread: ProxyHeaderPreread<ClientConnection>
  readonly #ticker: ReturnType<typeof setInterval>
  #output = new Uint8Array(new ArrayBuffer(OUTPUT_SIZE))
  #deferred: Array<ClientConnection> = []
  #date: Uint8Array = bytesOf("")
  #dateSecond = -1
  #isClosed = false

  constructor(options: ProxyServerOptions) {
    this.generation = options.generation
    this.counters = options.counters
    this.#clients = new ClientTable(this)
    this.#openElsewhere = options.openElsewhere
    this.#addressLimits = options.addressLimits
    this.#onBug = options.onBug
    this.log = options.log
    this.warn = options.warn ?? (() => {})
    this.#peers = new ClientIdentifier(options.lookup, options.key, options.counters)
    this.#preread = new ProxyHeaderPreread(
      (client, header, port) => this.#applyProxyHeader(client, header, HTTPS, port),
      () => void this.counters[REFUSED]!++
    )
    this.wheel.advance(performance.now())
    void EpollReader.open(options.onBug).then((epollReader) => {
      if (this.#isClosed) epollReader?.close()
      else if (epollReader === undefined)
        this.warn("connections are read by Bun's events alone: requests cost a tenth more")
      else this.epollReader = epollReader
    })
    this.#ticker = setInterval(() => {
      this.wheel.advance(performance.now())
      this.#tellTime()
    }, TICK_MS)
    this.#tellTime()
    this.upstreamHandlers = {
      binaryType: "uint8array",
      open: (socket) => socket.data.opened(socket as Socket<unknown>),
      data: (socket, chunk) => socket.data.received(chunk),
      drain: (socket) => socket.data.drained(),
      end: (socket) => socket.data.ended(),
      close: (socket) => socket.data.closed(),
      connectError: (socket, error) =>
        socket.data.connectFailed((error as NodeJS.ErrnoException).code ?? error.message),
      error: (socket, error) => this.#broke(error, () => socket.data.terminate())
    }
  }

  /** Connections open now. */
  get open(): number {
    return this.#clients.size
  }

  /** Opens a socket of its own; gives the address that was bound. Throws what sockets throw. */
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

  /** Accepts from a socket that stays its owner's. */
  attach(descriptor: Descriptor): void {
    this.#descriptors.push(descriptor)
    const tls = descriptor.isTls ? openTls(this.generation.settings.proxy.tls) : undefined
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
      // With a handshake handler `open` is called when the connection was accepted, as without TLS.
      const socket = {
        ...handlers,
        handshake: (socket: Socket<ClientConnection>, success: boolean) => {
          if (success) this.#shookHands(socket)
        },
        serverName: (listener: unknown, name: string, socket: Socket<ClientConnection> | undefined) => {
          // self-test.ts says when a Bun gives no socket: then the kernel's coarser time of the ClientHello counts.
          if (socket?.data !== undefined) this.#clock.hello(socket.data, fdOf(socket))
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
        if (client.openedAtMs !== 0) this.#firstByte(client)
        client.received(chunk)
      },
      drain: (socket) => socket.data?.drained(),
      end: (socket) => socket.data?.peerEnded(),
      close: (socket) => socket.data?.closed(),
      error: (socket, error) => this.#broke(error, () => socket.data?.abort())
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
    const client = this.#clients.add()
    client.begin(socket as Socket<unknown>, scheme === HTTP)
    socket.data = client
    const { accept, from } = generation.proxyProtocol
    // A balancer's connection says first whose it is.
    if (accept) {
      const family = parseAddress(socket.remoteAddress, this.#address)
      if (family !== 0 && from.containsBytes(family, this.#address)) {
        if (scheme === HTTP) client.expectProxyHeader(port)
        else this.#preread.begin(client, port)
        return
      }
    }
    if (!generation.timing.isEmpty || generation.hints !== undefined) this.#clock.opened(client, fdOf(socket))
    this.#peers.read(socket as Socket<unknown>, generation, scheme, port, client)
    this.#limit(client)
  }

  /** TLS's handshake is complete: what was measured goes behind the connection's block. */
  #shookHands(socket: Socket<ClientConnection>): void {
    const client = socket.data
    if (client === undefined) return
    if (!this.#clock.finished(client, fdOf(socket))) return
    this.#applyTiming(client)
    const { hints, relay } = this.generation
    if (client.hints === undefined || hints === undefined) return
    if (relay.judge(this.#clock.timing) >= RELAY_CALLED) client.hints = hints.hinter.withRelay(client.hints, relay)
  }

  #firstByte(client: ClientConnection): void {
    this.#clock.firstByte(client)
    this.#applyTiming(client)
  }

  #applyTiming(client: ClientConnection): void {
    const { timing } = this.generation
    if (timing.isEmpty) return
    const { rtt, helloDelay, tlsRtt } = this.#clock.timing
    timing.append(client.connectionHeaders, rtt, helloDelay, tlsRtt)
  }

  /** The PROXY header of a connection was read. */
  applyProxyHeader(client: ClientConnection, header: ProxyHeader, port: Uint8Array): void {
    this.#applyProxyHeader(client, header, HTTP, port)
  }

  #applyProxyHeader(client: ClientConnection, header: ProxyHeader, scheme: Uint8Array, port: Uint8Array): void {
    this.#peers.readProxied(header, client.socket!, this.generation, scheme, port, client)
    this.#limit(client)
  }

  #limit(client: ClientConnection): void {
    const { connectionsPerAddress, requestsPerSecond } = this.generation.limits
    const limits = this.#addressLimits
    if (limits === undefined || (connectionsPerAddress === 0 && requestsPerSecond === 0)) return
    const { family, address } = this.#peers
    if (family === 0) return
    client.limitSlot = limits.connect(family, address, connectionsPerAddress, Math.floor(Date.now() / 1000))
    if (client.limitSlot === TOO_MANY) client.refuse(429, "too many connections from this address")
  }

  /** Whether an address may send another request in this second. */
  allowsRequest(slot: number): boolean {
    const { requestsPerSecond } = this.generation.limits
    if (slot < 0 || requestsPerSecond === 0) return true
    return this.#addressLimits!.request(slot, requestsPerSecond, Math.floor(Date.now() / 1000))
  }

  /** ECONNRESET and the like, whose `close` follows; or what a handler threw: a bug costs its connection, no other. */
  #broke(error: Error, end: () => void): void {
    if (typeof (error as NodeJS.ErrnoException).code === "string") return
    this.#onBug(error)
    end()
  }

  gone(client: ClientConnection, isReusable: boolean): void {
    this.#clients.remove(client, isReusable)
    this.counters[OPEN]!--
    if (client.limitSlot !== UNLIMITED) this.#addressLimits?.disconnect(client.limitSlot)
  }

  /** The output buffer with room for `length` bytes; what was in it is gone. */
  roomFor(length: number): Uint8Array {
    if (length > this.#output.length) this.#output = new Uint8Array(new ArrayBuffer(length))
    return this.#output
  }

  /** A Date line (RFC 9110 section 5.6.7), late by TICK_MS at most. */
  date(): Uint8Array {
    return this.#date
  }

  #tellTime(): void {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#dateSecond) {
      this.#dateSecond = second
      this.#date = bytesOf(`Date: ${new Date(second * 1000).toUTCString()}\r\n`)
    }
  }

  /** Calls `resume` of the client after what is there to read now. */
  defer(client: ClientConnection): void {
    if (this.#deferred.push(client) === 1) setImmediate(this.#resume)
  }

  readonly #resume = (): void => {
    const waiting = this.#deferred
    this.#deferred = []
    for (const client of waiting) client.resume()
  }

  /** New requests go by `generation`; those on their way finish with the old one. Throws what reading certificates throws, and changes nothing. */
  reload(generation: Generation): void {
    const encrypted = this.#descriptors.filter(({ isTls }) => isTls)
    const tls = encrypted.length > 0 ? openTls(generation.settings.proxy.tls) : undefined
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

  /** Refuses new connections; idle ones close, the others after their response. */
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
