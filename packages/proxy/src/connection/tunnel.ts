/**
 * A connection that changed its protocol (101, RFC 9110 section 7.8): bytes both ways until both ends closed their half.
 */
import type { ClientConnection } from "./client-connection.ts"
import { BYTES_OUT, RESPONSES, TUNNELS } from "../operations/counters.ts"
import { HEAD_EXTRA } from "../http1/request-writer.ts"
import { type ClientHop, writeResponseHead } from "../http1/response-writer.ts"
import type { LoggedExchange } from "../operations/logged-exchange.ts"
import { GIVEN, KEPT, SHARED } from "../socket/socket-writer.ts"
import type { Route } from "../routing/route.ts"
import type { Downstream, UpstreamConnection } from "../upstream/upstream-connection.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
/** Only HTTP/1.1 clients can switch protocols. */
const HOP: ClientHop = { minor: 1, keeps: true }

export class Tunnel implements Downstream {
  upstream: UpstreamConnection | undefined
  readonly #client: ClientConnection
  readonly #logged: LoggedExchange | undefined
  #hasUpstreamEnded = false

  constructor(client: ClientConnection, upstream: UpstreamConnection, logged: LoggedExchange | undefined) {
    this.#client = client
    this.upstream = upstream
    this.#logged = logged
  }

  /** Sends the 101 of server.responseHead, what `bytes[from..]` holds behind it, and what the client sent already. */
  begin(route: Route, bytes: Uint8Array, from: number, early: Uint8Array | undefined): void {
    const client = this.#client
    const upstream = this.upstream!
    const { server } = client
    const head = server.responseHead
    server.counters[TUNNELS]!++
    server.counters[RESPONSES + 1]!++
    if (this.#logged !== undefined) this.#logged.status = 101
    const out = server.roomFor(from - head.start + HEAD_EXTRA)
    const end = writeResponseHead(head, bytes, HOP, route, EMPTY, out)
    upstream.downstream = this
    this.#stir()
    let sent = client.send(out, 0, end, SHARED)
    sent = client.send(bytes, from, bytes.length, GIVEN) && sent
    if (!sent) upstream.pauseReading()
    if (early !== undefined) upstream.send(early, 0, early.length, KEPT)
    if (client.hasPeerEnded) upstream.finish()
    else client.resumeReading()
  }

  fromClient(chunk: Uint8Array): void {
    this.#stir()
    if (this.upstream?.send(chunk, 0, chunk.length, GIVEN) === false) this.#client.pauseReading()
  }

  /** The client takes bytes again, and all that waited for it went. */
  clientDrained(): void {
    if (this.#hasUpstreamEnded) this.#client.socket?.shutdown()
    else this.upstream?.resumeReading()
  }

  clientEnded(): void {
    this.upstream?.finish()
  }

  fromUpstream(upstream: UpstreamConnection, chunk: Uint8Array): void {
    this.#stir()
    this.#client.server.counters[BYTES_OUT]! += chunk.length
    if (!this.#client.send(chunk, 0, chunk.length, GIVEN)) upstream.pauseReading()
  }

  upstreamDrained(): void {
    if (this.#client.hasPeerEnded) this.upstream?.finish()
    else this.#client.resumeReading()
  }

  upstreamEnded(_upstream: UpstreamConnection, isClean: boolean): void {
    const client = this.#client
    if (!isClean) client.abort()
    else if (!client.hasPeerEnded) {
      this.#hasUpstreamEnded = true
      if (!client.hasPending) client.socket?.shutdown()
    } else {
      this.#drop()
      client.linger(true)
    }
  }

  /** It is open: nothing of this comes. */
  connectFailed(): void {}

  /** The client's connection is gone. */
  release(): void {
    this.#logged?.write()
    this.#drop()
  }

  #drop(): void {
    const { upstream } = this
    this.upstream = undefined
    upstream?.drop()
  }

  #stir(): void {
    const { server } = this.#client
    server.wheel.schedule(this.#client, server.generation.timeouts.tunnelMs)
  }
}
