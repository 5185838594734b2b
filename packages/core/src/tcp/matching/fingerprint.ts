/**
 * TcpFingerprint: everything that depends on how a SYN or SYN+ACK looks and not on who sent it or when: raw signature, match, distance,
 * link. It is computed once per fingerprint and kept in a bounded memo (matcher.ts).
 */
import type { Direction } from "../direction.ts"
import type { TcpSignature } from "../database/database.ts"
import type { DistanceReason } from "../path/distance-reason.ts"
import type { LinkCandidate } from "../path/link-table.ts"
import type { MtuOrigin } from "../path/mtu-origin.ts"

export interface TcpFingerprint {
  readonly direction: Direction
  /** `ver:TTL+DIST:olen:MSS:WIN,SCALE:layout:quirks:pclass`, p0f's raw_sig. */
  readonly rawSignature: string
  readonly ver: 4 | 6
  readonly ttl: number
  readonly tos: number
  /** MSS option in bytes; 0 when it is absent. */
  readonly mss: number
  /** The window field as it is in the header: a SYN's window is not scaled (RFC 7323 section 2.2). */
  readonly win: number
  /** 0 when the option is absent. */
  readonly wscale: number
  readonly quirks: number
  /** 32-bit hash of the option kinds in order: what p0f itself compares (fp_tcp.c: opt_hash). */
  readonly layoutHash: number
  /** The database line that matched. */
  readonly match: TcpSignature | undefined
  /** Only with a match: it tolerates a difference (p0f's `fuzzy`). */
  readonly fuzzy: boolean
  /** The match is a userland application (class `!`): p0f then looks at neither link, uptime nor NAT. */
  readonly userland: boolean
  /** The matched line has a random TTL (`N-`): `dist` is an upper bound and is not stored with the host. */
  readonly randomTtl: boolean
  /** A probe of p0f-sendsyn: SYN with window 1337 and MSS 1331. It marks its flow. */
  readonly sendsyn: boolean
  /** Hops, 0..255, by the matched line or guessed. */
  readonly dist: number
  /** `name[ flavor]` of the match. */
  readonly os: string | undefined
  /** p0f's os_match_q: 1 fuzzy | 2 generic; 0 for an exact match or none. */
  readonly osMatchQ: number
  /** Name of the link, in modern mode its likeliest candidates; undefined when unknown or the SYN has no MSS. */
  readonly link: string | undefined
  /** MSS + 40 or + 60; 0 when the SYN has no MSS. */
  readonly linkMtu: number
  /** `linkMtu` if a link with that MTU has a name whatever else the SYN is like, else 0: what a host record keeps in p0f mode. */
  readonly namedMtu: number
  /**
   * Origin of the MSS: the sender's own interface, or lowered on the path (mtu-origin.ts). undefined in p0f mode, for a SYN without MSS,
   * and for a tool, which writes any MSS.
   */
  readonly mtuOrigin: MtuOrigin | undefined
  /** MSS of the sender's interface, read from its window; 0 not known. */
  readonly interfaceMss: number
  /** All links that fit, the likeliest first; empty in p0f mode. */
  readonly candidates: ReadonlyArray<LinkCandidate>
  /** `candidates` as text: an RFC 9651 list such as `"WireGuard";q=0.5, "T-Mobile US";q=0.3`. */
  readonly linkCandidates: string | undefined
  /** Why `dist` is not to be relied on; undefined when it is, and in p0f mode. */
  readonly distReason: DistanceReason | undefined
  /** Text of a p0f log line from `|os=` to the end of `raw_sig=...`, without newline. */
  readonly logSuffix: Uint8Array
  /** `logSuffix` for a SYN+ACK of a flow marked by `sendsyn`: a match has the key `app`. */
  readonly sendsynLogSuffix: Uint8Array
  /** Text of the mtu log line from `|link=` on, without newline; empty when the SYN has no MSS. */
  readonly mtuLogSuffix: Uint8Array
  /**
   * Slot of a front end: its encoding of this fingerprint (SPOE actions, header lines). A slot here, since a WeakMap by fingerprint would
   * cost every NOTIFY a hash lookup; only `encodedBy` may read it.
   */
  encoded: Uint8Array | undefined
  /** The encoder that made `encoded`; a reload creates another one. */
  encodedBy: object | undefined
  /** Hints of this fingerprint, set once by hints/. */
  hinted: object | undefined
}
