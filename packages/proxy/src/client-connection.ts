/**
 * One client connection: requests in, responses out, one exchange at a time; bodies pass through without being kept.
 *
 * ```
 * READING ──head──► EXCHANGE ──both messages complete──► READING ...      (pipelined requests wait in `#held`)
 *    │                 │  └──101──► TUNNEL ──both ends closed──► CLOSED
 *    └──fault──► LINGERING ◄──last response──┘   our half is closed, what still comes is thrown away
 * ```
 * This one file holds the whole exchange (400 lines and more): client and upstream side share its state, and half of it in another file
 * would be read side by side with this one.
 */
import type { Socket } from "bun"
import {
  BYTES_IN,
  BYTES_OUT,
  CLIENT_ABORTS,
  HEAD_TIMEOUTS,
  IDLE_TIMEOUTS,
  REFUSED,
  REQUESTS,
  RESPONSES,
  RETRIES,
  SPOOFED,
  TUNNELS,
  UPSTREAM_FAILURES,
  UPSTREAM_REUSES,
  UPSTREAM_TIMEOUTS
} from "./counters.ts"
import { errorPage } from "./error-page.ts"
import { CHUNKED, UNTIL_CLOSE } from "./http/body-length.ts"
import { ChunkedScanner } from "./http/chunked.ts"
import { faultOf, HEAD_TOO_LARGE, isFault, MORE } from "./http/fault.ts"
import { latin1, LF } from "./http/octets.ts"
import { METHOD_GET, METHOD_HEAD, METHOD_OPTIONS } from "./http/request-head.ts"
import { HEAD_EXTRA, type Peer } from "./http/request-writer.ts"
import { CLOSES, STAYS, STAYS_1_0, writeResponseHead } from "./http/response-writer.ts"
import { parseTrailers, TRAILERS_MAX, writeTrailers } from "./http/trailer-section.ts"
import type { LoggedRequest } from "./access-log.ts"
import { UNLIMITED } from "./address-limits.ts"
import { Outlet } from "./outlet.ts"
import { BROKEN, decodeProxyHeader, INCOMPLETE, ProxyHeader } from "./proxy-protocol.ts"
import type { ProxyServer } from "./proxy-server.ts"
import type { Route } from "./route.ts"
import { UpstreamConnection } from "./upstream-connection.ts"

/** Waits for a PROXY header. */
const INTRODUCTION = -1
const READING = 0
const EXCHANGE = 1
const TUNNEL = 2
const LINGERING = 3
const CLOSED = 4

/** Requests that may wait while one is served. */
const PIPELINE_MAX = 65_536
/** A client that was told good-bye may send and keep its half open for so long. */
const LINGER_MS = 2000
/** A connection that is new when the process stops has so long for its request. */
const GRACE_MS = 1000

const EMPTY: Uint8Array = new Uint8Array(0)

type MutableLog = { -readonly [K in keyof LoggedRequest]: LoggedRequest[K] } & { sinceMs: number }

export class ClientConnection extends Outlet implements Peer {
  // Peer: filled when the connection is known.
  forwarded: Uint8Array = EMPTY
  address: Uint8Array = EMPTY
  scheme: Uint8Array = EMPTY
  port: Uint8Array = EMPTY
  isTrusted = false
  shapeBlock: Uint8Array = EMPTY
  ownBlock: Uint8Array = EMPTY

  /** Of the address limits. */
  limitSlot = UNLIMITED

  readonly #server: ProxyServer
  #state = READING
  /** What was read and not used: the start of a head, of a trailer section, or requests that wait. */
  #held: Uint8Array | undefined = undefined
  #isPaused = false
  /** Whether what is held gets its turn soon. */
  #isWaiting = false
  #hasPeerEnded = false
  #hasServed = false

  // The exchange.
  #route: Route | undefined = undefined
  #upstream: UpstreamConnection | undefined = undefined
  /** The chunk that holds the head, while the request might be sent again. */
  #again: Uint8Array | undefined = undefined
  #againAt = 0
  #method = 0
  #minor = 1
  #keeps = true
  #upgrades = false
  #retries = 0
  /** Octets of the request body that are to come, CHUNKED, or 0. */
  #bodyLeft = 0
  /** Octets of a chunked request body that went by, framing included: its size is not announced. */
  #chunkedOctets = 0
  #scanner: ChunkedScanner | undefined = undefined
  #isRequestDone = true
  #hasResponse = false
  /** Of the access log, when there is one. */
  #logged: MutableLog | undefined = undefined
  /** Octets of the response body that are to come, CHUNKED or UNTIL_CLOSE. */
  #responseLeft = 0
  /** Start of a response's head or trailer section. */
  #responseHeld: Uint8Array | undefined = undefined

  constructor(server: ProxyServer, socket: Socket<unknown>) {
    super()
    this.#server = server
    this.socket = socket
    server.wheel.schedule(this, server.site.timeouts.headMs)
  }

  // ---- from the client

  received(chunk: Uint8Array): void {
    this.#server.counters[BYTES_IN]! += chunk.length
    switch (this.#state) {
      case READING:
        this.#read(chunk)
        break
      case INTRODUCTION:
        this.#readIntroduction(chunk)
        break
      case EXCHANGE:
        if (this.#isRequestDone) this.#hold(chunk)
        else this.#readBody(chunk)
        break
      case TUNNEL:
        this.#server.wheel.schedule(this, this.#server.site.timeouts.tunnelMs)
        if (this.#upstream?.send(chunk, 0, chunk.length, false) === false) this.#pause()
        break
      default: // thrown away
    }
  }

  /** FIN: the client sends nothing more, and may still read. */
  peerEnded(): void {
    this.#hasPeerEnded = true
    if (this.#state === EXCHANGE && this.#isRequestDone) return
    if (this.#state === TUNNEL) {
      this.#upstream?.finish()
      return
    }
    if (this.#state === EXCHANGE) this.#abort()
    else if (!this.#isWaiting && !this.hasPending) this.#close()
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#state === CLOSED) return
    if (this.#state === EXCHANGE) this.#server.counters[CLIENT_ABORTS]!++
    this.#release()
  }

  drained(): void {
    if (!this.hasPending) return
    const isEmpty = this.flush()
    const { timeouts } = this.#server.site
    if (this.#state !== TUNNEL) this.#server.wheel.schedule(this, isEmpty ? timeouts.upstreamMs : timeouts.idleMs)
    if (!isEmpty || this.isBroken) return
    const upstream = this.#upstream
    if (upstream !== undefined) upstream.resume()
    else if (this.#state === LINGERING) this.#finish()
    else if (this.#state === READING) {
      if (this.#hasPeerEnded && this.#held === undefined) this.#close()
      else this.#next()
    }
  }

  /** Time is over: of the head, between requests, for the upstream, or of a client that doesn't read. */
  expired(): void {
    const { counters } = this.#server
    switch (this.#state) {
      case READING:
        if (this.#held !== undefined) {
          counters[HEAD_TIMEOUTS]!++
          this.#refuse(408, "the request did not arrive in time")
        } else {
          counters[IDLE_TIMEOUTS]!++
          this.#close()
        }
        break
      case EXCHANGE:
        if (this.#hasResponse || this.hasPending) {
          // Half a response was sent: only a reset tells that there was more.
          counters[this.hasPending ? IDLE_TIMEOUTS : UPSTREAM_TIMEOUTS]!++
          this.#abort()
        } else if (this.#isRequestDone) {
          counters[UPSTREAM_TIMEOUTS]!++
          this.#fail(504, "the upstream did not answer in time")
        } else {
          counters[IDLE_TIMEOUTS]!++
          this.#fail(408, "the request did not arrive in time")
        }
        break
      default:
        this.#abort()
    }
  }

  /** The process stops: idle connections close, the others after their response. */
  stop(): void {
    this.#keeps = false
    if (this.#state !== READING || this.#held !== undefined) return
    // A new connection's first request may be on its way: it was accepted, so it is answered.
    if (this.#hasServed) this.#close()
    else this.#server.wheel.schedule(this, GRACE_MS)
  }

  terminate(): void {
    this.#abort()
  }

  // ---- the start

  /** The peer is a balancer that says whose connection it is (proxy-protocol.ts). */
  expectProxyHeader(port: Uint8Array): void {
    this.#state = INTRODUCTION
    this.port = port
  }

  #readIntroduction(chunk: Uint8Array): void {
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = undefined
    const header = new ProxyHeader()
    const length = decodeProxyHeader(bytes, 0, bytes.length, header)
    if (length === INCOMPLETE) this.#held = bytes
    else if (length === BROKEN) {
      this.#server.counters[REFUSED]!++
      this.#abort()
    } else {
      this.#state = READING
      this.#server.introduce(this, header, this.port)
      if (length < bytes.length && this.#isReading()) this.#read(bytes.subarray(length))
    }
  }

  /** Too many connections of one address. */
  refuseConnection(): void {
    this.#refuse(429, "too many connections from this address")
  }

  // ---- the request

  #read(chunk: Uint8Array): void {
    const held = this.#held
    if (held === undefined) {
      this.#readHead(chunk)
      return
    }
    const { limits } = this.#server.site
    const whole = Buffer.concat([held, chunk])
    // A head grows by lines: as long as none was completed there is nothing new to be said of it, but that it is too long.
    if (whole.length <= limits.headBytes && chunk.indexOf(LF) < 0) this.#held = whole
    else {
      this.#held = undefined
      this.#readHead(whole)
    }
  }

  #readHead(bytes: Uint8Array): void {
    const server = this.#server
    const { limits, timeouts } = server.site
    const head = server.requestHead
    const parsed = head.parse(bytes, 0, bytes.length, limits.headers)
    if (parsed > 0 && parsed <= limits.headBytes) {
      this.#begin(bytes, parsed)
      return
    }
    if (parsed === MORE && bytes.length <= limits.headBytes) {
      if (this.#held === undefined && this.deadlineMs > server.wheel.nowMs + timeouts.headMs)
        server.wheel.schedule(this, timeouts.headMs)
      this.#held = bytes
      return
    }
    const { status, text } = faultOf(parsed >= 0 ? HEAD_TOO_LARGE : parsed)
    this.#refuse(status, text)
  }

  /** A head is complete and lies in server.requestHead. */
  #begin(bytes: Uint8Array, headEnd: number): void {
    const server = this.#server
    const { site, counters } = server
    const head = server.requestHead
    counters[REQUESTS]!++
    this.#state = EXCHANGE
    this.#hasServed = true
    this.#method = head.method
    this.#minor = head.minor
    this.#retries = 0
    this.#hasResponse = false
    this.#again = bytes
    this.#againAt = head.start
    this.#chunkedOctets = 0
    this.#bodyLeft = head.isChunked ? CHUNKED : Math.max(0, head.contentLength)
    this.#isRequestDone = this.#bodyLeft === 0
    if (head.isChunked) (this.#scanner ??= new ChunkedScanner()).reset()
    if (server.log !== undefined) this.#logged = this.#beginLog(bytes)
    const route = site.routes.find(head, bytes)
    this.#route = route
    this.#keeps = head.keepsAlive && !server.isStopping && route?.forcesNew !== true
    server.wheel.schedule(this, site.timeouts.upstreamMs)
    if (!server.mayRequest(this.limitSlot)) this.#failEarly(bytes, headEnd, 429, "too many requests from this address")
    else if (route === undefined) this.#failEarly(bytes, headEnd, 404, "no route leads there")
    else if (site.limits.bodyBytes > 0 && this.#bodyLeft > site.limits.bodyBytes)
      this.#failEarly(bytes, headEnd, 413, "the request body is too large")
    else this.#forward(bytes, headEnd)
  }

  /** Nothing of the request goes on; requests behind it do. */
  #failEarly(bytes: Uint8Array, headEnd: number, status: number, text: string): void {
    if (this.#isRequestDone && headEnd < bytes.length) this.#hold(bytes.subarray(headEnd))
    this.#fail(status, text)
  }

  /** Sends the head of server.requestHead and what the chunk holds of the body. */
  #forward(bytes: Uint8Array, headEnd: number): void {
    const server = this.#server
    const { site } = server
    const route = this.#route!
    const head = server.requestHead
    const upstream = route.pick(server.wheel.nowMs)
    const out = server.roomFor(
      headEnd - head.start + this.shapeBlock.length + this.ownBlock.length + route.added.length + HEAD_EXTRA
    )
    const { writer } = site
    const end = writer.write(head, bytes, this, route, upstream.authority, route.forcesNew, out, 0)
    if (writer.spoofed > 0) server.counters[SPOOFED]! += writer.spoofed
    this.#upgrades = writer.upgrades

    let connection = route.forcesNew ? undefined : upstream.take()
    if (connection === undefined) {
      if (upstream.connecting >= upstream.settings.pending) {
        this.#failEarly(bytes, headEnd, 503, "the upstream has too many requests waiting")
        return
      }
      connection = new UpstreamConnection(server, upstream, this)
      this.#upstream = connection
      connection.send(out, 0, end, true)
      if (!this.#isRequestDone || headEnd < bytes.length) this.#passBody(bytes, headEnd)
      if (this.#state === EXCHANGE && this.#upstream === connection) connection.connect()
      return
    }
    server.counters[UPSTREAM_REUSES]!++
    connection.attach(this)
    this.#upstream = connection
    let sent = connection.send(out, 0, end, true)
    if (connection.isBroken) {
      // It was closed already: nothing was sent, so that any request may take another.
      this.#upstream = undefined
      connection.client = undefined
      connection.terminate()
      this.#forward(bytes, headEnd)
      return
    }
    if (!this.#isRequestDone || headEnd < bytes.length) sent = this.#passBody(bytes, headEnd) && sent
    if (!sent && !this.#isRequestDone) this.#pause()
  }

  #readBody(chunk: Uint8Array): void {
    let bytes = chunk
    if (this.#held !== undefined) {
      bytes = Buffer.concat([this.#held, chunk])
      this.#held = undefined
      // The trailer section, line by line as the head.
      if (chunk.indexOf(LF) < 0 && bytes.length < TRAILERS_MAX) {
        this.#held = bytes
        return
      }
    }
    this.#again = undefined
    this.#server.wheel.schedule(this, this.#server.site.timeouts.upstreamMs)
    if (!this.#passBody(bytes, 0) && !this.#isRequestDone) this.#pause()
  }

  /** Sends what `bytes[from..]` holds of the body; what follows it waits. False: not all of it went. */
  #passBody(bytes: Uint8Array, from: number): boolean {
    const upstream = this.#upstream!
    const { length } = bytes
    if (this.#isRequestDone) {
      this.#hold(bytes.subarray(from))
      return true
    }
    if (from < length) this.#again = undefined
    if (this.#bodyLeft !== CHUNKED) {
      const end = Math.min(length, from + this.#bodyLeft)
      this.#bodyLeft -= end - from
      if (this.#bodyLeft === 0) this.#isRequestDone = true
      const sent = upstream.send(bytes, from, end, false)
      if (end < length) this.#hold(bytes.subarray(end))
      return sent
    }
    const scanner = this.#scanner!
    const at = scanner.isAtTrailers ? from : scanner.scan(bytes, from, length)
    if (isFault(at)) {
      this.#breakOffBy(at)
      return true
    }
    const limit = this.#server.site.limits.bodyBytes
    this.#chunkedOctets += at - from
    if (limit > 0 && this.#chunkedOctets > limit) {
      this.#breakOff(413, "the request body is too large")
      return true
    }
    let sent = upstream.send(bytes, from, at, false)
    if (!scanner.isAtTrailers) return sent
    const end = parseTrailers(bytes, at, length)
    if (end === MORE) {
      if (at < length) this.#held = bytes.subarray(at)
      return sent
    }
    if (isFault(end)) {
      this.#breakOffBy(end)
      return true
    }
    const out = this.#server.roomFor(end - at + 2)
    sent = upstream.send(out, 0, writeTrailers(bytes, out, 0, this.#server.site.reserved), true)
    this.#isRequestDone = true
    if (end < length) this.#hold(bytes.subarray(end))
    return sent
  }

  #breakOffBy(fault: number): void {
    const { status, text } = faultOf(fault)
    this.#breakOff(status, text)
  }

  /** The request won't be read to its end: nobody knows where the next one begins, for us and for the upstream. */
  #breakOff(status: number, text: string): void {
    const upstream = this.#upstream
    this.#upstream = undefined
    if (upstream !== undefined) {
      upstream.client = undefined
      upstream.terminate()
    }
    if (this.#hasResponse) this.#abort()
    else this.#refuse(status, text)
  }

  /** Keeps requests that came before their turn. */
  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes])
    if (this.#held.length > PIPELINE_MAX) this.#pause()
  }

  // ---- the access log

  #beginLog(bytes: Uint8Array): MutableLog {
    const head = this.#server.requestHead
    const { fields } = head
    let referer = "-"
    let userAgent = "-"
    for (let i = 0; i < fields.count; i++) {
      const name = latin1(bytes, fields.at[i * 4]!, fields.at[i * 4 + 1]!).toLowerCase()
      if (name === "referer") referer = latin1(bytes, fields.at[i * 4 + 2]!, fields.at[i * 4 + 3]!)
      else if (name === "user-agent") userAgent = latin1(bytes, fields.at[i * 4 + 2]!, fields.at[i * 4 + 3]!)
    }
    return {
      client: latin1(this.address),
      method: latin1(bytes, head.start, head.methodEnd),
      target: latin1(bytes, head.targetStart, head.targetEnd),
      version: head.minor === 0 ? "HTTP/1.0" : "HTTP/1.1",
      // 499 as nginx: the client went before there was an answer.
      status: 499,
      bytes: 0,
      durationMs: 0,
      referer,
      userAgent,
      block: latin1(this.shapeBlock) + latin1(this.ownBlock),
      sinceMs: performance.now()
    }
  }

  #endLog(): void {
    const { sinceMs, ...logged } = this.#logged!
    this.#logged = undefined
    this.#server.log?.add({ ...logged, durationMs: Math.round(performance.now() - sinceMs) }, new Date())
  }

  // ---- from the upstream

  /** What waited for the upstream has gone. */
  upstreamDrained(): void {
    if (this.#state === TUNNEL && this.#hasPeerEnded) this.#upstream?.finish()
    else if ((this.#held?.length ?? 0) <= PIPELINE_MAX) this.#resume()
  }

  fromUpstream(upstream: UpstreamConnection, chunk: Uint8Array): void {
    const server = this.#server
    if (this.#state === TUNNEL) {
      server.wheel.schedule(this, server.site.timeouts.tunnelMs)
      server.counters[BYTES_OUT]! += chunk.length
      if (!this.send(chunk, 0, chunk.length, false)) upstream.pause()
      return
    }
    let bytes = chunk
    if (this.#responseHeld !== undefined) {
      bytes = Buffer.concat([this.#responseHeld, chunk])
      this.#responseHeld = undefined
    }
    if (this.#hasResponse) {
      server.wheel.schedule(this, server.site.timeouts.upstreamMs)
      this.#passResponse(upstream, bytes, 0, EMPTY, 0)
    } else this.#readResponse(upstream, bytes)
  }

  #readResponse(upstream: UpstreamConnection, bytes: Uint8Array): void {
    const server = this.#server
    const { site, counters } = server
    const head = server.responseHead
    for (let at = 0; ;) {
      const parsed = head.parse(bytes, at, bytes.length, site.limits.responseHeaders, this.#method === METHOD_HEAD)
      if (parsed === MORE && bytes.length - at <= site.limits.responseHeadBytes) {
        if (at < bytes.length) this.#responseHeld = bytes.subarray(at)
        return
      }
      if (parsed <= 0 || parsed - at > site.limits.responseHeadBytes) {
        counters[UPSTREAM_FAILURES]!++
        this.#fail(502, isFault(parsed) ? faultOf(parsed).text : "the upstream's header section is too large")
        return
      }
      this.#again = undefined
      const { status } = head
      const route = this.#route!
      const out = server.roomFor(parsed - at + route.addedToResponse.length + HEAD_EXTRA)
      if (status === 101) {
        if (!this.#upgrades) {
          counters[UPSTREAM_FAILURES]!++
          this.#fail(502, "the upstream switched protocols unasked")
          return
        }
        this.#tunnel(upstream, bytes, parsed, out)
        return
      }
      if (status < 200) {
        at = parsed
        // RFC 9110 section 15.2: HTTP/1.0 does not know them.
        if (this.#minor === 0) continue
        const end = writeResponseHead(head, bytes, STAYS, true, EMPTY, route.removedFromResponse, EMPTY, out, 0)
        this.send(out, 0, end, true)
        continue
      }
      counters[RESPONSES + Math.min(5, Math.floor(status / 100))]!++
      this.#hasResponse = true
      if (this.#logged !== undefined) this.#logged.status = status
      this.#responseLeft = head.length
      if (head.length === CHUNKED) upstream.scanner.reset()
      const chunks = head.length !== CHUNKED || this.#minor === 1
      // An answer before the request has ended, or without an end of its own, is the last.
      if (!this.#isRequestDone || head.length === UNTIL_CLOSE || !chunks || server.isStopping) this.#keeps = false
      const connection = this.#keeps ? (this.#minor === 0 ? STAYS_1_0 : STAYS) : CLOSES
      const end = writeResponseHead(
        head,
        bytes,
        connection,
        chunks,
        server.date(),
        route.removedFromResponse,
        route.addedToResponse,
        out,
        0
      )
      if (!head.keepsAlive) upstream.isLast = true
      server.wheel.schedule(this, site.timeouts.upstreamMs)
      this.#passResponse(upstream, bytes, parsed, out, end)
      return
    }
  }

  /** Sends `out[0..headEnd)`, if there is any, and what `bytes[from..]` holds of the response's body. */
  #passResponse(upstream: UpstreamConnection, bytes: Uint8Array, from: number, out: Uint8Array, headEnd: number): void {
    const { length } = bytes
    let stop = length
    let next = length
    let isDone = false
    if (this.#responseLeft === CHUNKED) {
      const { scanner } = upstream
      let at = from
      stop = from
      if (!scanner.isAtTrailers) {
        at = this.#minor === 1 ? scanner.scan(bytes, from, length) : scanner.decode(bytes, from, length)
        if (isFault(at)) {
          this.#server.counters[UPSTREAM_FAILURES]!++
          this.#abort()
          return
        }
        stop = this.#minor === 1 ? at : scanner.dataEnd
      }
      next = at
      if (scanner.isAtTrailers) {
        const end = parseTrailers(bytes, at, length)
        if (isFault(end)) {
          this.#server.counters[UPSTREAM_FAILURES]!++
          this.#abort()
          return
        }
        if (end === MORE) {
          if (at < length) this.#responseHeld = bytes.subarray(at)
        } else {
          isDone = true
          next = end
          if (this.#minor === 1) stop = end
        }
      }
    } else if (this.#responseLeft !== UNTIL_CLOSE) {
      stop = next = Math.min(length, from + this.#responseLeft)
      this.#responseLeft -= stop - from
      isDone = this.#responseLeft === 0
    }

    this.#server.counters[BYTES_OUT]! += headEnd + stop - from
    if (this.#logged !== undefined) this.#logged.bytes += stop - from
    let sent: boolean
    if (headEnd > 0 && stop > from && headEnd + stop - from <= out.length) {
      out.set(bytes.subarray(from, stop), headEnd)
      sent = this.send(out, 0, headEnd + stop - from, true)
    } else {
      sent = headEnd === 0 || this.send(out, 0, headEnd, true)
      sent = this.send(bytes, from, stop, false) && sent
    }
    if (this.isBroken) {
      this.#abort()
      return
    }
    if (isDone) this.#complete(upstream, next < length)
    else if (!sent) {
      upstream.pause()
      this.#server.wheel.schedule(this, this.#server.site.timeouts.idleMs)
    }
  }

  /** The response is complete. `hasMore`: the upstream sent more than it said. */
  #complete(upstream: UpstreamConnection | undefined, hasMore: boolean): void {
    const server = this.#server
    const { timeouts } = server.site
    if (this.#logged !== undefined) this.#endLog()
    this.#upstream = undefined
    if (upstream !== undefined) {
      if (hasMore || !this.#isRequestDone) {
        upstream.client = undefined
        upstream.terminate()
      } else {
        if (this.#route?.forcesNew === true) upstream.isLast = true
        upstream.resume()
        upstream.release()
      }
    }
    this.#again = undefined
    this.#responseHeld = undefined
    if (!this.#keeps || (this.#hasPeerEnded && this.#held === undefined)) {
      this.#state = LINGERING
      server.wheel.schedule(this, this.hasPending ? timeouts.idleMs : LINGER_MS)
      if (!this.hasPending) this.#finish()
      return
    }
    this.#state = READING
    this.#hasResponse = false
    server.wheel.schedule(this, timeouts.idleMs)
    // Who doesn't read its responses gets no further ones.
    if (this.hasPending) this.#pause()
    else this.#next()
  }

  /** The next of the requests that came before their turn, in a turn of its own: other clients come between, and it is no recursion. */
  #next(): void {
    if (this.#held === undefined) this.#resume()
    else {
      this.#isWaiting = true
      this.#server.later(this)
    }
  }

  proceed(): void {
    const held = this.#held
    this.#isWaiting = false
    if (this.#state !== READING || held === undefined) return
    this.#held = undefined
    this.#readHead(held)
    if (this.#isReading()) {
      if (this.#hasPeerEnded) this.#close()
      else this.#resume()
    }
  }

  #isReading(): boolean {
    return this.#state === READING
  }

  /** The upstream ended or broke before it could be let go. `isClean`: by FIN. */
  upstreamEnded(upstream: UpstreamConnection, isClean: boolean): void {
    if (this.#upstream !== upstream) return
    if (this.#state === TUNNEL) {
      if (!isClean || this.#hasPeerEnded) this.#abortAfterDrain(isClean)
      else if (!this.hasPending) this.socket?.shutdown()
      return
    }
    if (this.#hasResponse) {
      if (isClean && this.#responseLeft === UNTIL_CLOSE) {
        upstream.client = undefined
        upstream.terminate()
        this.#complete(undefined, false)
      } else {
        this.#server.counters[UPSTREAM_FAILURES]!++
        this.#abort()
      }
      return
    }
    this.#upstream = undefined
    upstream.client = undefined
    upstream.terminate()
    const isSafe = this.#method === METHOD_GET || this.#method === METHOD_HEAD || this.#method === METHOD_OPTIONS
    const again = this.#again
    if (
      again !== undefined &&
      isSafe &&
      this.#retries === 0 &&
      this.#responseHeld === undefined &&
      this.#bodyLeft === 0
    ) {
      this.#retries++
      this.#server.counters[RETRIES]!++
      const parsed = this.#server.requestHead.parse(
        again,
        this.#againAt,
        again.length,
        this.#server.site.limits.headers
      )
      // What follows the head is held already.
      this.#forward(parsed === again.length ? again : again.subarray(0, parsed), parsed)
      return
    }
    this.#server.counters[UPSTREAM_FAILURES]!++
    this.#fail(502, "the upstream closed the connection without an answer")
  }

  /** The upstream can't be reached: nothing of the request was sent, so another may get it. */
  connectFailed(upstream: UpstreamConnection, reason: string): void {
    if (this.#upstream !== upstream) return
    const server = this.#server
    const pending = upstream.takePending()
    this.#upstream = undefined
    const next = this.#route!.pick(server.wheel.nowMs)
    if (this.#retries === 0 && next !== upstream.upstream) {
      this.#retries++
      server.counters[RETRIES]!++
      const connection = new UpstreamConnection(server, next, this)
      this.#upstream = connection
      for (const bytes of pending) connection.send(bytes, 0, bytes.length, false)
      connection.connect()
      return
    }
    if (reason === "ETIMEDOUT") this.#fail(504, "the upstream did not accept the connection in time")
    else this.#fail(502, "the upstream can not be reached")
  }

  // ---- ends

  #tunnel(upstream: UpstreamConnection, bytes: Uint8Array, from: number, out: Uint8Array): void {
    const server = this.#server
    server.counters[TUNNELS]!++
    server.counters[RESPONSES + 1]!++
    const end = writeResponseHead(
      server.responseHead,
      bytes,
      STAYS,
      true,
      EMPTY,
      this.#route!.removedFromResponse,
      EMPTY,
      out,
      0
    )
    this.#state = TUNNEL
    if (this.#logged !== undefined) this.#logged.status = 101
    server.wheel.schedule(this, server.site.timeouts.tunnelMs)
    let sent = this.send(out, 0, end, true)
    sent = this.send(bytes, from, bytes.length, false) && sent
    if (!sent) upstream.pause()
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) upstream.send(held, 0, held.length, false)
    if (this.#hasPeerEnded) upstream.finish()
    else this.#resume()
  }

  #abortAfterDrain(isClean: boolean): void {
    const upstream = this.#upstream
    this.#upstream = undefined
    if (upstream !== undefined) {
      upstream.client = undefined
      upstream.terminate()
    }
    if (!isClean) this.#abort()
    else {
      this.#state = LINGERING
      this.#server.wheel.schedule(this, LINGER_MS)
      if (!this.hasPending) this.#finish()
    }
  }

  /** Answers a request that goes no further; the connection stays if the request is complete. */
  #fail(status: number, text: string): void {
    const upstream = this.#upstream
    this.#upstream = undefined
    if (upstream !== undefined) {
      upstream.client = undefined
      upstream.terminate()
    }
    if (!this.#isRequestDone) this.#keeps = false
    this.#hasResponse = true
    this.#answer(status, text)
    this.#complete(undefined, false)
  }

  /** Answers what is no request; nobody knows where the next one begins. */
  #refuse(status: number, text: string): void {
    this.#server.counters[REFUSED]!++
    this.#held = undefined
    this.#keeps = false
    this.#method = METHOD_GET
    this.#isRequestDone = false
    this.#answer(status, text)
    this.#complete(undefined, false)
  }

  #answer(status: number, text: string): void {
    const server = this.#server
    server.counters[RESPONSES + Math.floor(status / 100)]!++
    if (this.#logged !== undefined) this.#logged.status = status
    const page = errorPage(status, text, server.date(), !this.#keeps, this.#method !== METHOD_HEAD)
    this.send(page, 0, page.length, false)
  }

  /** Everything was sent: closes our half, or all when nothing of the client's can be on its way. */
  #finish(): void {
    if (this.#state === CLOSED) return
    if (this.#hasPeerEnded || (this.#isRequestDone && this.#held === undefined)) {
      this.#close()
      return
    }
    this.#held = undefined
    this.#resume()
    this.socket?.shutdown()
  }

  #close(): void {
    const { socket } = this
    this.#release()
    socket?.end()
  }

  /** Closes both sides at once, the client's by a reset. */
  #abort(): void {
    const { socket } = this
    this.#release()
    socket?.terminate()
  }

  #release(): void {
    if (this.#state === CLOSED) return
    this.#state = CLOSED
    if (this.#logged !== undefined) this.#endLog()
    const upstream = this.#upstream
    this.#upstream = undefined
    if (upstream !== undefined) {
      upstream.client = undefined
      upstream.terminate()
    }
    this.isBroken = true
    this.forgetPending()
    this.#held = this.#again = this.#responseHeld = undefined
    this.socket = undefined
    this.#server.wheel.cancel(this)
    this.#server.gone(this)
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.socket?.pause()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.socket?.resume()
  }
}
