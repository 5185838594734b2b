/**
 * Handshake clock: measures the handshakes of a connection (core: handshake-timing.ts) by Bun's events and the kernel's counters.
 *
 * ```
 *   open         accept                    TCP_INFO: round trip, how long it has waited for us
 *   serverName   the ClientHello is whole  TCP_INFO: how long it has waited        (not called for a ClientHello without SNI)
 *   handshake    Finished is there         TCP_INFO: when our flight went and Finished came, loss    (before session tickets go)
 *   data         first byte, without TLS
 * ```
 * The event loop may handle bytes long after the kernel has received them. If the kernel says so (last_data_recv), its time counts; that time
 * is coarse, so smaller differences are ignored. The kernel's time of our last flight also excludes a HelloRetryRequest, and replaces the
 * time of a ClientHello without SNI. Bun does not show the first byte of a ClientHello that arrives in pieces; browsers send it in one
 * flight, so its completion is later by less than the noise.
 */
import { HandshakeTiming } from "@synprint/core"
import { TcpInfo } from "@synprint/linux/sockets"

/** Resolution of the kernel's times in milliseconds: its slowest tick. */
const GRAIN_MS = 10

/** Times of one connection while its handshakes go on: milliseconds of performance.now(), 0: not known. */
export class HandshakeTimes {
  openedAtMs = 0
  helloAtMs = 0
  /** Microseconds; -1: not known. */
  tcpRtt = -1
  /** Delay in milliseconds with which we handled what the kernel had received. */
  lagMs = 0

  reset(): void {
    this.openedAtMs = this.helloAtMs = this.lagMs = 0
    this.tcpRtt = -1
  }
}

export class HandshakeClock {
  /** Result of the last `firstByte` or `finished`. */
  readonly timing: HandshakeTiming = new HandshakeTiming()
  readonly #info = new TcpInfo()

  opened(times: HandshakeTimes, fd: number | undefined): void {
    const info = this.#info
    const now = performance.now()
    times.openedAtMs = now
    if (!info.read(fd)) return
    times.tcpRtt = info.rtt > 0 ? info.rtt : -1
    const late = waited(info.sinceReceived)
    times.lagMs = late
    times.openedAtMs = now - late
  }

  /** The first byte of a request has arrived on a connection without TLS. */
  firstByte(times: HandshakeTimes): void {
    const { timing } = this
    timing.reset()
    timing.rtt = times.tcpRtt
    timing.helloDelay = Math.round((performance.now() - times.openedAtMs) * 1000)
    times.openedAtMs = 0
  }

  hello(times: HandshakeTimes, fd: number | undefined): void {
    if (times.openedAtMs === 0 || times.helloAtMs !== 0) return
    const now = performance.now()
    times.helloAtMs = now
    if (!this.#info.read(fd)) return
    const late = waited(this.#info.sinceReceived)
    if (late > times.lagMs) times.lagMs = late
    times.helloAtMs = Math.max(times.openedAtMs, now - late)
  }

  /** The TLS handshake is complete; `timing` holds the result. False: nothing is known. */
  finished(times: HandshakeTimes, fd: number | undefined): boolean {
    const { timing } = this
    const info = this.#info
    timing.reset()
    const openedAt = times.openedAtMs
    if (openedAt === 0) return false
    times.openedAtMs = 0
    const now = performance.now()
    timing.rtt = times.tcpRtt
    if (!info.read(fd) || info.sent === 0) return true
    const late = waited(info.sinceReceived)
    timing.lag = Math.max(late, times.lagMs) * 1000
    timing.laterRtt = info.rtt
    timing.lost = info.lost
    const flight = Math.max(0, info.sinceSent - info.sinceReceived)
    const helloAt = times.helloAtMs
    let tls = now - late - helloAt
    if (helloAt === 0 || Math.abs(tls - flight) > GRAIN_MS) tls = flight
    timing.tlsRtt = Math.round(tls * 1000)
    const hello = (helloAt === 0 ? now - info.sinceSent : helloAt) - openedAt
    timing.helloDelay = Math.round(Math.max(0, hello) * 1000)
    return true
  }
}

function waited(sinceReceivedMs: number): number {
  return sinceReceivedMs > GRAIN_MS ? sinceReceivedMs : 0
}
