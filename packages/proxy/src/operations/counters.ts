/**
 * What a thread counts: cells of a Float64Array that hot code increments and the main thread sums, so that it may lie in shared memory.
 */
export const CONNECTIONS = 0
/** Open now. */
export const OPEN = 1
/** Closed at once: too many. */
export const DENIED = 2
export const REQUESTS = 3
/** Requests refused by the parser or a limit. */
export const REFUSED = 4
/** Client copies of our headers that were removed. */
export const SPOOFED = 5
export const HEAD_TIMEOUTS = 6
export const IDLE_TIMEOUTS = 7
/** Clients that went before their response was complete. */
export const CLIENT_ABORTS = 8
export const UPSTREAM_CONNECTS = 9
export const UPSTREAM_REUSES = 10
export const UPSTREAM_CONNECT_FAILURES = 11
/** Upstreams that broke a response off, or answered with garbage. */
export const UPSTREAM_FAILURES = 12
export const UPSTREAM_TIMEOUTS = 13
export const RETRIES = 14
export const TUNNELS = 15
export const BYTES_IN = 16
export const BYTES_OUT = 17
/** Responses by hundreds of their status, 1xx to 5xx. */
export const RESPONSES = 18
/** Lookups by status, in the order of core's STATUSES. */
export const STATUS = 24
export const CELLS = 40

export type Counters = Float64Array

export const makeCounters = (): Counters => new Float64Array(CELLS)
