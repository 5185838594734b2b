/**
 * Stored SYN: the SYN or SYN+ACK on file that the next one of its host is scored against. nat.ts reuses one instance.
 */
export class StoredSyn {
  ttl = 0
  /** True if the line that it matched allows any TTL (p0f's bad_ttl). */
  badTtl = false
  mss = 0
  ts1 = 0
  /** Milliseconds from it to the next one; negative when time runs backwards. */
  msSince = 0
}
