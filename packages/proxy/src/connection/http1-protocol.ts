/**
 * HTTP/1 on one client connection: requests are served one at a time, in order; requests that arrive early wait in the reader.
 *
 * ```
 * reading ──head──► exchange ──both messages complete──► reading ...
 *    │                 │  └──101──► tunnel ──both ends closed──┐
 *    └──parse error────┴──last response──► done ◄──────────────┘   the connection lingers, then closes
 * ```
 */
import type { ClientConnection } from "./client-connection.ts"
import type { ClientProtocol } from "./client-protocol.ts"
import type { ProtocolSwitch, Requester } from "./requester.ts"
import type { Deferrable, Services } from "./services.ts"
import { BYTES_OUT, HEAD_TIMEOUTS, IDLE_TIMEOUTS, REFUSED, RESPONSES, TUNNELS } from "../operations/counters.ts"
import type { ClientFacts } from "../fingerprint-headers/client-facts.ts"
import { LF } from "../http1/byte-classes.ts"
import { copy } from "../http1/copy.ts"
import { errorPage } from "../http1/error-page.ts"
import { errorResponse, HEAD_TOO_LARGE, NEEDS_MORE } from "../http1/parse-error.ts"
import { RequestHead } from "../http1/request-head.ts"
import { HEAD_EXTRA } from "../http1/request-writer.ts"
import type { ResponseHead } from "../http1/response-head.ts"
import { type ClientHop, type ResponseRewrite, writeResponseHead } from "../http1/response-writer.ts"
import type { Ownership } from "@synprint/linux/sockets"
import { Exchange } from "./exchange.ts"
import { Tunnel } from "./tunnel.ts"

/** Grace period at shutdown for a connection that has not sent a request yet. */
const GRACE_MS = 1000
/** Bytes of early requests that may wait while one is served. */
const PIPELINE_MAX = 65_536

const EMPTY: Uint8Array = new Uint8Array(0)
/** Interim responses and 101 go to HTTP/1.1 clients only, and the connection stays. */
const INTERIM_HOP: ClientHop = { minor: 1, keeps: true }

/** Scratch: nothing of it is kept between calls. */
const requestHead = new RequestHead()

export class Http1Protocol implements ClientProtocol, Requester, Deferrable {
  readonly #connection: ClientConnection
  readonly #services: Services
  #state: "reading" | "exchange" | "tunnel" | "done" = "done"
  /** True while a call to `resume` is queued for buffered input. */
  #isDeferred = false
  /** True once at least one request was parsed on this connection. */
  #hadRequest = false
  /** The present exchange, as far as response heads depend on it. */
  readonly #hop = { minor: 1, keeps: true }
  /** A response head in the output buffer that `sendBody` sends. */
  #head: Uint8Array = EMPTY
  #headEnd = 0
  /** Created by the first request. */
  #exchange: Exchange | undefined = undefined
  #tunnel: Tunnel | undefined = undefined

  constructor(connection: ClientConnection, services: Services) {
    this.#connection = connection
    this.#services = services
  }

  // ---- ClientProtocol

  get hasExchange(): boolean {
    return this.#state === "exchange"
  }

  /** A tunnel's upstream may still hold a reference. */
  get isReusable(): boolean {
    return this.#tunnel === undefined
  }

  begin(): void {
    this.#state = "reading"
    this.#isDeferred = this.#hadRequest = false
    this.schedule(this.#services.generation.timeouts.headMs)
  }

  received(chunk: Uint8Array): void {
    switch (this.#state) {
      case "reading":
        this.#read(chunk)
        break
      case "exchange":
        this.#exchange!.fromClient(chunk)
        break
      case "tunnel":
        this.#tunnel!.fromClient(chunk)
        break
      default: // discarded
    }
  }

  receivedBorrowed(bytes: Uint8Array): void {
    if (this.#state === "reading" && this.#connection.reader.held === 0) this.#readHead(bytes, true)
    else this.received(bytes.slice())
  }

  drained(isEmpty: boolean): void {
    const { timeouts } = this.#services.generation
    if (this.#state !== "tunnel") this.schedule(isEmpty ? timeouts.upstreamMs : timeouts.idleMs)
    if (!isEmpty || this.isBroken) return
    if (this.#state === "exchange") this.#exchange!.upstream?.resumeReading()
    else if (this.#state === "tunnel") this.#tunnel!.clientDrained()
    else if (this.#state === "reading") {
      const connection = this.#connection
      if (connection.hasPeerEnded && connection.reader.held === 0) connection.close()
      else this.#next()
    }
  }

  peerEnded(): void {
    if (this.#state === "exchange") this.#exchange!.clientEnded()
    else if (this.#state === "tunnel") this.#tunnel!.clientEnded()
    else if (!this.#isDeferred && !this.hasPending) this.#connection.close()
  }

  expired(): void {
    const { counters } = this.#services
    const connection = this.#connection
    if (this.#state === "exchange") this.#exchange!.expired()
    else if (this.#state !== "reading") connection.abort()
    else if (connection.reader.held > 0) {
      counters[HEAD_TIMEOUTS]!++
      this.refuse(408, "the request did not arrive in time")
    } else {
      counters[IDLE_TIMEOUTS]!++
      connection.close()
    }
  }

  stop(): void {
    if (this.#state === "exchange") this.#hop.keeps = false
    if (this.#state !== "reading" || this.#connection.reader.held > 0) return
    // The first request of a new connection may be on its way: the connection was accepted, so the request is answered.
    if (this.#hadRequest) this.#connection.close()
    else this.schedule(GRACE_MS)
  }

  refuse(status: number, text: string): void {
    this.#services.counters[REFUSED]!++
    this.dropHeld()
    this.#sendPage(status, text, true, true)
    this.#state = "done"
    this.#connection.linger(false)
  }

  release(): void {
    const isExchanging = this.#state === "exchange"
    this.#state = "done"
    this.#headEnd = 0
    if (isExchanging) this.#exchange!.release()
    this.#tunnel?.release()
  }

  // ---- heads

  #read(chunk: Uint8Array): void {
    const { reader } = this.#connection
    if (reader.held === 0) {
      this.#readHead(chunk, false)
      return
    }
    reader.hold(chunk)
    // Parse again only when a new line is complete, or when the head exceeds its limit.
    if (reader.held > this.#services.generation.limits.headBytes || chunk.indexOf(LF) >= 0)
      this.#readHead(reader.takeHeld()!, false)
  }

  /** `isBorrowed`: the bytes are only valid during the call. */
  #readHead(bytes: Uint8Array, isBorrowed: boolean): void {
    const services = this.#services
    const { limits, timeouts } = services.generation
    const head = requestHead
    const end = head.parse(bytes, 0, bytes.length, limits.headers)
    if (end > 0 && end <= limits.headBytes) {
      this.#state = "exchange"
      this.#hadRequest = true
      this.#hop.minor = head.minor
      this.#hop.keeps = head.keepsAlive && !services.isStopping
      this.#exchange ??= new Exchange(services, this)
      // Bytes behind the head may have to wait.
      if (isBorrowed && end < bytes.length) this.#exchange.begin(head, bytes.slice(), end, false)
      else this.#exchange.begin(head, bytes, end, isBorrowed)
      return
    }
    if (end === NEEDS_MORE && bytes.length <= limits.headBytes) {
      if (this.#connection.timer.deadlineMs > services.timers.nowMs + timeouts.headMs) this.schedule(timeouts.headMs)
      this.hold(isBorrowed ? bytes.slice() : bytes)
      return
    }
    const { status, text } = errorResponse(end >= 0 ? HEAD_TOO_LARGE : end)
    this.refuse(status, text)
  }

  /** Schedules the next pipelined request in its own turn of the event loop, for fairness and to avoid recursion. */
  #next(): void {
    const { reader } = this.#connection
    if (reader.held === 0) reader.resume()
    else {
      this.#isDeferred = true
      this.#services.defer(this)
    }
  }

  resume(): void {
    if (!this.#isDeferred) return
    this.#isDeferred = false
    const connection = this.#connection
    const { reader } = connection
    if (this.#state !== "reading" || reader.held === 0) return
    this.#readHead(reader.takeHeld()!, false)
    if (!this.#isReading()) return
    if (connection.hasPeerEnded) connection.close()
    else reader.resume()
  }

  /** A call, so that TypeScript does not remember the state from before. */
  #isReading(): boolean {
    return this.#state === "reading"
  }

  // ---- Requester

  get facts(): ClientFacts {
    return this.#connection.facts
  }

  get limitSlot(): number {
    return this.#connection.limitSlot
  }

  get takesChunked(): boolean {
    return this.#hop.minor > 0
  }

  get hasPending(): boolean {
    return this.#connection.writer.hasPending
  }

  get isBroken(): boolean {
    return this.#connection.writer.isBroken
  }

  schedule(inMs: number): void {
    this.#connection.schedule(inMs)
  }

  pauseBody(): void {
    this.#connection.reader.pause()
  }

  resumeBody(): void {
    const { reader } = this.#connection
    if (reader.held <= PIPELINE_MAX) reader.resume()
  }

  hold(bytes: Uint8Array): void {
    const { reader } = this.#connection
    reader.hold(bytes)
    if (reader.held > PIPELINE_MAX && this.#state === "exchange") reader.pause()
  }

  dropHeld(): void {
    this.#connection.reader.dropHeld()
  }

  closeAfterResponse(): void {
    this.#hop.keeps = false
  }

  sendInterim(head: ResponseHead, bytes: Uint8Array, rewrite: ResponseRewrite): void {
    const out = this.#services.output(head.end - head.start + HEAD_EXTRA)
    const end = writeResponseHead(head, bytes, INTERIM_HOP, rewrite, EMPTY, out)
    this.#connection.writer.send(out, 0, end, "borrow")
  }

  beginResponse(head: ResponseHead, bytes: Uint8Array, rewrite: ResponseRewrite, isRequestRead: boolean): void {
    const services = this.#services
    const hop = this.#hop
    const { framing } = head
    const isDecoded = framing === "chunked" && hop.minor === 0
    // A response that comes before the request has ended, or that only the end of the connection ends, is the last.
    if (!isRequestRead || framing === "until_close" || isDecoded || services.isStopping) hop.keeps = false
    const out = services.output(head.end - head.start + rewrite.addedToResponse.length + HEAD_EXTRA)
    this.#head = out
    this.#headEnd = writeResponseHead(head, bytes, hop, rewrite, services.dateLine(), out)
  }

  sendBody(bytes: Uint8Array, from: number, end: number, ownership: Ownership, isLast: boolean): boolean {
    const { writer } = this.#connection
    const headEnd = this.#headEnd
    const out = this.#head
    this.#headEnd = 0
    this.#services.counters[BYTES_OUT]! += headEnd + end - from
    // One write for head and body if they fit.
    if (headEnd > 0 && end > from && headEnd + end - from <= out.length) {
      const stop = copy(bytes, from, end, out, headEnd)
      return isLast && !this.#hop.keeps ? writer.sendLast(out, 0, stop, "borrow") : writer.send(out, 0, stop, "borrow")
    }
    const isHeadSent = headEnd === 0 || writer.send(out, 0, headEnd, "borrow")
    return writer.send(bytes, from, end, ownership) && isHeadSent
  }

  sendError(status: number, text: string, isRequestRead: boolean, hasBody: boolean): void {
    if (!isRequestRead) this.#hop.keeps = false
    this.#sendPage(status, text, !this.#hop.keeps, hasBody)
  }

  #sendPage(status: number, text: string, closes: boolean, hasBody: boolean): void {
    const services = this.#services
    services.counters[RESPONSES + Math.floor(status / 100)]!++
    const page = errorPage(status, text, services.dateLine(), closes, hasBody)
    this.#connection.writer.send(page, 0, page.length, "share")
  }

  beginTunnel(change: ProtocolSwitch, head: ResponseHead, bytes: Uint8Array, from: number): void {
    const connection = this.#connection
    const services = this.#services
    const { upstream, logged } = change
    const early = connection.reader.takeHeld()
    this.#state = "tunnel"
    connection.reader.detachEpoll()
    upstream.detachEpoll()
    // The upstream is the tunnel's from now on.
    this.#exchange = undefined
    services.counters[TUNNELS]!++
    services.counters[RESPONSES + 1]!++
    const out = services.output(head.end - head.start + HEAD_EXTRA)
    const end = writeResponseHead(head, bytes, INTERIM_HOP, change.rewrite, EMPTY, out)
    this.#tunnel = new Tunnel(services, connection, upstream, logged)
    this.#tunnel.begin(out, end, bytes, from, early)
  }

  exchangeEnded(isRequestRead: boolean): void {
    const connection = this.#connection
    const { reader } = connection
    if (!this.#hop.keeps || (connection.hasPeerEnded && reader.held === 0)) {
      this.#state = "done"
      connection.linger(isRequestRead)
      return
    }
    this.#state = "reading"
    this.schedule(this.#services.generation.timeouts.idleMs)
    // Backpressure: don't process further requests until pending responses are written.
    if (this.hasPending) reader.pause()
    else {
      const { epollReader } = this.#services
      if (epollReader !== undefined && reader.readerSlot < 0 && reader.held === 0 && !connection.hasPeerEnded)
        reader.attachEpoll(epollReader)
      this.#next()
    }
  }

  abort(): void {
    this.#connection.abort()
  }
}
