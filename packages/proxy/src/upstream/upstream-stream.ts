/**
 * The seam between an exchange and the upstream that serves it: a connection today, a stream of an HTTP/2 connection as well one day.
 */
import type { Ownership } from "@synprint/linux/sockets"

/** The exchange or tunnel that an upstream stream serves. */
export interface Downstream {
  /** `isBorrowed`: `chunk` is only valid during the call. */
  fromUpstream(chunk: Uint8Array, isBorrowed: boolean): void
  /** Everything that waited for the upstream was written. */
  upstreamDrained(): void
  /** The upstream ended before it was released. `isClean`: by FIN. */
  upstreamEnded(isClean: boolean): void
  connectFailed(reason: string): void
}

export interface UpstreamStream {
  /** True once the stream takes no more bytes. */
  readonly isBroken: boolean
  /** Set when the connection must not be reused after this response. */
  isLast: boolean

  /** Carries the next request. */
  attach(downstream: Downstream): void
  /** Opens a new connection; bytes sent before wait. */
  connect(): void
  /** Writes `bytes[from..end)`; false: some of them wait. */
  send(bytes: Uint8Array, from: number, end: number, ownership: Ownership): boolean
  /** Removes and returns what waits for a connection that never opened. */
  takePending(): ReadonlyArray<Uint8Array>
  pauseReading(): void
  resumeReading(): void
  /** Lets Bun read again, for a stream that is no longer one message after another. */
  detachEpoll(): void
  /** Closes our half once everything was written. */
  shutdown(): void
  /** The exchange is complete: the connection goes back to its pool, or is closed. */
  release(): void
  /** Closes the connection at once; its downstream hears nothing more. */
  drop(): void
}
