/**
 * Timing arguments: the facts in a NOTIFY about the handshakes of its connection (rtt rtv hst fst dfr rtx ed, see arguments.ts), as the times
 * on which hints are based.
 */
import { DeferredAccept, HandshakeTiming } from "@synprint/core"
import { DFR, ED, FST, HST, RTT, RTV, RTX } from "./argument-name.ts"
import { type Value, integerOf, isTruthy } from "./typed-data.ts"

export class TimingArguments {
  readonly times: HandshakeTiming = new HandshakeTiming()
  /** True if the NOTIFY had any of them. */
  isGiven = false
  /** fc_rtt and fc_rttvar, -1 not given. */
  #smoothed = -1
  #deviation = -1
  #handshake = -1
  #first = -1
  #isDeferred = false
  readonly #deferred = new DeferredAccept()

  reset(): void {
    this.#smoothed = -1
    this.#deviation = -1
    this.#handshake = -1
    this.#first = -1
    this.#isDeferred = false
    if (this.isGiven) this.times.reset()
    this.isGiven = false
  }

  /** Reads the argument with that name; other names are ignored. */
  take(code: number, bytes: Uint8Array, value: Value): void {
    switch (code) {
      case RTT:
        this.#smoothed = integerOf(value)
        return
      case RTV:
        this.#deviation = integerOf(value)
        return
      case HST:
        this.#handshake = integerOf(value)
        return
      case FST:
        this.#first = integerOf(value)
        return
      case DFR:
        this.#isDeferred = isTruthy(bytes, value)
        return
      case RTX:
        this.times.lost = integerOf(value)
        this.isGiven = true
        return
      case ED:
        this.times.hasEarlyData = isTruthy(bytes, value)
        this.isGiven = true
        return
      default:
    }
  }

  /**
   * All arguments were taken. HAProxy tells how long TLS's handshake took as a whole. Accepted at the ClientHello that is TLS's round trip,
   * and what came before is the first sample of TCP's; otherwise a ClientHello that waited looks like one that was answered late.
   */
  finish(): void {
    if (this.#smoothed < 0) return
    const { times } = this
    this.isGiven = true
    if (!this.#isDeferred || this.#handshake < 0) {
      times.rtt = this.#smoothed
      times.whole = this.#handshake
      if (this.#handshake < 0) times.helloDelay = this.#first
    } else if (this.#deferred.solve(this.#smoothed, this.#deviation)) {
      times.rtt = this.#deferred.rtt
      times.helloDelay = this.#deferred.first - this.#deferred.rtt
      times.tlsRtt = this.#handshake
      times.isHelloDerived = true
    }
  }
}
