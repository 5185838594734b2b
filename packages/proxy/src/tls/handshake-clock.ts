/**
 * Handshake clock: takes the times of a connection's handshakes (core: handshake-timing.ts) from what Bun calls and the kernel counts.
 *
 * ```
 *   open         accept                    TCP_INFO: round trip, how long it has waited for us
 *   serverName   the ClientHello is whole  TCP_INFO: how long it has waited        (not called for a ClientHello without SNI)
 *   handshake    Finished is there         TCP_INFO: when our flight went and Finished came, loss    (before session tickets go)
 *   data         first byte, without TLS
 * ```
 * The loop may be late for what the kernel had long before. Where the kernel says so (last_data_recv), its time counts; it is coarse, so
 * that smaller differences are left alone. Its time of our last flight also leaves a HelloRetryRequest out, and stands in for
 * a ClientHello that named no server. What Bun does not show is the first byte of a ClientHello that came in pieces; browsers send it
 * in one flight, so that "whole" is later by less than the measures' noise.
 */
import { HandshakeTiming } from "@synprint/core"
import { TcpInfo } from "../socket/tcp-info.ts"

/** Milliseconds below which the kernel's times say nothing: its slowest tick. */
const GRAIN_MS = 10

/** A connection whose handshakes are timed. Milliseconds of performance.now(), 0 not known. */
export interface HandshakeTimed {
  openedAtMs: number
  helloAtMs: number
  /** Microseconds, -1 not known. */
  tcpRtt: number
  /** How late we were, milliseconds. */
  lagMs: number
}

export class HandshakeClock {
  /** Of the connection told last. */
  readonly timing: HandshakeTiming = new HandshakeTiming()
  readonly #info = new TcpInfo()

  opened(connection: HandshakeTimed, fd: number | undefined): void {
    const info = this.#info
    const now = performance.now()
    connection.openedAtMs = now
    if (!info.read(fd)) return
    connection.tcpRtt = info.rtt > 0 ? info.rtt : -1
    const late = waited(info.sinceReceived)
    connection.lagMs = late
    connection.openedAtMs = now - late
  }

  /** Without TLS: the first byte of a request is here. */
  firstByte(connection: HandshakeTimed): void {
    const { timing } = this
    timing.reset()
    timing.rtt = connection.tcpRtt
    timing.helloDelay = Math.round((performance.now() - connection.openedAtMs) * 1000)
    connection.openedAtMs = 0
  }

  hello(connection: HandshakeTimed, fd: number | undefined): void {
    if (connection.openedAtMs === 0 || connection.helloAtMs !== 0) return
    const now = performance.now()
    connection.helloAtMs = now
    if (!this.#info.read(fd)) return
    const late = waited(this.#info.sinceReceived)
    if (late > connection.lagMs) connection.lagMs = late
    connection.helloAtMs = Math.max(connection.openedAtMs, now - late)
  }

  /** TLS's handshake is complete: `timing` holds all. False: nothing is known. */
  finished(connection: HandshakeTimed, fd: number | undefined): boolean {
    const { timing } = this
    const info = this.#info
    timing.reset()
    const openedAt = connection.openedAtMs
    if (openedAt === 0) return false
    connection.openedAtMs = 0
    const now = performance.now()
    timing.rtt = connection.tcpRtt
    if (!info.read(fd) || info.sent === 0) return true
    const late = waited(info.sinceReceived)
    timing.lag = Math.max(late, connection.lagMs) * 1000
    timing.laterRtt = info.rtt
    timing.lost = info.lost
    const flight = Math.max(0, info.sinceSent - info.sinceReceived)
    const helloAt = connection.helloAtMs
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
