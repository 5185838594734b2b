/**
 * Verdict of a decoder on the bytes it was given. Verdicts are numbers, since they are compared and counted per packet.
 */

/** A TCP packet with a whole header; the Packet is filled. */
export const VERDICT_TCP = 0
/** Not TCP, not IP, an ICMP quote, or a flag set that p0f drops. */
export const VERDICT_OTHER = 1
/** Fewer bytes than the headers claim. */
export const VERDICT_TRUNCATED = 2
/** A fragment without the whole TCP header. */
export const VERDICT_FRAGMENT = 3
/** A link type or encapsulation that this decoder does not read. */
export const VERDICT_UNSUPPORTED = 4
/** Header fields contradict each other. */
export const VERDICT_MALFORMED = 5

export type Verdict = 0 | 1 | 2 | 3 | 4 | 5
