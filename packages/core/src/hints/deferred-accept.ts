/**
 * Deferred accept: TCP's round trip where the kernel waited for the ClientHello before it gave the connection away (TCP_DEFER_ACCEPT,
 * HAProxy's `defer-accept`). The first sample of its estimator is then SYN+ACK to ClientHello, the others are round trips.
 *
 * Smoothed round trip and deviation (net/ipv4/tcp_input.c: tcp_rtt_estimator, after RFC 6298) depend on the first sample, the later
 * ones and their number, which the kernel doesn't report. The least number that can have led there is taken; when there were more, the
 * round trip found is quicker and the first sample longer than they are, and relay.ts asks the first sample to be no longer than TLS's.
 */

/** Acknowledgements of the server's first flight: a few segments, every second one acknowledged. */
const SAMPLES_MAX = 4
const STEPS = 24
/** Deviation beyond what falling samples can give, by rounding. */
const TOLERANCE = 1.02

export class DeferredAccept {
  /** Microseconds; -1 not known. SYN+ACK to ClientHello. */
  first = -1
  /** TCP's round trip. */
  rtt = -1

  /** State of the kernel's estimator for a first sample of 1. */
  #smoothed = 1

  /** Finds both of what the kernel gives after the handshake of TLS; false: nothing fits. */
  solve(smoothed: number, deviation: number): boolean {
    this.first = -1
    this.rtt = -1
    if (!(smoothed > 0) || !(deviation >= 0) || smoothed === Infinity || deviation === Infinity) return false
    const wanted = deviation / smoothed
    let samples = 1
    while (this.#ratio(0, samples) * TOLERANCE < wanted) if (++samples > SAMPLES_MAX) return false
    // The deviation falls as the later samples come near the first.
    let low = 0
    let high = 1
    if (this.#ratio(1, samples) >= wanted) low = 1
    else {
      for (let step = 0; step < STEPS; step++) {
        const middle = (low + high) / 2
        if (this.#ratio(middle, samples) > wanted) low = middle
        else high = middle
      }
    }
    this.#ratio(low, samples)
    this.first = smoothed / this.#smoothed
    this.rtt = this.first * low
    return true
  }

  /** Deviation by smoothed round trip after `samples` of `later`, the first being 1. */
  #ratio(later: number, samples: number): number {
    let smoothed = 1
    let deviation = 0.5
    for (let sample = 0; sample < samples; sample++) {
      const error = later - smoothed
      smoothed += error / 8
      const grown = (error < 0 ? -error : error) - deviation
      deviation += (error < 0 && grown > 0 ? grown / 8 : grown) / 4
    }
    this.#smoothed = smoothed
    return deviation / smoothed
  }
}
