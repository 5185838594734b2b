/**
 * One client connection: its socket's life, and whose turn it is. Requests are served one at a time; bodies pass without being kept.
 *
 * ```
 * INTRODUCTION ──PROXY header──► READING ──head──► EXCHANGE ──both messages complete──► READING ...
 *                                   │                 │  └──101──► TUNNEL ──both ends closed──► CLOSED
 *                                   └──fault──► LINGERING ◄──last response──┘   what still comes is thrown away
 * ```
 * Requests that came before their turn wait in the Inlet. What is done with a request stands in exchange.ts.
 */
import type { ConnectionHints } from "@synprint/core"
import type { Socket } from "bun"
import { UNLIMITED } from "./address-limits.ts"
import { BYTES_IN, CLIENT_ABORTS, HEAD_TIMEOUTS, IDLE_TIMEOUTS, REFUSED, RESPONSES } from "../operations/counters.ts"
import { errorPage } from "../http1/error-page.ts"
import { Exchange } from "./exchange.ts"
import type { HandshakeTimed } from "../tls/handshake-clock.ts"
import { errorResponse, HEAD_TOO_LARGE, NEEDS_MORE } from "../http1/parse-error.ts"
import type { HeaderFields } from "../http1/header-fields.ts"
import { LF } from "../http1/byte-classes.ts"
import type { ForwardedContext } from "../http1/request-writer.ts"
import { SocketReader } from "../socket/socket-reader.ts"
import type { LoggedExchange } from "../operations/logged-exchange.ts"
import { BROKEN, decodeProxyHeader, INCOMPLETE, ProxyHeader } from "./proxy-protocol.ts"
import { HeaderLines } from "../http1/header-lines.ts"
import { KEPT } from "../socket/socket-writer.ts"
import type { ProxyServer } from "../worker/proxy-server.ts"
import type { Route } from "../routing/route.ts"
import { RequestHints } from "../fingerprint-headers/request-hints.ts"
import { Tunnel } from "./tunnel.ts"
import type { UpstreamConnection } from "../upstream/upstream-connection.ts"

/** Waits for a PROXY header. */
const PROXY_HEADER = -1
const READING = 0
const EXCHANGE = 1
const TUNNEL = 2
const LINGERING = 3
const CLOSED = 4

/** A client that was told good-bye may send and keep its half open for so long. */
const LINGER_MS = 2000
/** A connection that is new when the process stops has so long for its request. */
const GRACE_MS = 1000

const EMPTY: Uint8Array = new Uint8Array(0)

export class ClientConnection extends SocketReader implements ForwardedContext, HandshakeTimed {
  // Peer: filled when the connection is known (peer-reader.ts).
  forwarded: Uint8Array = EMPTY
  address: Uint8Array = EMPTY
  scheme: Uint8Array = EMPTY
  port: Uint8Array = EMPTY
  isTrusted = false
  fingerprintHeaders: Uint8Array = EMPTY
  readonly connectionHeaders: HeaderLines = new HeaderLines()
  /** What is hinted of the connection; undefined: nobody wants to know. */
  hints: ConnectionHints | undefined = undefined

  // Timed: while the handshakes go on.
  openedAtMs = 0
  helloAtMs = 0
  tcpRtt = -1
  lagMs = 0

  /** In the server's table of those that are open. */
  place = 0
  readonly server: ProxyServer
  /** Of the address limits. */
  limitSlot = UNLIMITED
  /** Whether the client's FIN came. */
  hasPeerEnded = false
  #state = CLOSED
  /** Whether what is held gets its turn soon. */
  #isWaiting = false
  /** Whether more of the client's may be on its way when we close. */
  #isUnread = false
  /** Whether it had a request. */
  #wasAsked = false
  /** Made for the first request. */
  #exchange: Exchange | undefined = undefined
  #requestHints: RequestHints | undefined = undefined
  #tunnel: Tunnel | undefined = undefined

  constructor(server: ProxyServer) {
    super()
    this.server = server
  }

  /** A connection was accepted: this is it from now on, whatever it was before. */
  begin(socket: Socket<unknown>, isPlain: boolean): void {
    const { server } = this
    this.reopen(socket)
    this.isPlain = isPlain
    this.forwarded = this.address = this.scheme = this.port = this.fingerprintHeaders = EMPTY
    this.connectionHeaders.length = 0
    this.isTrusted = this.hasPeerEnded = this.#wasAsked = this.#isWaiting = this.#isUnread = false
    this.hints = undefined
    this.openedAtMs = this.helloAtMs = this.lagMs = 0
    this.tcpRtt = -1
    this.limitSlot = UNLIMITED
    this.#state = READING
    server.wheel.schedule(this, server.generation.timeouts.headMs)
  }

  // ---- events of the socket

  received(chunk: Uint8Array): void {
    this.server.counters[BYTES_IN]! += chunk.length
    switch (this.#state) {
      case READING:
        this.#read(chunk)
        break
      case PROXY_HEADER:
        this.#readProxyHeader(chunk)
        break
      case EXCHANGE:
        this.#exchange!.fromClient(chunk)
        break
      case TUNNEL:
        this.#tunnel!.fromClient(chunk)
        break
      default: // thrown away
    }
  }

  /** The same of bytes that are others' after the call. */
  receivedBorrowed(bytes: Uint8Array): void {
    if (this.#state === READING && this.held === 0) {
      this.server.counters[BYTES_IN]! += bytes.length
      this.#readHead(bytes, true)
    } else this.received(bytes.slice())
  }

  broke(): void {
    this.abort()
  }

  /** FIN: the client sends nothing more, and may still read. */
  peerEnded(): void {
    this.hasPeerEnded = true
    if (this.#state === EXCHANGE) this.#exchange!.clientEnded()
    else if (this.#state === TUNNEL) this.#tunnel!.clientEnded()
    else if (!this.#isWaiting && !this.hasPending) this.#close()
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#state === EXCHANGE) this.server.counters[CLIENT_ABORTS]!++
    this.#release()
  }

  drained(): void {
    if (!this.hasPending) return
    const isEmpty = this.flush()
    const { timeouts } = this.server.generation
    if (this.#state !== TUNNEL) this.server.wheel.schedule(this, isEmpty ? timeouts.upstreamMs : timeouts.idleMs)
    if (!isEmpty || this.isBroken) return
    if (this.#state === EXCHANGE) this.#exchange!.upstream?.resumeReading()
    else if (this.#state === TUNNEL) this.#tunnel!.clientDrained()
    else if (this.#state === LINGERING) this.#finish()
    else if (this.#state === READING) {
      if (this.hasPeerEnded && this.held === 0) this.#close()
      else this.#next()
    }
  }

  /** Time is over: of the head, between requests, for the upstream, or of a client that doesn't read. */
  expired(): void {
    if (this.#state === EXCHANGE) this.#exchange!.expired()
    else if (this.#state !== READING) this.abort()
    else if (this.held > 0) {
      this.server.counters[HEAD_TIMEOUTS]!++
      this.refuse(408, "the request did not arrive in time")
    } else {
      this.server.counters[IDLE_TIMEOUTS]!++
      this.#close()
    }
  }

  // ---- orders of the server

  /** The process stops: idle connections close, the others after their response. */
  stop(): void {
    if (this.#state === EXCHANGE) this.#exchange!.keeps = false
    if (this.#state !== READING || this.held > 0) return
    // A new connection's first request may be on its way: it was accepted, so it is answered.
    if (this.#wasAsked) this.#close()
    else this.server.wheel.schedule(this, GRACE_MS)
  }

  /** The peer is a balancer that says whose connection it is (proxy-protocol.ts). */
  expectProxyHeader(port: Uint8Array): void {
    this.#state = PROXY_HEADER
    this.port = port
  }

  #readProxyHeader(chunk: Uint8Array): void {
    this.hold(chunk)
    const bytes = this.takeHeld()!
    const header = new ProxyHeader()
    const length = decodeProxyHeader(bytes, 0, bytes.length, header)
    if (length === INCOMPLETE) this.hold(bytes)
    else if (length === BROKEN) {
      this.server.counters[REFUSED]!++
      this.abort()
    } else {
      this.#state = READING
      this.server.applyProxyHeader(this, header, this.port)
      if (length < bytes.length && this.#isReading()) this.#read(bytes.subarray(length))
    }
  }

  // ---- hints

  /** Of the request whose fields lie in `bytes`. */
  readHints(fields: HeaderFields, bytes: Uint8Array): void {
    const lines = this.server.generation.hints
    if (this.hints === undefined || lines === undefined) {
      this.#requestHints?.forget()
      return
    }
    this.#requestHints ??= new RequestHints()
    this.#requestHints.read(fields, bytes, this.hints, lines)
  }

  hintHeaders(spoofed: number): Uint8Array {
    return this.#requestHints === undefined ? EMPTY : this.#requestHints.block(spoofed)
  }

  /** Bytes that hintHeaders may give. */
  get hintRoom(): number {
    return this.#requestHints === undefined ? 0 : this.#requestHints.room
  }

  // ---- heads, and what waits

  #read(chunk: Uint8Array): void {
    if (this.held === 0) {
      this.#readHead(chunk, false)
      return
    }
    this.hold(chunk)
    // A head grows by lines: as long as none was completed there is nothing new to be said of it, but that it is too long.
    if (this.held > this.server.generation.limits.headBytes || chunk.indexOf(LF) >= 0)
      this.#readHead(this.takeHeld()!, false)
  }

  /** `isBorrowed`: the bytes are others' after the call. */
  #readHead(bytes: Uint8Array, isBorrowed: boolean): void {
    const { server } = this
    const { limits, timeouts } = server.generation
    const parsed = server.requestHead.parse(bytes, 0, bytes.length, limits.headers)
    if (parsed > 0 && parsed <= limits.headBytes) {
      this.#state = EXCHANGE
      this.#wasAsked = true
      this.#exchange ??= new Exchange(this)
      // What follows the head may have to wait.
      if (isBorrowed && parsed < bytes.length) this.#exchange.begin(bytes.slice(), parsed, false)
      else this.#exchange.begin(bytes, parsed, isBorrowed)
      return
    }
    if (parsed === NEEDS_MORE && bytes.length <= limits.headBytes) {
      if (this.deadlineMs > server.wheel.nowMs + timeouts.headMs) server.wheel.schedule(this, timeouts.headMs)
      this.hold(isBorrowed ? bytes.slice() : bytes)
      return
    }
    const { status, text } = errorResponse(parsed >= 0 ? HEAD_TOO_LARGE : parsed)
    this.refuse(status, text)
  }

  /** The next of the requests that came before their turn, in a turn of its own: other clients come between, and it is no recursion. */
  #next(): void {
    if (this.held === 0) this.resumeReading()
    else {
      this.#isWaiting = true
      this.server.defer(this)
    }
  }

  resume(): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    if (this.#state !== READING || this.held === 0) return
    this.#readHead(this.takeHeld()!, false)
    if (this.#isReading()) {
      if (this.hasPeerEnded) this.#close()
      else this.resumeReading()
    }
  }

  #isReading(): boolean {
    return this.#state === READING
  }

  // ---- ends

  /** A response is complete: another request's turn, or the end. `isRequestRead`: all of the request came. */
  exchangeEnded(keeps: boolean, isRequestRead: boolean): void {
    if (!keeps || (this.hasPeerEnded && this.held === 0)) {
      this.linger(isRequestRead)
      return
    }
    this.#state = READING
    this.server.wheel.schedule(this, this.server.generation.timeouts.idleMs)
    // Who doesn't read its responses gets no further ones.
    if (this.hasPending) this.pauseReading()
    else {
      const { epollReader } = this.server
      if (epollReader !== undefined && this.readerSlot < 0 && this.held === 0 && !this.hasPeerEnded)
        this.attachEpoll(epollReader)
      this.#next()
    }
  }

  /** The upstream changed the protocol: the head of server.responseHead and what follows it go to the client. */
  beginTunnel(
    upstream: UpstreamConnection,
    route: Route,
    logged: LoggedExchange | undefined,
    bytes: Uint8Array,
    from: number
  ): void {
    const early = this.takeHeld()
    this.#state = TUNNEL
    this.detachEpoll()
    upstream.detachEpoll()
    this.#exchange = undefined
    this.#tunnel = new Tunnel(this, upstream, logged)
    this.#tunnel.begin(route, bytes, from, early)
  }

  /** Answers what is no request; nobody knows where the next one begins. */
  refuse(status: number, text: string): void {
    this.server.counters[REFUSED]!++
    this.forgetHeld()
    this.sendPage(status, text, true, true)
    this.linger(false)
  }

  sendPage(status: number, text: string, closes: boolean, hasBody: boolean): void {
    const { server } = this
    server.counters[RESPONSES + Math.floor(status / 100)]!++
    const page = errorPage(status, text, server.date(), closes, hasBody)
    this.send(page, 0, page.length, KEPT)
  }

  /** Nothing more is sent but what waits. `isRequestRead`: nothing of the client's is on its way that we know of. */
  linger(isRequestRead: boolean): void {
    this.#state = LINGERING
    this.#isUnread = !isRequestRead
    if (this.hasPending) this.server.wheel.schedule(this, this.server.generation.timeouts.idleMs)
    else this.#finish()
  }

  /** Everything was sent: closes our half, or all when nothing of the client's can be on its way. */
  #finish(): void {
    if (this.hasPeerEnded || (!this.#isUnread && this.held === 0)) {
      this.#close()
      return
    }
    this.forgetHeld()
    this.resumeReading()
    this.server.wheel.schedule(this, LINGER_MS)
    this.socket?.shutdown()
  }

  #close(): void {
    const { socket } = this
    this.#release()
    // `end` sets TCP_CORK to 0 before it closes: what waits for its FIN would go alone.
    if (this.isPlain) socket?.close()
    else socket?.end()
  }

  /** Closes both sides at once, the client's by a reset. */
  abort(): void {
    const { socket } = this
    this.#release()
    socket?.terminate()
  }

  #release(): void {
    if (this.#state === CLOSED) return
    const isExchanging = this.#state === EXCHANGE
    this.#state = CLOSED
    if (isExchanging) this.#exchange!.release()
    this.#tunnel?.release()
    this.isBroken = true
    this.forgetPending()
    this.forgetHeld()
    this.dropEpoll()
    // What the socket still says is said to nobody: this may be another connection by then.
    if (this.socket !== undefined) this.socket.data = undefined
    this.socket = undefined
    this.server.wheel.cancel(this)
    // Of a connection with TLS or a tunnel others may know (tls-introduction.ts); they are not many.
    this.server.gone(this, this.isPlain && this.#tunnel === undefined)
  }
}
