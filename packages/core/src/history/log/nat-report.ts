/**
 * NAT report: why mode p0f takes a host for another one than before, or for several. `nat.ts` reuses one instance, which is valid during the
 * call only.
 */
export class NatReport {
  /** Bits of sharing-reasons.ts. */
  reasons = 0
  /** Numbers of the host's last 32 scores that are at least 6, 3, 2 and 1. */
  atLeast6 = 0
  atLeast3 = 0
  atLeast2 = 0
  atLeast1 = 0
}
