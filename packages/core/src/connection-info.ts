/**
 * Answer: what a front end tells the application about one connection. One instance is reused for every question.
 */
import type { Status } from "./fields.ts"
import type { TcpFingerprint } from "./tcp/matching/fingerprint.ts"

export class ConnectionInfo {
  status: Status = "not_captured"
  /** The SYN's fingerprint; undefined unless a SYN was found. */
  fingerprint: TcpFingerprint | undefined = undefined
  /** SYN retransmissions seen before the connection was answered; -1 not known. */
  retransmits = -1
  /** What the facts add up to: an RFC 9651 list of tokens, each with a score and a reason. */
  hints: string | undefined = undefined
  /** The same one by one: `;q=0.7;reason="..."` by number of the hint (hints/hint.ts), undefined where it isn't hinted. */
  hintParameters: ReadonlyArray<string | undefined> | undefined = undefined
  /** Microseconds, -1 not known: TCP's round trip, handshake to ClientHello (or first request byte), TLS's round trip. */
  rttMicros = -1
  chelloDelayMicros = -1
  tlsRttMicros = -1
  /** 0..100: how sure it is that TCP ends at a relay (hints/relay.ts); -1: it can't be told. */
  relayScore = -1
  /** By how much TLS's round trip exceeds TCP's, and the number of the reason in RELAY_REASONS. */
  relayGapMicros = 0
  relayReason = 0

  /** Whether the fields below come from a host record. */
  hasHost = false
  /** Last match, distance and link of the address: where there is no fingerprint, and told only with status `by_address`. */
  hostOs: string | undefined = undefined
  hostOsMatchQ = 0
  /** -1 not known. */
  hostDist = -1
  hostLink: string | undefined = undefined

  /** -1 not known. */
  uptimeMinutes = -1
  upModDays = 0
  /** Several hosts behind the address within the hour before the last connection: in modern mode a score of 50 or more. */
  nat = false
  /** 0..100: how sure it is that several hosts share the address (sharing.ts), and why: bits of reasons.ts. Mode p0f has `nat` alone. */
  sharedScore = 0
  sharedReasons = 0
  /** 0 honest or not known, 1 User-Agent against TCP stack, 2 against its own signature. */
  badSw = 0
  httpName: string | undefined = undefined
  httpFlavor: string | undefined = undefined
  language: string | undefined = undefined
  /** Unix seconds, 0 not known. */
  firstSeen = 0
  lastSeen = 0
  totalConn = 0
  lastNat = 0
  lastChg = 0

  /** Forgets everything of the previous question. */
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
}
