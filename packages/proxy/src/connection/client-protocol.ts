/**
 * Client protocol: what a client connection does with the bytes of its client. HTTP/1 is one (http1-protocol.ts).
 */
export interface ClientProtocol {
  /** True while a request is in progress: a client that closes now aborts it. */
  readonly hasExchange: boolean
  /** True if no other object holds a reference, so that the connection object can serve another client. */
  readonly isReusable: boolean
  /** Begins on a newly accepted connection. */
  begin(): void
  received(chunk: Uint8Array): void
  /** `bytes` are only valid during the call; copy what must be kept. */
  receivedBorrowed(bytes: Uint8Array): void
  /** The socket took bytes that waited; `isEmpty`: all of them. */
  drained(isEmpty: boolean): void
  /** The client sent FIN; it may still read. */
  peerEnded(): void
  /** The time-out of the connection has passed. */
  expired(): void
  /** The process stops: complete what is in progress, begin nothing new. */
  stop(): void
  /** Answers with an error and closes the connection. */
  refuse(status: number, text: string): void
  /** The connection is closed: release everything. */
  release(): void
}
