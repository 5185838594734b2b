/**
 * A connection that changed its protocol (101, RFC 9110 section 7.8): bytes pass both ways until both ends have closed their half.
 */
import type { Services } from "./services.ts"
import { BYTES_OUT } from "../operations/counters.ts"
import type { LoggedExchange } from "../operations/logged-exchange.ts"
import type { Ownership } from "@synprint/linux/sockets"
import type { Downstream, UpstreamStream } from "../upstream/upstream-stream.ts"

/** The client's end of a tunnel. */
export interface TunnelEnd {
  readonly hasPeerEnded: boolean
  readonly hasPending: boolean
  schedule(inMs: number): void
  send(bytes: Uint8Array, from: number, end: number, ownership: Ownership): boolean
  pauseReading(): void
  resumeReading(): void
  /** Closes our half. */
  shutdown(): void
  /** Sends what waits, then closes the connection. */
  linger(isRequestRead: boolean): void
  abort(): void
}

export class Tunnel implements Downstream {
  upstream: UpstreamStream | undefined
  readonly #client: TunnelEnd
  readonly #services: Services
  readonly #logged: LoggedExchange | undefined
  #hasUpstreamEnded = false

  constructor(services: Services, client: TunnelEnd, upstream: UpstreamStream, logged: LoggedExchange | undefined) {
    this.#services = services
    this.#client = client
    this.upstream = upstream
    this.#logged = logged
  }

  /** Sends the head of the 101 in `out[..headEnd)`, what follows it in `bytes[from..]`, and the bytes that the client sent `early`. */
  begin(out: Uint8Array, headEnd: number, bytes: Uint8Array, from: number, early: Uint8Array | undefined): void {
    const client = this.#client
    const upstream = this.upstream!
    if (this.#logged !== undefined) this.#logged.status = 101
    upstream.attach(this)
    this.#touch()
    const isHeadSent = client.send(out, 0, headEnd, "borrow")
    if (!client.send(bytes, from, bytes.length, "transfer") || !isHeadSent) upstream.pauseReading()
    if (early !== undefined) upstream.send(early, 0, early.length, "share")
    if (client.hasPeerEnded) upstream.shutdown()
    else client.resumeReading()
  }

  fromClient(chunk: Uint8Array): void {
    this.#touch()
    if (this.upstream?.send(chunk, 0, chunk.length, "transfer") === false) this.#client.pauseReading()
  }

  /** Everything that waited for the client was written. */
  clientDrained(): void {
    if (this.#hasUpstreamEnded) this.#client.shutdown()
    else this.upstream?.resumeReading()
  }

  clientEnded(): void {
    this.upstream?.shutdown()
  }

  fromUpstream(chunk: Uint8Array, isBorrowed: boolean): void {
    this.#touch()
    this.#services.counters[BYTES_OUT]! += chunk.length
    const isSent = this.#client.send(chunk, 0, chunk.length, isBorrowed ? "borrow" : "transfer")
    if (!isSent) this.upstream?.pauseReading()
  }

  upstreamDrained(): void {
    if (this.#client.hasPeerEnded) this.upstream?.shutdown()
    else this.#client.resumeReading()
  }

  upstreamEnded(isClean: boolean): void {
    const client = this.#client
    if (!isClean) client.abort()
    else if (!client.hasPeerEnded) {
      this.#hasUpstreamEnded = true
      if (!client.hasPending) client.shutdown()
    } else {
      this.#drop()
      client.linger(true)
    }
  }

  /** Never called: the upstream is connected already. */
  connectFailed(): void {}

  /** The client's connection is closed. */
  release(): void {
    this.#logged?.write()
    this.#drop()
  }

  #drop(): void {
    const { upstream } = this
    this.upstream = undefined
    upstream?.drop()
  }

  /** Every byte, in either direction, renews the time-out. */
  #touch(): void {
    this.#client.schedule(this.#services.generation.timeouts.tunnelMs)
  }
}
