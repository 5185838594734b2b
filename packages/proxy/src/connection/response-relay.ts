/**
 * The response of one exchange on its way to the client: interim responses, the head rewritten, the body as it comes, trailers.
 */
import { BYTES_OUT, RESPONSES, UPSTREAM_FAILURES } from "../operations/counters.ts"
import type { Exchange } from "./exchange.ts"
import { CHUNKED, UNTIL_CLOSE } from "../http1/body-length.ts"
import { copy } from "../http1/copy.ts"
import { BAD_UPGRADE, faultOf, isFault, MORE } from "../http1/fault.ts"
import { METHOD_HEAD } from "../http1/request-head.ts"
import { HEAD_EXTRA } from "../http1/request-writer.ts"
import { CLOSES, STAYS, STAYS_1_0, writeResponseHead } from "../http1/response-writer.ts"
import { parseTrailers } from "../http1/trailer-section.ts"
import { SHARED, GIVEN, KEPT } from "../socket/socket-writer.ts"
import type { UpstreamConnection } from "../upstream/upstream-connection.ts"

const EMPTY: Uint8Array = new Uint8Array(0)

export class ResponseRelay {
  /** Whether its final head went to the client. */
  hasBegun = false
  readonly #exchange: Exchange
  /** Bytes of the body that are to come, CHUNKED or UNTIL_CLOSE. */
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
    return this.#left === UNTIL_CLOSE
  }

  forget(): void {
    this.#held = undefined
  }

  /** `isLent`: the chunk is others' after the call. */
  received(upstream: UpstreamConnection, chunk: Uint8Array, isLent: boolean): void {
    let bytes = chunk
    if (this.#held !== undefined) {
      bytes = Buffer.concat([this.#held, chunk])
      isLent = false
      this.#held = undefined
    }
    if (this.hasBegun) {
      const { server } = this.#exchange.client
      server.wheel.schedule(this.#exchange.client, server.site.timeouts.upstreamMs)
      this.#pass(upstream, bytes, 0, EMPTY, 0, isLent)
    } else this.#readHead(upstream, bytes, isLent)
  }

  #readHead(upstream: UpstreamConnection, bytes: Uint8Array, isLent: boolean): void {
    const exchange = this.#exchange
    const { client } = exchange
    const { server } = client
    const { site, counters } = server
    const head = server.responseHead
    for (let at = 0; ;) {
      const parsed = head.parse(bytes, at, bytes.length, site.limits.responseHeaders, exchange.method === METHOD_HEAD)
      if (parsed === MORE && bytes.length - at <= site.limits.responseHeadBytes) {
        if (at < bytes.length) this.#held = isLent ? bytes.slice(at) : bytes.subarray(at)
        return
      }
      if (parsed <= 0 || parsed - at > site.limits.responseHeadBytes) {
        counters[UPSTREAM_FAILURES]!++
        exchange.fail(502, isFault(parsed) ? faultOf(parsed).text : "the upstream's header section is too large")
        return
      }
      exchange.request.forget()
      const { status } = head
      const route = exchange.route!
      if (status === 101) {
        if (exchange.upgrades)
          client.beginTunnel(upstream, route, exchange.takeLogged(), isLent ? bytes.slice() : bytes, parsed)
        else {
          counters[UPSTREAM_FAILURES]!++
          exchange.fail(502, faultOf(BAD_UPGRADE).text)
        }
        return
      }
      const out = server.roomFor(parsed - at + route.addedToResponse.length + HEAD_EXTRA)
      if (status < 200) {
        at = parsed
        // RFC 9110 section 15.2: HTTP/1.0 does not know them.
        if (exchange.minor === 0) continue
        const end = writeResponseHead(head, bytes, STAYS, true, EMPTY, route.removedFromResponse, EMPTY, out, 0)
        client.send(out, 0, end, SHARED)
        continue
      }
      counters[RESPONSES + Math.min(5, Math.floor(status / 100))]!++
      this.hasBegun = true
      if (exchange.logged !== undefined) exchange.logged.status = status
      this.#left = head.length
      if (head.length === CHUNKED) upstream.scanner.reset()
      const chunks = head.length !== CHUNKED || exchange.minor === 1
      // An answer before the request has ended, or without an end of its own, is the last.
      if (!exchange.request.body.isDone || head.length === UNTIL_CLOSE || !chunks || server.isStopping)
        exchange.keeps = false
      const end = writeResponseHead(
        head,
        bytes,
        exchange.keeps ? (exchange.minor === 0 ? STAYS_1_0 : STAYS) : CLOSES,
        chunks,
        server.date(),
        route.removedFromResponse,
        route.addedToResponse,
        out,
        0
      )
      if (!head.keepsAlive) upstream.isLast = true
      server.wheel.schedule(client, site.timeouts.upstreamMs)
      this.#pass(upstream, bytes, parsed, out, end, isLent)
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
    isLent: boolean
  ): void {
    const exchange = this.#exchange
    const { client } = exchange
    const { server } = client
    const { length } = bytes
    let stop = length
    let next = length
    let isDone = false
    if (this.#left === CHUNKED) {
      const { scanner } = upstream
      const isDecoded = exchange.minor === 0
      let at = from
      stop = from
      if (!scanner.isAtTrailers) {
        at = isDecoded ? scanner.decode(bytes, from, length) : scanner.scan(bytes, from, length)
        if (isFault(at)) {
          exchange.breakResponse()
          return
        }
        stop = isDecoded ? scanner.dataEnd : at
      }
      next = at
      if (scanner.isAtTrailers) {
        const end = parseTrailers(bytes, at, length)
        if (isFault(end)) {
          exchange.breakResponse()
          return
        }
        if (end === MORE) {
          if (at < length) this.#held = isLent ? bytes.slice(at) : bytes.subarray(at)
        } else {
          isDone = true
          next = end
          if (!isDecoded) stop = end
        }
      }
    } else if (this.#left !== UNTIL_CLOSE) {
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
      sent = client.send(bytes, from, stop, isLent ? SHARED : this.#held === undefined ? GIVEN : KEPT) && sent
    }
    if (client.isBroken) client.abort()
    else if (isDone) exchange.complete(upstream, next < length)
    else if (!sent) {
      upstream.pauseReading()
      server.wheel.schedule(client, server.site.timeouts.idleMs)
    }
  }
}
