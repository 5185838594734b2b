/**
 * Handshake timing: what the handshakes of one connection took, in microseconds, as the side that accepted it saw them.
 *
 * ```
 *   client                                   we
 *     │ ◄──────────── SYN+ACK ─────────────── │ ┐ rtt: kept by the kernel (tcp_synack_rtt_meas)
 *     │ ──────────────  ACK  ───────────────► │ ┘ ┐ helloDelay: near nothing, since a client sends both together
 *     │ ────────── ClientHello ─────────────► │   ┘
 *     │ ◄── ServerHello ... (1.3: Finished) ─ │ ┐ tlsRtt: one round trip, in TLS 1.2 and 1.3, full and resumed alike:
 *     │ ── (1.2: key exchange,) Finished ───► │ ┘ RFC 8446 section 2, RFC 5246 section 7.3
 * ```
 * One instance is reused; -1 is "not known".
 */
export class HandshakeTiming {
  /** TCP's round trip when its handshake was complete. */
  rtt = -1
  /** TCP's smoothed round trip when TLS's handshake was complete: more, when the path became slower meanwhile. */
  laterRtt = -1
  /** TCP's handshake to the whole ClientHello. */
  helloDelay = -1
  tlsRtt = -1
  /** TCP's handshake to the client's Finished, where the ClientHello can't be separated from what follows. */
  whole = -1
  /** Segments that were sent again, or came out of order, until the client's Finished. */
  lost = -1
  /** Delay with which our process saw what the kernel had received. */
  lag = -1
  /** `rtt` and `helloDelay` were found from one number: when one is wrong, so is the other. */
  isHelloDerived = false
  /** The client sent data before its handshake was complete (RFC 8446 section 2.3). */
  hasEarlyData = false

  reset(): void {
    this.rtt = -1
    this.laterRtt = -1
    this.helloDelay = -1
    this.tlsRtt = -1
    this.whole = -1
    this.lost = -1
    this.lag = -1
    this.isHelloDerived = false
    this.hasEarlyData = false
  }
}
