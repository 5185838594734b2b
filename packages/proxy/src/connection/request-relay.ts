/**
 * Forwards the request of one exchange to an upstream of its route: head, body, and a second try at another upstream where that is safe.
 */
import { REFUSED, RETRIES, SPOOFED, UPSTREAM_REUSES } from "../operations/counters.ts"
import type { ExchangeContext } from "./exchange-context.ts"
import { put } from "../http1/copy.ts"
import { errorResponse, isParseError } from "../http1/parse-error.ts"
import { METHOD_GET, METHOD_HEAD, METHOD_OPTIONS, RequestHead } from "../http1/request-head.ts"
import { HEAD_EXTRA } from "../http1/request-writer.ts"
import { RequestBody } from "./request-body.ts"
import type { Upstream } from "../upstream/upstream.ts"
import type { UpstreamStream } from "../upstream/upstream-stream.ts"

/** Each exchange keeps a buffer of up to this size for borrowed heads; longer heads are copied to a buffer of their own. */
const KEPT_MAX = 1024
const EMPTY: Uint8Array = new Uint8Array(0)

/** Scratch for heads that are parsed again; nothing of it is kept between calls. */
const parsedAgain = new RequestHead()

export class RequestRelay {
  readonly body: RequestBody = new RequestBody()
  readonly #exchange: ExchangeContext
  /** The chunk that holds the head, while the request might be sent again. */
  #again: Uint8Array | undefined = undefined
  #againStart = 0
  /** Keeps a head whose chunk is borrowed. */
  #kept: Uint8Array = EMPTY
  #retries = 0
  /** The upstream that was picked last. */
  #picked: Upstream | undefined = undefined

  constructor(exchange: ExchangeContext) {
    this.#exchange = exchange
  }

  /** Starts the request whose head was parsed from `bytes`. */
  begin(head: RequestHead, bytes: Uint8Array, headEnd: number, isBorrowed: boolean): void {
    this.#again = isBorrowed ? this.#keep(bytes, headEnd) : bytes
    this.#againStart = head.start
    this.#retries = 0
    this.body.begin(head)
  }

  #keep(bytes: Uint8Array, headEnd: number): Uint8Array {
    if (headEnd > KEPT_MAX) return bytes.slice()
    if (headEnd > this.#kept.length) this.#kept = new Uint8Array(new ArrayBuffer(headEnd + 64))
    put(bytes, this.#kept, 0)
    return this.#kept
  }

  /** The request won't be sent again: a response has begun, or the exchange is over. */
  clear(): void {
    this.#again = undefined
    this.#picked = undefined
  }

  /** Sends the head and the part of the body that the chunk holds. */
  forward(head: RequestHead, bytes: Uint8Array, headEnd: number): void {
    const exchange = this.#exchange
    const { requester, services, context } = exchange
    const { writer } = services.generation
    const route = exchange.route!
    const upstream = route.pick(services.timers.nowMs)
    this.#picked = upstream
    const out = services.output(headEnd - head.start + context.headerRoom + route.added.length + HEAD_EXTRA)
    const end = writer.write(head, bytes, context, route, upstream.authority, out)
    if (writer.spoofed > 0) services.counters[SPOOFED]! += writer.spoofed
    exchange.upgrades = writer.upgrades

    // After one idle connection turned out closed, the others may be closed too: the second try opens a new one.
    const pooled = route.forcesNew || this.#retries > 0 ? undefined : upstream.acquire(!this.#isRepeatable)
    if (pooled === undefined && upstream.connecting >= upstream.settings.pending) {
      this.failEarly(bytes, headEnd, 503, "the upstream has too many requests waiting")
      return
    }
    const stream = pooled ?? services.connectUpstream(upstream, exchange)
    if (pooled !== undefined) {
      services.counters[UPSTREAM_REUSES]!++
      pooled.attach(exchange)
    }
    exchange.upstream = stream
    const filled = this.body.fill(bytes, headEnd, out, end)
    const next = headEnd + filled - end
    let isSent = stream.send(out, 0, filled, "borrow")
    if (pooled !== undefined && pooled.isBroken) {
      // The upstream had closed the connection: nothing was sent, so any request may take another.
      exchange.dropUpstream()
      this.body.begin(head)
      this.forward(head, bytes, headEnd)
      return
    }
    if (next > headEnd) this.#again = undefined
    if (!this.body.isDone || next < bytes.length) isSent = this.#passBody(bytes, next) && isSent
    if (pooled === undefined) {
      // The body may have ended the exchange.
      if (exchange.upstream === stream) stream.connect()
    } else if (!isSent && !this.body.isDone) requester.pauseBody()
  }

  /** Answers without forwarding; requests behind this one are kept. */
  failEarly(bytes: Uint8Array, headEnd: number, status: number, text: string): void {
    if (this.body.isDone && headEnd < bytes.length) this.#exchange.requester.hold(bytes.subarray(headEnd))
    this.#exchange.fail(status, text)
  }

  received(chunk: Uint8Array): void {
    const { requester, services } = this.#exchange
    const { body } = this
    if (body.isDone) {
      requester.hold(chunk)
      return
    }
    const bytes = body.join(chunk)
    if (bytes === undefined) return
    this.#again = undefined
    requester.schedule(services.generation.timeouts.upstreamMs)
    if (!this.#passBody(bytes, 0) && !body.isDone) requester.pauseBody()
  }

  /** Sends the part of the body in `bytes[from..]`; bytes behind the body are held. False: some bytes wait. */
  #passBody(bytes: Uint8Array, from: number): boolean {
    const { requester, services, upstream } = this.#exchange
    const { body } = this
    const { length } = bytes
    if (!body.isDone && from < length) this.#again = undefined
    const next = body.pass(bytes, from, upstream!, services)
    if (isParseError(next)) {
      this.#breakOff(next)
      return true
    }
    if (next < length) requester.hold(bytes.subarray(next))
    return body.isSent
  }

  /** The request won't be read to its end: neither we nor the upstream know where the next one begins. */
  #breakOff(parseError: number): void {
    const exchange = this.#exchange
    const { requester } = exchange
    exchange.dropUpstream()
    if (exchange.hasResponse) {
      requester.abort()
      return
    }
    exchange.services.counters[REFUSED]!++
    requester.dropHeld()
    exchange.method = METHOD_GET
    const { status, text } = errorResponse(parseError)
    exchange.fail(status, text)
  }

  /** True for a request without side effects (RFC 9110 section 9.2.1) and without a body. */
  get #isRepeatable(): boolean {
    const { method } = this.#exchange
    return (method === METHOD_GET || method === METHOD_HEAD || method === METHOD_OPTIONS) && this.body.isEmpty
  }

  /** Sends the request once more after the upstream was lost without an answer. False: that is not safe. */
  sendAgain(): boolean {
    const again = this.#again
    if (again === undefined || !this.#isRepeatable || this.#retries > 0) return false
    const { requester, services, context } = this.#exchange
    const { generation } = services
    this.#retries++
    services.counters[RETRIES]!++
    const headEnd = parsedAgain.parse(again, this.#againStart, again.length, generation.limits.headers)
    context.begin(requester.facts, parsedAgain.fields, again, generation.hints)
    // The bytes behind the head are held already.
    this.forward(parsedAgain, headEnd === again.length ? again : again.subarray(0, headEnd), headEnd)
    return true
  }

  /** Gives the bytes that wait for an unreachable upstream to the next one: none of them was sent. False: there is no other. */
  sendElsewhere(failed: UpstreamStream): boolean {
    const exchange = this.#exchange
    const { services } = exchange
    const pending = failed.takePending()
    const next = exchange.route!.pick(services.timers.nowMs)
    if (this.#retries > 0 || next === this.#picked) return false
    this.#picked = next
    this.#retries++
    services.counters[RETRIES]!++
    const upstream = services.connectUpstream(next, exchange)
    exchange.upstream = upstream
    for (const bytes of pending) upstream.send(bytes, 0, bytes.length, "share")
    upstream.connect()
    return true
  }
}
