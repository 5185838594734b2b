/**
 * Connection info: what a front end reports about one connection. One instance is reused for every lookup; fields.ts says how its values
 * are sent.
 */
import type { TcpFingerprint } from "./tcp/matching/fingerprint.ts"

/** Why a connection has a fingerprint or not; `agent_down` is set by HAProxy's own configuration. */
export const STATUSES = [
  "ok",
  "by_address",
  "via_proxy",
  "syncookie",
  "not_captured",
  "stale",
  "malformed",
  "backend_down",
  "disabled"
] as const
export type Status = (typeof STATUSES)[number]

/** Words that `pack` writes. */
export const PACKED_WORDS = 9
const FLAG_NAT = 1
const FLAG_HOST = 2
const SCORE_SHIFT = 2
const SCORE_MASK = 127
const REASONS_SHIFT = 9

export class ConnectionInfo {
  status: Status = "not_captured"
  /** The SYN's fingerprint; undefined unless a SYN was found. */
  fingerprint: TcpFingerprint | undefined = undefined
  /** Retransmissions of the SYN before the lookup; -1: not known. */
  retransmits = -1
  /** Hints: an RFC 9651 list of tokens, each with a score and a reason. */
  hints: string | undefined = undefined
  /** Parameters of each hint, `;q=0.7;reason="..."`, by number of the hint (hints/hint.ts); undefined: the hint does not apply. */
  hintParameters: ReadonlyArray<string | undefined> | undefined = undefined
  /** Microseconds, -1: not known. TCP's round trip, handshake to ClientHello (or first request byte), TLS's round trip. */
  rttMicros = -1
  chelloDelayMicros = -1
  tlsRttMicros = -1
  /** Score from 0 to 100 that TCP ends at a relay (hints/relay.ts); -1: not known. */
  relayScore = -1
  /** Excess of TLS's round trip over TCP's, and the number of the reason in RELAY_REASONS. */
  relayGapMicros = 0
  relayReason = 0

  /** True if the values below come from a host record. */
  hasHost = false
  /** Last match, distance and link of the address; set only where there is no fingerprint, and sent with status `by_address`. */
  hostOs: string | undefined = undefined
  hostOsMatchQ = 0
  /** -1: not known. */
  hostDist = -1
  hostLink: string | undefined = undefined

  /** -1: not known. */
  uptimeMinutes = -1
  upModDays = 0
  /** Several hosts used the address within the hour before the last connection; in modern mode a score of 50 or more. */
  nat = false
  /** Score from 0 to 100 that several hosts share the address (sharing.ts), and bits of the reasons; mode p0f sets `nat` only. */
  sharedScore = 0
  sharedReasons = 0
  /** 0: honest or not known; 1: the User-Agent contradicts the TCP stack; 2: it contradicts its own signature. */
  badSw = 0
  httpName: string | undefined = undefined
  httpFlavor: string | undefined = undefined
  language: string | undefined = undefined
  /** Unix seconds; 0: not known. */
  firstSeen = 0
  lastSeen = 0
  totalConn = 0
  lastNat = 0
  lastChg = 0

  /** Resets all values for another connection. */
  reset(status: Status): void {
    this.status = status
    this.fingerprint = undefined
    this.retransmits = -1
    this.hints = undefined
    this.hintParameters = undefined
    this.rttMicros = -1
    this.chelloDelayMicros = -1
    this.tlsRttMicros = -1
    this.relayScore = -1
    this.relayGapMicros = 0
    this.relayReason = 0
    this.hasHost = false
    this.hostOs = undefined
    this.hostOsMatchQ = 0
    this.hostDist = -1
    this.hostLink = undefined
    this.uptimeMinutes = -1
    this.upModDays = 0
    this.nat = false
    this.sharedScore = 0
    this.sharedReasons = 0
    this.badSw = 0
    this.httpName = undefined
    this.httpFlavor = undefined
    this.language = undefined
    this.firstSeen = 0
    this.lastSeen = 0
    this.totalConn = 0
    this.lastNat = 0
    this.lastChg = 0
  }

  /**
   * Writes what an answer cache keeps of a connection to `words` from `offset`: all but the fingerprint, and what HTTP, timing and hints
   * add to each request.
   */
  pack(words: Int32Array, offset: number): void {
    words[offset] =
      (this.nat ? FLAG_NAT : 0) |
      (this.hasHost ? FLAG_HOST : 0) |
      (this.sharedScore << SCORE_SHIFT) |
      (this.sharedReasons << REASONS_SHIFT)
    words[offset + 1] = this.retransmits
    words[offset + 2] = this.uptimeMinutes
    words[offset + 3] = this.upModDays
    words[offset + 4] = this.firstSeen
    words[offset + 5] = this.lastSeen
    words[offset + 6] = this.totalConn
    words[offset + 7] = this.lastNat
    words[offset + 8] = this.lastChg
  }

  /** Reads the values that `pack` wrote. */
  unpack(words: Int32Array, offset: number): void {
    const flags = words[offset]!
    this.nat = (flags & FLAG_NAT) !== 0
    this.hasHost = (flags & FLAG_HOST) !== 0
    this.sharedScore = (flags >> SCORE_SHIFT) & SCORE_MASK
    this.sharedReasons = flags >>> REASONS_SHIFT
    this.retransmits = words[offset + 1]!
    this.uptimeMinutes = words[offset + 2]!
    this.upModDays = words[offset + 3]!
    this.firstSeen = words[offset + 4]! >>> 0
    this.lastSeen = words[offset + 5]! >>> 0
    this.totalConn = words[offset + 6]! >>> 0
    this.lastNat = words[offset + 7]! >>> 0
    this.lastChg = words[offset + 8]! >>> 0
  }
}
