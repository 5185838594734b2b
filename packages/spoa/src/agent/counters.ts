/**
 * Counters of the agent: plain numbers that the hot path increments and metrics read on scrape.
 */

export class Counters {
  /** Frames received by type. */
  hellos = 0
  healthChecks = 0
  notifies = 0
  disconnects = 0
  /** UNSET, agent frames and unknown types: passed over. */
  ignored = 0

  /** Frames sent by type; `refusals` are AGENT-DISCONNECTs other than "normal". */
  agentHellos = 0
  acks = 0
  agentDisconnects = 0
  refusals = 0
  /** Refusals by status code, 0..99. */
  readonly refusalsByCode: Float64Array = new Float64Array(100)

  /** ACKs that left out variables to stay within 400 bytes. */
  acksTruncated = 0
  /** NOTIFYs without an address. */
  notifiesWithoutAddress = 0
  /** HAPROXY-DISCONNECTs with a code other than normal, I/O error and time-out: HAProxy finds fault with us. */
  disconnectErrors = 0

  /** Connections accepted, open now, refused (allow list, limit), closed for a late HELLO, closed for not reading. */
  connections = 0
  open = 0
  denied = 0
  helloTimeouts = 0
  stalls = 0
}
