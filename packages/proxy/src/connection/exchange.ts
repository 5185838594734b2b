/**
 * One request and its response: what both halves share, and how they end. A client connection has one, used for request after request
 * and by the connection that takes its place (client-table.ts).
 *
 * ```
 * begin ──► request-relay.ts ──► upstream ──► response-relay.ts ──► complete ──► the client's next request
 *    └── refused, or the upstream is lost ──► fail (error page) ──────┘
 * ```
 */
import type { ClientConnection } from "./client-connection.ts"
import { IDLE_TIMEOUTS, REQUESTS, UPSTREAM_FAILURES, UPSTREAM_TIMEOUTS } from "../operations/counters.ts"
import { BODY_TOO_LARGE, errorResponse } from "../http1/parse-error.ts"
import { METHOD_HEAD } from "../http1/request-head.ts"
import { LoggedExchange } from "../operations/logged-exchange.ts"
import { RequestRelay } from "./request-relay.ts"
import { ResponseRelay } from "./response-relay.ts"
import type { Route } from "../routing/route.ts"
import type { Downstream, UpstreamConnection } from "../upstream/upstream-connection.ts"

export class Exchange implements Downstream {
  readonly client: ClientConnection
  readonly request: RequestRelay = new RequestRelay(this)
  readonly response: ResponseRelay = new ResponseRelay(this)
  route: Route | undefined = undefined
  upstream: UpstreamConnection | undefined = undefined
  method = 0
  minor = 1
  /** Whether the client's connection stays for another. */
  keeps = true
  /** Whether the client asked for another protocol. */
  upgrades = false
  /** Where there is an access log. */
  logged: LoggedExchange | undefined = undefined

  constructor(client: ClientConnection) {
    this.client = client
  }

  /** A head is complete and lies in server.requestHead. */
  begin(bytes: Uint8Array, headEnd: number, isBorrowed: boolean): void {
    const { client, request } = this
    const { server } = client
    const { generation } = server
    const head = server.requestHead
    server.counters[REQUESTS]!++
    this.method = head.method
    this.minor = head.minor
    this.upgrades = false
    request.begin(bytes, headEnd, isBorrowed)
    client.readHints(head.fields, bytes)
    this.response.begin()
    if (server.log !== undefined) this.logged = new LoggedExchange(server.log, head, bytes, client)
    const route = generation.routes.find(head, bytes)
    this.route = route
    this.keeps = head.keepsAlive && !server.isStopping && route?.forcesNew !== true
    server.wheel.schedule(client, generation.timeouts.upstreamMs)
    if (!server.allowsRequest(client.limitSlot))
      request.failEarly(bytes, headEnd, 429, "too many requests from this address")
    else if (route === undefined) request.failEarly(bytes, headEnd, 404, "no route leads there")
    else if (generation.limits.bodyBytes > 0 && request.body.left > generation.limits.bodyBytes)
      request.failEarly(bytes, headEnd, 413, errorResponse(BODY_TOO_LARGE).text)
    else request.forward(bytes, headEnd)
  }

  // ---- from the client

  fromClient(chunk: Uint8Array): void {
    this.request.received(chunk)
  }

  /** FIN: its request is answered, if it is complete. */
  clientEnded(): void {
    if (!this.request.body.isDone) this.client.abort()
  }

  /** The upstream was too slow, or the client. */
  expired(): void {
    const { client } = this
    const { counters } = client.server
    if (this.response.hasBegun || client.hasPending) {
      // Half a response was sent: only a reset tells that there was more.
      counters[client.hasPending ? IDLE_TIMEOUTS : UPSTREAM_TIMEOUTS]!++
      client.abort()
    } else if (this.request.body.isDone) {
      counters[UPSTREAM_TIMEOUTS]!++
      this.fail(504, "the upstream did not answer in time")
    } else {
      counters[IDLE_TIMEOUTS]!++
      this.fail(408, "the request did not arrive in time")
    }
  }

  // ---- from the upstream

  fromUpstream(upstream: UpstreamConnection, chunk: Uint8Array, isBorrowed: boolean): void {
    this.response.received(upstream, chunk, isBorrowed)
  }

  upstreamDrained(): void {
    this.request.drained()
  }

  /** It ended or broke before it could be let go. `isClean`: by FIN. */
  upstreamEnded(upstream: UpstreamConnection, isClean: boolean): void {
    const { response } = this
    if (this.upstream !== upstream) return
    if (response.hasBegun) {
      if (isClean && response.endsWithConnection) {
        this.dropUpstream()
        this.complete(undefined, false)
      } else this.breakResponse()
      return
    }
    this.dropUpstream()
    if (!response.hasHeld && this.request.sendAgain()) return
    this.client.server.counters[UPSTREAM_FAILURES]!++
    this.fail(502, "the upstream closed the connection without an answer")
  }

  connectFailed(upstream: UpstreamConnection, reason: string): void {
    if (this.upstream !== upstream) return
    this.upstream = undefined
    if (this.request.sendElsewhere(upstream)) return
    if (reason === "ETIMEDOUT") this.fail(504, "the upstream did not accept the connection in time")
    else this.fail(502, "the upstream can not be reached")
  }

  // ---- ends

  /** The response is complete. `hasMore`: the upstream sent more than it said. */
  complete(upstream: UpstreamConnection | undefined, hasMore: boolean): void {
    const isRead = this.request.body.isDone
    this.upstream = undefined
    if (upstream !== undefined) {
      if (hasMore || !isRead) upstream.drop()
      else {
        if (this.route?.forcesNew === true) upstream.isLast = true
        upstream.resumeReading()
        upstream.release()
      }
    }
    this.#end()
    this.client.exchangeEnded(this.keeps, isRead)
  }

  /** Answers a request that goes no further; the connection stays if the request is complete. */
  fail(status: number, text: string): void {
    this.dropUpstream()
    if (!this.request.body.isDone) this.keeps = false
    this.response.hasBegun = true
    if (this.logged !== undefined) this.logged.status = status
    this.client.sendPage(status, text, !this.keeps, this.method !== METHOD_HEAD)
    this.complete(undefined, false)
  }

  /** The response won't come to its end. */
  breakResponse(): void {
    this.client.server.counters[UPSTREAM_FAILURES]!++
    this.client.abort()
  }

  /** The client's connection is gone. */
  release(): void {
    this.dropUpstream()
    this.#end()
  }

  #end(): void {
    this.takeLogged()?.write()
    this.route = undefined
    this.request.forget()
    this.request.body.forget()
    this.response.forget()
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
