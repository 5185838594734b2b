/**
 * Relay: whether TCP ends nearer to us than TLS does. A proxy or relay answers for TCP, but TLS runs to the client behind it.
 *
 * ```
 *   far client ════ hidden leg, h there and back ════ relay ════ rtt ════ we
 *     ClientHello    waits for "200 Connection established": helloDelay = h
 *     Finished       answers a ServerHello that went to the client:  tlsRtt = rtt + h
 * ```
 * Two independent measurements; no benign cause delays both by the same amount. A ClientHello that comes late alone is a connection that was opened in advance; a
 * Finished that comes late alone is a client that asked for revocation, a HelloRetryRequest, a flight beyond the congestion window, or
 * a relay that doesn't make its client wait: neither is called a relay, whatever it took. What is slow by itself moves both a little:
 * a phone takes 10 to 40 ms for a key pair and as much for certificates, so that both have to be late by more (`callMicros`).
 *
 * TCP's round trip is the slower of those before and after TLS's handshake, so that a path that grew slower, or an acknowledgement
 * that was delayed (40 ms on Linux and Windows), shortens the gap. TLS 1.2 and 1.3, full and resumed, all have one round trip between
 * the server's first flight and the client's Finished: handshake-timing.ts.
 */
import type { ConnectionInfo } from "../connection-info.ts"
import type { HandshakeTiming } from "./handshake-timing.ts"

export interface RelayThresholds {
  /** Round trip of the hidden leg that scores 50, from which on a connection is called a relay. */
  readonly callMicros: number
  /** A shorter hidden leg scores 0. */
  readonly leastMicros: number
}

export const RELAY_THRESHOLDS: RelayThresholds = { callMicros: 50_000, leastMicros: 20_000 }

/** Score from which a connection is called a relay. */
export const RELAY_CALLED = 50
/** One witness alone never reaches that. */
const ONE_WITNESS_MAX = 40
const SCORE_MAX = 95
/** Longer is no measurement: every time-out of a handshake is shorter. */
const MICROS_MAX = 120_000_000
/** One sample moves the kernel's smoothed round trip by an eighth of the difference (RFC 6298 section 2.3). */
const SMOOTHING = 8
/** Share of TCP's round trip that jitter may add to both witnesses. */
const JITTER_SHARE = 0.2
/** A hello that is earlier than this share of the gap did not wait for a hidden leg. */
const WAITED_SHARE = 1 / 3
/** One that is later than this share of the gap, and so much, waited for something else. */
const IDLE_SHARE = 2
const IDLE_MICROS = 100_000
/** Share for a ClientHello whose time was derived: a wider one would call slow clients relays, or those idle for about one round trip. */
const DERIVED_WAITED_SHARE = 1 / 2
const DERIVED_IDLE_SHARE = 1.25
const DERIVED_IDLE_MICROS = 30_000

// Reasons of a score. Up to RELAY_NONE no hint is reported.
export const RELAY_UNMEASURED = 0
export const RELAY_LOSS = 1
export const RELAY_EARLY_DATA = 2
export const RELAY_BUSY = 3
export const RELAY_WHOLE_ONLY = 4
export const RELAY_NONE = 5
export const RELAY_HELLO_AT_ONCE = 6
export const RELAY_HELLO_IDLE = 7
export const RELAY_AGREED = 8

/** By reason. */
export const RELAY_REASONS: ReadonlyArray<string> = [
  "not measured",
  "segments were lost",
  "early data",
  "this machine was busy",
  "the time of the ClientHello is not known",
  "tls as quick as tcp",
  "tls slower than tcp, hello at once",
  "tls slower than tcp, idle before hello",
  "tls and hello both slower than tcp"
]

export class RelayJudge {
  readonly thresholds: RelayThresholds
  /** 0..100 of the connection judged last; -1: not known. */
  score = -1
  /** By how much TLS's round trip exceeds TCP's; 0 without a score. */
  gapMicros = 0
  reason: number = RELAY_UNMEASURED

  constructor(thresholds: RelayThresholds = RELAY_THRESHOLDS) {
    this.thresholds = thresholds
  }

  /** Judges a connection: the result is in `score`, `gapMicros` and `reason`. Returns the score. */
  judge(timing: HandshakeTiming): number {
    this.gapMicros = 0
    const { rtt, tlsRtt, helloDelay } = timing
    if (!isMeasured(rtt) || rtt === 0) return this.#set(-1, RELAY_UNMEASURED)
    if (timing.hasEarlyData) return this.#set(-1, RELAY_EARLY_DATA)
    if (timing.lost > 0) return this.#set(-1, RELAY_LOSS)
    const tcp = slowest(rtt, timing.laterRtt)
    if (!isMeasured(tlsRtt) || !isMeasured(helloDelay)) return this.#judgeWhole(timing.whole, tcp)
    const gap = tlsRtt - tcp
    const { leastMicros } = this.thresholds
    if (gap < leastMicros) return this.#set(0, RELAY_NONE)
    if (timing.lag * 2 > gap) return this.#set(-1, RELAY_BUSY)
    this.gapMicros = Math.round(gap)
    const least = timing.isHelloDerived ? DERIVED_WAITED_SHARE : WAITED_SHARE
    if (helloDelay < gap * least) return this.#one(gap, tcp, RELAY_HELLO_AT_ONCE)
    const latest = timing.isHelloDerived
      ? gap * DERIVED_IDLE_SHARE + DERIVED_IDLE_MICROS
      : gap * IDLE_SHARE + IDLE_MICROS
    if (helloDelay > latest) return this.#one(gap, tcp, RELAY_HELLO_IDLE)
    return this.#set(this.#scoreOf((gap < helloDelay ? gap : helloDelay) - tcp * JITTER_SHARE), RELAY_AGREED)
  }

  /** Without a ClientHello of its own a long handshake says nothing, a short one that there is no hidden leg. */
  #judgeWhole(whole: number, tcp: number): number {
    if (!isMeasured(whole)) return this.#set(-1, RELAY_UNMEASURED)
    return whole - tcp < this.thresholds.leastMicros ? this.#set(0, RELAY_NONE) : this.#set(-1, RELAY_WHOLE_ONLY)
  }

  #one(gap: number, tcp: number, reason: number): number {
    const score = this.#scoreOf(gap - tcp * JITTER_SHARE)
    return this.#set(score < ONE_WITNESS_MAX ? score : ONE_WITNESS_MAX, reason)
  }

  /** 50 at the threshold, in proportion below, towards SCORE_MAX above. */
  #scoreOf(hidden: number): number {
    const { callMicros, leastMicros } = this.thresholds
    if (hidden < leastMicros) return 0
    if (hidden < callMicros) return Math.floor((RELAY_CALLED * hidden) / callMicros)
    return Math.floor(SCORE_MAX - ((SCORE_MAX - RELAY_CALLED) * callMicros) / hidden)
  }

  #set(score: number, reason: number): number {
    this.score = score
    this.reason = reason
    return score
  }
}

/** Puts a connection's timing, and what `judge` says of it, into its ConnectionInfo. */
export function applyTiming(timing: HandshakeTiming, judge: RelayJudge, into: ConnectionInfo): void {
  into.rttMicros = micros(timing.rtt)
  into.chelloDelayMicros = micros(timing.helloDelay)
  into.tlsRttMicros = micros(timing.tlsRtt)
  into.relayScore = judge.judge(timing)
  into.relayGapMicros = judge.gapMicros
  into.relayReason = judge.reason
}

const micros = (measured: number): number => (isMeasured(measured) ? Math.round(measured) : -1)

/** Neither NaN, nor infinite, nor negative, nor absurd. */
function isMeasured(micros: number): boolean {
  return micros >= 0 && micros <= MICROS_MAX
}

/** The slower of TCP's round trips: what moved the smoothed one from `rtt` to `later`, had it been one sample. */
function slowest(rtt: number, later: number): number {
  return isMeasured(later) && later > rtt ? rtt + SMOOTHING * (later - rtt) : rtt
}
