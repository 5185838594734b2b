/**
 * Services that the connections of one thread share. This file imports none of the files that use or implement it.
 */
import type { Counters } from "../operations/counters.ts"
import type { AccessLog } from "../operations/access-log.ts"
import type { Generation } from "../routing/generation.ts"
import type { EpollReader } from "../socket/epoll-reader.ts"
import type { TimerWheel } from "../socket/timer-wheel.ts"
import type { Upstream } from "../upstream/upstream.ts"
import type { Downstream, UpstreamStream } from "../upstream/upstream-stream.ts"

export interface Deferrable {
  resume(): void
}

export interface Services {
  /** The configuration in force; exchanges in progress finish with the one they began with. */
  readonly generation: Generation
  readonly counters: Counters
  readonly timers: TimerWheel
  /** undefined: Bun reads every connection. */
  readonly epollReader: EpollReader | undefined
  readonly accessLog: AccessLog | undefined
  readonly isStopping: boolean
  /** The output buffer with room for `length` bytes. Its content is valid until the next call. */
  output(length: number): Uint8Array
  /** A whole Date line (RFC 9110 section 5.6.7). */
  dateLine(): Uint8Array
  /** Counts a request of an address against its limit; false: the limit is reached. */
  allowsRequest(limitSlot: number): boolean
  /** Calls `resume` after the events that are ready now, so that other clients come in between. */
  defer(task: Deferrable): void
  /** A new connection to an upstream; its `connect` opens it. */
  connectUpstream(upstream: Upstream, downstream: Downstream): UpstreamStream
  /** Logs a text for the operator. */
  warn(text: string): void
}
