/**
 * Counters of the agent: plain numbers that the hot path increments and metrics read on scrape.
 */
import type { SessionCounters } from "../protocol/session.ts"
import type { ListenerCounters } from "./stream-listener.ts"

export class Counters implements SessionCounters, ListenerCounters {
  hellos = 0
  healthChecks = 0
  notifies = 0
  disconnects = 0
  ignored = 0
  agentHellos = 0
  acks = 0
  agentDisconnects = 0
  refusals = 0
  readonly refusalsByCode: Float64Array = new Float64Array(100)
  disconnectErrors = 0

  /** ACKs that left out variables to stay within 400 bytes. */
  acksTruncated = 0
  /** NOTIFYs without a client address. */
  notifiesWithoutAddress = 0

  connections = 0
  open = 0
  denied = 0
  helloTimeouts = 0
  stalls = 0
}
