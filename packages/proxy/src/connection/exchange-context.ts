/**
 * The exchange as its two relays see it.
 */
import type { RequestContext } from "../fingerprint-headers/request-context.ts"
import type { LoggedExchange } from "../operations/logged-exchange.ts"
import type { Route } from "../routing/route.ts"
import type { Downstream, UpstreamStream } from "../upstream/upstream-stream.ts"
import type { Requester } from "./requester.ts"
import type { Services } from "./services.ts"

export interface ExchangeContext extends Downstream {
  readonly requester: Requester
  readonly services: Services
  readonly context: RequestContext
  readonly route: Route | undefined
  upstream: UpstreamStream | undefined
  method: number
  /** HTTP/1 minor version of the request. */
  readonly minor: number
  /** True if the client asked for another protocol. */
  upgrades: boolean
  /** Collects the line of the access log; undefined: there is no log. */
  readonly logged: LoggedExchange | undefined
  /** True once the final head of the response was sent to the client. */
  hasResponse: boolean
  /** True once the whole request was received. */
  readonly isRequestRead: boolean
  /** The upstream has answered: the request is not sent again. */
  forbidRetry(): void
  takeLogged(): LoggedExchange | undefined
  dropUpstream(): void
  complete(upstream: UpstreamStream | undefined, hasMore: boolean): void
  fail(status: number, text: string): void
  breakResponse(): void
}
