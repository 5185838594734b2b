/**
 * Counters of a thread: cells of a Float64Array in shared memory, which hot code increments and the main thread sums.
 */
export const CONNECTIONS = 0
/** Connections that are open. */
export const OPEN = 1
/** Connections closed at once, since there were too many. */
export const DENIED = 2
export const REQUESTS = 3
/** Requests refused by the parser or a limit. */
export const REFUSED = 4
/** Client copies of our headers that were removed. */
export const SPOOFED = 5
export const HEAD_TIMEOUTS = 6
export const IDLE_TIMEOUTS = 7
/** Clients that closed before their response was complete. */
export const CLIENT_ABORTS = 8
export const UPSTREAM_CONNECTS = 9
export const UPSTREAM_REUSES = 10
export const UPSTREAM_CONNECT_FAILURES = 11
/** Upstreams that broke off a response or sent an invalid one. */
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
