/**
 * One request and its response: the state that both halves share, and how they end. A client connection has one exchange, which serves
 * request after request.
 *
 * ```
 * begin ──► request-relay.ts ──► upstream ──► response-relay.ts ──► complete ──► the client's next request
 *    └── refused, or the upstream is lost ──► fail (error page) ──────┘
 * ```
 * An exchange ends in one of three ways:
 * - complete: the response was sent; the upstream is released to its pool, or dropped if it can't be reused;
 * - fail: no response was begun; the client gets an error page, the upstream is dropped, and the exchange is complete;
 * - abort (by the requester): half a response was sent, or the client has gone; everything is dropped.
 */
import type { ExchangeContext } from "./exchange-context.ts"
import type { Requester } from "./requester.ts"
import type { Services } from "./services.ts"
import { IDLE_TIMEOUTS, REQUESTS, UPSTREAM_FAILURES, UPSTREAM_TIMEOUTS } from "../operations/counters.ts"
import { BODY_TOO_LARGE, errorResponse } from "../http1/parse-error.ts"
import { METHOD_HEAD, type RequestHead } from "../http1/request-head.ts"
import { RequestContext } from "../fingerprint-headers/request-context.ts"
import { LoggedExchange } from "../operations/logged-exchange.ts"
import { RequestRelay } from "./request-relay.ts"
import { ResponseRelay } from "./response-relay.ts"
import type { Route } from "../routing/route.ts"
import type { UpstreamStream } from "../upstream/upstream-stream.ts"

export class Exchange implements ExchangeContext {
  readonly requester: Requester
  readonly services: Services
  readonly context: RequestContext = new RequestContext()
  route: Route | undefined = undefined
  upstream: UpstreamStream | undefined = undefined
  method = 0
  /** HTTP/1 minor version of the request. */
  minor = 1
  /** True if the client asked for another protocol. */
  upgrades = false
  /** Collects the line of the access log; undefined: there is no log. */
  logged: LoggedExchange | undefined = undefined
  hasResponse = false
  readonly #request = new RequestRelay(this)
  readonly #response = new ResponseRelay(this)

  constructor(services: Services, requester: Requester) {
    this.services = services
    this.requester = requester
  }

  /** Begins with the request whose head is in `bytes[..headEnd)`. `isBorrowed`: `bytes` are only valid during the call. */
  begin(head: RequestHead, bytes: Uint8Array, headEnd: number, isBorrowed: boolean): void {
    const { requester, services, context } = this
    const request = this.#request
    const { generation, accessLog } = services
    services.counters[REQUESTS]!++
    this.method = head.method
    this.minor = head.minor
    this.upgrades = this.hasResponse = false
    request.begin(head, bytes, headEnd, isBorrowed)
    this.#response.begin()
    context.begin(requester.facts, head.fields, bytes, generation.hints)
    if (accessLog !== undefined) this.logged = new LoggedExchange(accessLog, head, bytes, context)
    const route = generation.routes.find(head, bytes)
    this.route = route
    if (route?.forcesNew === true) requester.closeAfterResponse()
    requester.schedule(generation.timeouts.upstreamMs)
    if (!services.allowsRequest(requester.limitSlot))
      request.failEarly(bytes, headEnd, 429, "too many requests from this address")
    else if (route === undefined) request.failEarly(bytes, headEnd, 404, "no route leads there")
    else if (generation.limits.bodyBytes > 0 && request.body.left > generation.limits.bodyBytes)
      request.failEarly(bytes, headEnd, 413, errorResponse(BODY_TOO_LARGE).text)
    else request.forward(head, bytes, headEnd)
  }

  get isRequestRead(): boolean {
    return this.#request.body.isDone
  }

  forbidRetry(): void {
    this.#request.clear()
  }

  // ---- events of the client

  fromClient(chunk: Uint8Array): void {
    this.#request.received(chunk)
  }

  /** The client sent FIN: its request is answered if it is complete. */
  clientEnded(): void {
    if (!this.isRequestRead) this.requester.abort()
  }

  /** The time-out has passed: the upstream or the client was too slow. */
  expired(): void {
    const { requester } = this
    const { counters } = this.services
    if (this.hasResponse || requester.hasPending) {
      // Part of a response was sent: only a reset shows the client that it is incomplete.
      counters[requester.hasPending ? IDLE_TIMEOUTS : UPSTREAM_TIMEOUTS]!++
      requester.abort()
    } else if (this.isRequestRead) {
      counters[UPSTREAM_TIMEOUTS]!++
      this.fail(504, "the upstream did not answer in time")
    } else {
      counters[IDLE_TIMEOUTS]!++
      this.fail(408, "the request did not arrive in time")
    }
  }

  // ---- events of the upstream

  fromUpstream(chunk: Uint8Array, isBorrowed: boolean): void {
    this.#response.received(this.upstream!, chunk, isBorrowed)
  }

  upstreamDrained(): void {
    this.requester.resumeBody()
  }

  upstreamEnded(isClean: boolean): void {
    const response = this.#response
    if (this.hasResponse) {
      if (isClean && response.endsWithConnection) {
        this.dropUpstream()
        this.complete(undefined, false)
      } else this.breakResponse()
      return
    }
    this.dropUpstream()
    if (!response.hasHeld && this.#request.sendAgain()) return
    this.services.counters[UPSTREAM_FAILURES]!++
    this.fail(502, "the upstream closed the connection without an answer")
  }

  connectFailed(reason: string): void {
    const failed = this.upstream!
    this.upstream = undefined
    if (this.#request.sendElsewhere(failed)) return
    if (reason === "ETIMEDOUT") this.fail(504, "the upstream did not accept the connection in time")
    else this.fail(502, "the upstream can not be reached")
  }

  // ---- ends

  /** The response is complete. `hasMore`: the upstream sent more bytes than the response has. */
  complete(upstream: UpstreamStream | undefined, hasMore: boolean): void {
    const isRead = this.isRequestRead
    this.upstream = undefined
    if (upstream !== undefined) {
      if (hasMore || !isRead) upstream.drop()
      else {
        if (this.route?.forcesNew === true) upstream.isLast = true
        upstream.resumeReading()
        upstream.release()
      }
    }
    this.#clear()
    this.requester.exchangeEnded(isRead)
  }

  /** Answers a request that is not forwarded any further; the connection stays open if the request was received whole. */
  fail(status: number, text: string): void {
    this.dropUpstream()
    this.hasResponse = true
    if (this.logged !== undefined) this.logged.status = status
    this.requester.sendError(status, text, this.isRequestRead, this.method !== METHOD_HEAD)
    this.complete(undefined, false)
  }

  /** The response can't be completed. */
  breakResponse(): void {
    this.services.counters[UPSTREAM_FAILURES]!++
    this.requester.abort()
  }

  /** The client's connection is closed. */
  release(): void {
    this.dropUpstream()
    this.#clear()
  }

  #clear(): void {
    this.takeLogged()?.write()
    this.route = undefined
    this.#request.clear()
    this.#request.body.clear()
    this.#response.clear()
  }

  takeLogged(): LoggedExchange | undefined {
    const { logged } = this
    this.logged = undefined
    return logged
  }

  dropUpstream(): void {
    const { upstream } = this
    this.upstream = undefined
    upstream?.drop()
  }
}
