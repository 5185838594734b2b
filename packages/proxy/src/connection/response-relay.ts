/**
 * The response of one exchange on its way to the client: interim responses, the head rewritten, the body as it comes, trailers.
 */
import { BYTES_OUT, RESPONSES, UPSTREAM_FAILURES } from "../operations/counters.ts"
import type { Exchange } from "./exchange.ts"
import type { BodyFraming } from "../http1/body-framing.ts"
import { copy } from "../http1/copy.ts"
import { BAD_UPGRADE, errorResponse, isParseError, NEEDS_MORE } from "../http1/parse-error.ts"
import { METHOD_HEAD } from "../http1/request-head.ts"
import { HEAD_EXTRA } from "../http1/request-writer.ts"
import { writeResponseHead } from "../http1/response-writer.ts"
import { parseTrailers } from "../http1/trailer-section.ts"
import { SHARED, GIVEN, KEPT } from "../socket/socket-writer.ts"
import type { UpstreamConnection } from "../upstream/upstream-connection.ts"

const EMPTY: Uint8Array = new Uint8Array(0)

export class ResponseRelay {
  /** Whether its final head went to the client. */
  hasBegun = false
  readonly #exchange: Exchange
  #framing: BodyFraming = "none"
  /** Bytes of a body of known length that are still to come. */
  #left = 0
  /** Start of a head or of a trailer section. */
  #held: Uint8Array | undefined = undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  begin(): void {
    this.hasBegun = false
    this.#held = undefined
  }

  /** Whether a part of its head was kept. */
  get hasHeld(): boolean {
    return this.#held !== undefined
  }

  /** Whether the end of the upstream's connection is its end. */
  get endsWithConnection(): boolean {
    return this.#framing === "until_close"
  }

  forget(): void {
    this.#held = undefined
  }

  /** `isBorrowed`: the chunk is others' after the call. */
  received(upstream: UpstreamConnection, chunk: Uint8Array, isBorrowed: boolean): void {
    let bytes = chunk
    if (this.#held !== undefined) {
      bytes = Buffer.concat([this.#held, chunk])
      isBorrowed = false
      this.#held = undefined
    }
    if (this.hasBegun) {
      const { server } = this.#exchange.client
      server.wheel.schedule(this.#exchange.client, server.generation.timeouts.upstreamMs)
      this.#pass(upstream, bytes, 0, EMPTY, 0, isBorrowed)
    } else this.#readHead(upstream, bytes, isBorrowed)
  }

  #readHead(upstream: UpstreamConnection, bytes: Uint8Array, isBorrowed: boolean): void {
    const exchange = this.#exchange
    const { client } = exchange
    const { server } = client
    const { generation, counters } = server
    const head = server.responseHead
    for (let at = 0; ;) {
      const parsed = head.parse(
        bytes,
        at,
        bytes.length,
        generation.limits.responseHeaders,
        exchange.method === METHOD_HEAD
      )
      if (parsed === NEEDS_MORE && bytes.length - at <= generation.limits.responseHeadBytes) {
        if (at < bytes.length) this.#held = isBorrowed ? bytes.slice(at) : bytes.subarray(at)
        return
      }
      if (parsed <= 0 || parsed - at > generation.limits.responseHeadBytes) {
        counters[UPSTREAM_FAILURES]!++
        exchange.fail(
          502,
          isParseError(parsed) ? errorResponse(parsed).text : "the upstream's header section is too large"
        )
        return
      }
      exchange.request.forget()
      const { status } = head
      const route = exchange.route!
      if (status === 101) {
        if (exchange.upgrades)
          client.beginTunnel(upstream, route, exchange.takeLogged(), isBorrowed ? bytes.slice() : bytes, parsed)
        else {
          counters[UPSTREAM_FAILURES]!++
          exchange.fail(502, errorResponse(BAD_UPGRADE).text)
        }
        return
      }
      const out = server.roomFor(parsed - at + route.addedToResponse.length + HEAD_EXTRA)
      if (status < 200) {
        at = parsed
        // RFC 9110 section 15.2: HTTP/1.0 does not know them.
        if (exchange.minor === 0) continue
        const end = writeResponseHead(head, bytes, exchange, route, EMPTY, out)
        client.send(out, 0, end, SHARED)
        continue
      }
      counters[RESPONSES + Math.min(5, Math.floor(status / 100))]!++
      this.hasBegun = true
      if (exchange.logged !== undefined) exchange.logged.status = status
      const { framing } = head
      this.#framing = framing
      this.#left = head.contentLength
      if (framing === "chunked") upstream.scanner.reset()
      const isDecoded = framing === "chunked" && exchange.minor === 0
      // A response that comes before the request has ended, or that only the end of the connection ends, is the last.
      if (!exchange.request.body.isDone || framing === "until_close" || isDecoded || server.isStopping)
        exchange.keeps = false
      const end = writeResponseHead(head, bytes, exchange, route, server.date(), out)
      if (!head.keepsAlive) upstream.isLast = true
      server.wheel.schedule(client, generation.timeouts.upstreamMs)
      this.#pass(upstream, bytes, parsed, out, end, isBorrowed)
      return
    }
  }

  /** Sends `out[0..headEnd)`, if there is any, and what `bytes[from..]` holds of the body. */
  #pass(
    upstream: UpstreamConnection,
    bytes: Uint8Array,
    from: number,
    out: Uint8Array,
    headEnd: number,
    isBorrowed: boolean
  ): void {
    const exchange = this.#exchange
    const { client } = exchange
    const { server } = client
    const { length } = bytes
    let stop = length
    let next = length
    let isDone = false
    if (this.#framing === "chunked") {
      const { scanner } = upstream
      const isDecoded = exchange.minor === 0
      let at = from
      stop = from
      if (!scanner.isAtTrailers) {
        at = isDecoded ? scanner.decode(bytes, from, length) : scanner.scan(bytes, from, length)
        if (isParseError(at)) {
          exchange.breakResponse()
          return
        }
        stop = isDecoded ? scanner.dataEnd : at
      }
      next = at
      if (scanner.isAtTrailers) {
        const end = parseTrailers(bytes, at, length)
        if (isParseError(end)) {
          exchange.breakResponse()
          return
        }
        if (end === NEEDS_MORE) {
          if (at < length) this.#held = isBorrowed ? bytes.slice(at) : bytes.subarray(at)
        } else {
          isDone = true
          next = end
          if (!isDecoded) stop = end
        }
      }
    } else if (this.#framing !== "until_close") {
      stop = next = Math.min(length, from + this.#left)
      this.#left -= stop - from
      isDone = this.#left === 0
    }

    server.counters[BYTES_OUT]! += headEnd + stop - from
    if (exchange.logged !== undefined) exchange.logged.bytes += stop - from
    let sent: boolean
    if (headEnd > 0 && stop > from && headEnd + stop - from <= out.length) {
      const end = copy(bytes, from, stop, out, headEnd)
      const isLast = isDone && !exchange.keeps && exchange.request.body.isDone
      sent = isLast ? client.sendLast(out, 0, end, SHARED) : client.send(out, 0, end, SHARED)
    } else {
      sent = headEnd === 0 || client.send(out, 0, headEnd, SHARED)
      sent = client.send(bytes, from, stop, isBorrowed ? SHARED : this.#held === undefined ? GIVEN : KEPT) && sent
    }
    if (client.isBroken) client.abort()
    else if (isDone) exchange.complete(upstream, next < length)
    else if (!sent) {
      upstream.pauseReading()
      server.wheel.schedule(client, server.generation.timeouts.idleMs)
    }
  }
}
