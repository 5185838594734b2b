/**
 * Forwards the response of one exchange to the requester: interim responses, the final head, the body as it arrives, trailers.
 */
import { RESPONSES, UPSTREAM_FAILURES } from "../operations/counters.ts"
import type { ExchangeContext } from "./exchange-context.ts"
import { BAD_UPGRADE, errorResponse, isParseError, NEEDS_MORE } from "../http1/parse-error.ts"
import { METHOD_HEAD } from "../http1/request-head.ts"
import { ResponseHead } from "../http1/response-head.ts"
import { ResponseBody } from "./response-body.ts"
import type { UpstreamStream } from "../upstream/upstream-stream.ts"

/** Scratch: nothing of it is kept between calls. */
const head = new ResponseHead()

export class ResponseRelay {
  readonly #exchange: ExchangeContext
  readonly #body = new ResponseBody()
  /** The beginning of a head or of a trailer section. */
  #held: Uint8Array | undefined = undefined

  constructor(exchange: ExchangeContext) {
    this.#exchange = exchange
  }

  begin(): void {
    this.#held = undefined
  }

  /** True if a part of the head has arrived. */
  get hasHeld(): boolean {
    return this.#held !== undefined
  }

  /** True if the end of the upstream's connection ends the response. */
  get endsWithConnection(): boolean {
    return this.#body.framing === "until_close"
  }

  clear(): void {
    this.#held = undefined
  }

  /** `isBorrowed`: the chunk is only valid during the call. */
  received(upstream: UpstreamStream, chunk: Uint8Array, isBorrowed: boolean): void {
    let bytes = chunk
    if (this.#held !== undefined) {
      bytes = Buffer.concat([this.#held, chunk])
      isBorrowed = false
      this.#held = undefined
    }
    const exchange = this.#exchange
    if (exchange.hasResponse) {
      const { requester, services } = exchange
      requester.schedule(services.generation.timeouts.upstreamMs)
      this.#pass(upstream, bytes, 0, isBorrowed)
    } else this.#readHead(upstream, bytes, isBorrowed)
  }

  #readHead(upstream: UpstreamStream, bytes: Uint8Array, isBorrowed: boolean): void {
    const exchange = this.#exchange
    const { requester, services } = exchange
    const { generation, counters } = services
    const { limits } = generation
    for (let from = 0; ;) {
      const end = head.parse(bytes, from, bytes.length, limits.responseHeaders, exchange.method === METHOD_HEAD)
      if (end === NEEDS_MORE && bytes.length - from <= limits.responseHeadBytes) {
        if (from < bytes.length) this.#held = isBorrowed ? bytes.slice(from) : bytes.subarray(from)
        return
      }
      if (end <= 0 || end - from > limits.responseHeadBytes) {
        counters[UPSTREAM_FAILURES]!++
        exchange.fail(502, isParseError(end) ? errorResponse(end).text : "the upstream's header section is too large")
        return
      }
      exchange.forbidRetry()
      const { status } = head
      const route = exchange.route!
      if (status === 101) {
        if (exchange.upgrades) {
          const change = { upstream, rewrite: route, logged: exchange.takeLogged() }
          requester.beginTunnel(change, head, isBorrowed ? bytes.slice() : bytes, end)
        } else {
          counters[UPSTREAM_FAILURES]!++
          exchange.fail(502, errorResponse(BAD_UPGRADE).text)
        }
        return
      }
      if (status < 200) {
        from = end
        // HTTP/1.0 does not have interim responses (RFC 9110 section 15.2).
        if (exchange.minor > 0) requester.sendInterim(head, bytes, route)
        continue
      }
      counters[RESPONSES + Math.min(5, Math.floor(status / 100))]!++
      exchange.hasResponse = true
      if (exchange.logged !== undefined) exchange.logged.status = status
      this.#body.begin(head)
      requester.beginResponse(head, bytes, route, exchange.isRequestRead)
      if (!head.keepsAlive) upstream.isLast = true
      requester.schedule(generation.timeouts.upstreamMs)
      this.#pass(upstream, bytes, end, isBorrowed)
      return
    }
  }

  /** Sends the part of the body in `bytes[from..]`, with the head before it if that was just begun. */
  #pass(upstream: UpstreamStream, bytes: Uint8Array, from: number, isBorrowed: boolean): void {
    const exchange = this.#exchange
    const { requester, services } = exchange
    const body = this.#body
    if (isParseError(body.read(bytes, from, !requester.takesChunked))) {
      exchange.breakResponse()
      return
    }
    const { end, next, isDone } = body
    const { length } = bytes
    if (!isDone && next < length) this.#held = isBorrowed ? bytes.slice(next) : bytes.subarray(next)
    if (exchange.logged !== undefined) exchange.logged.bytes += end - from
    const ownership = isBorrowed ? "borrow" : this.#held === undefined ? "transfer" : "share"
    const isSent = requester.sendBody(bytes, from, end, ownership, isDone && exchange.isRequestRead)
    if (requester.isBroken) requester.abort()
    else if (isDone) exchange.complete(upstream, next < length)
    else if (!isSent) {
      upstream.pauseReading()
      requester.schedule(services.generation.timeouts.idleMs)
    }
  }
}
