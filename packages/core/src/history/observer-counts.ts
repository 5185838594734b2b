/**
 * Counts of an observer: packets so far, and the entries of its tables.
 */
export interface ObserverCounts {
  readonly packets: number
  /** Packets by verdict (packet/verdict.ts). */
  readonly verdicts: ReadonlyArray<number>
  /** SYNs that were looked at, and those that repeated one of a live flow. */
  readonly syns: number
  readonly repeatedSyns: number
  readonly synAcks: number
  /** SYNs and SYN+ACKs that matched a line. */
  readonly matched: number
  readonly httpRequests: number
  readonly httpResponses: number
  readonly httpDropped: number
  readonly uptimes: number
  readonly hostChanges: number
  readonly ipSharings: number
  readonly hosts: number
  readonly hostsEvicted: number
  readonly hostsExpired: number
  readonly flows: number
  readonly flowsEvicted: number
  readonly flowsExpired: number
}
