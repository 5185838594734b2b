/**
 * Requester: the client's side of one exchange. An HTTP/1 connection is one (http1-protocol.ts); a stream of an HTTP/2 connection can be
 * another. An exchange and its relays know nothing else of the client.
 */
import type { ResponseHead } from "../http1/response-head.ts"
import type { ResponseRewrite } from "../http1/response-writer.ts"
import type { LoggedExchange } from "../operations/logged-exchange.ts"
import type { Ownership } from "@synprint/linux/sockets"
import type { UpstreamStream } from "../upstream/upstream-stream.ts"
import type { ClientFacts } from "../fingerprint-headers/client-facts.ts"

/** An upstream that switched protocols (101), and what its tunnel takes over from the exchange. */
export interface ProtocolSwitch {
  readonly upstream: UpstreamStream
  readonly rewrite: ResponseRewrite
  readonly logged: LoggedExchange | undefined
}

export interface Requester {
  readonly facts: ClientFacts
  /** Slot in AddressLimits, or UNLIMITED. */
  readonly limitSlot: number
  /** False: a chunked body must be decoded for this client. */
  readonly takesChunked: boolean
  /** True while bytes of the response wait for the client. */
  readonly hasPending: boolean
  /** True once the client takes no more bytes. */
  readonly isBroken: boolean
  /** Sets the time-out of the exchange. */
  schedule(inMs: number): void

  // ---- the request

  /** Backpressure: the upstream takes no more of the body, or takes it again. */
  pauseBody(): void
  resumeBody(): void
  /** Keeps bytes that follow the request: the next requests of a pipelining client. */
  hold(bytes: Uint8Array): void
  /** Drops them: nobody knows where the next request begins. */
  dropHeld(): void

  // ---- the response

  /** Ends the connection after this response. */
  closeAfterResponse(): void
  /** Forwards an interim response (1xx but 101). */
  sendInterim(head: ResponseHead, bytes: Uint8Array, rewrite: ResponseRewrite): void
  /** Writes the final head; `sendBody` follows at once and sends both. `isRequestRead`: the whole request was received. */
  beginResponse(head: ResponseHead, bytes: Uint8Array, rewrite: ResponseRewrite, isRequestRead: boolean): void
  /** Sends `bytes[from..end)` of the body. `isLast`: the exchange is complete with it. False: some bytes wait for the client. */
  sendBody(bytes: Uint8Array, from: number, end: number, ownership: Ownership, isLast: boolean): boolean
  /** Answers with an error of our own. `isRequestRead` false: the connection can't carry another request. `hasBody`: not to HEAD. */
  sendError(status: number, text: string, isRequestRead: boolean, hasBody: boolean): void
  /** Forwards a 101 and what follows it at `bytes[from..]`; both connections become a tunnel. */
  beginTunnel(change: ProtocolSwitch, head: ResponseHead, bytes: Uint8Array, from: number): void
  /** The exchange is complete. */
  exchangeEnded(isRequestRead: boolean): void
  /** Ends the exchange so that the client notices: half a response was sent. */
  abort(): void
}
