/**
 * The request of one exchange on its way to an upstream of its route: head, body, and once more to another upstream where that is safe.
 */
import { REFUSED, RETRIES, SPOOFED, UPSTREAM_REUSES } from "../operations/counters.ts"
import type { Exchange } from "./exchange.ts"
import { put } from "../http1/copy.ts"
import { errorResponse, isParseError } from "../http1/parse-error.ts"
import { METHOD_GET, METHOD_HEAD, METHOD_OPTIONS } from "../http1/request-head.ts"
import { HEAD_EXTRA } from "../http1/request-writer.ts"
import { KEPT, SHARED } from "../socket/socket-writer.ts"
import { RequestBody } from "./request-body.ts"
import { UpstreamConnection } from "../upstream/upstream-connection.ts"

/** A connection keeps so much for its next heads; longer ones come in memory of their own. */
const KEPT_MAX = 1024
const EMPTY: Uint8Array = new Uint8Array(0)
/** Requests that may wait while one is served. */
const PIPELINE_MAX = 65_536

export class RequestRelay {
  readonly body: RequestBody = new RequestBody()
  readonly #exchange: Exchange
  /** The chunk that holds the head, while the request might be sent again. */
  #again: Uint8Array | undefined = undefined
  #againAt = 0
  /** Where a head is kept whose chunk is the lane's (read-lane.ts). */
  #kept: Uint8Array = EMPTY
  #retries = 0

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** Of the head in server.requestHead, which lies in `bytes`. */
  begin(bytes: Uint8Array, headEnd: number, isBorrowed: boolean): void {
    const head = this.#exchange.client.server.requestHead
    this.#again = isBorrowed ? this.#keep(bytes, headEnd) : bytes
    this.#againAt = head.start
    this.#retries = 0
    this.body.begin(head)
  }

  #keep(bytes: Uint8Array, headEnd: number): Uint8Array {
    if (headEnd > KEPT_MAX) return bytes.slice()
    if (headEnd > this.#kept.length) this.#kept = new Uint8Array(new ArrayBuffer(headEnd + 64))
    put(bytes, this.#kept, 0)
    return this.#kept
  }

  /** An answer came, or the end: it won't be sent again. */
  forget(): void {
    this.#again = undefined
  }

  /** Sends the head of server.requestHead and what the chunk holds of the body. */
  forward(bytes: Uint8Array, headEnd: number): void {
    const exchange = this.#exchange
    const { client } = exchange
    const { server } = client
    const { writer } = server.generation
    const route = exchange.route!
    const head = server.requestHead
    const upstream = route.pick(server.wheel.nowMs)
    const out = server.roomFor(
      headEnd -
        head.start +
        client.fingerprintHeaders.length +
        client.connectionHeaders.length +
        client.hintRoom +
        route.added.length +
        HEAD_EXTRA
    )
    const end = writer.write(head, bytes, client, route, upstream.authority, out)
    if (writer.spoofed > 0) server.counters[SPOOFED]! += writer.spoofed
    exchange.upgrades = writer.upgrades

    // Where one idle connection was closed the others may be too: the second try opens its own.
    let connection = route.forcesNew || this.#retries > 0 ? undefined : upstream.take(!this.#isRepeatable)
    if (connection === undefined) {
      if (upstream.connecting >= upstream.settings.pending) {
        this.failEarly(bytes, headEnd, 503, "the upstream has too many requests waiting")
        return
      }
      connection = new UpstreamConnection(server, upstream, exchange)
      exchange.upstream = connection
      const filled = this.body.fill(bytes, headEnd, out, end)
      const next = headEnd + filled - end
      connection.send(out, 0, filled, SHARED)
      if (next > headEnd) this.#again = undefined
      if (!this.body.isDone || next < bytes.length) this.#passBody(bytes, next)
      if (exchange.upstream === connection) connection.connect()
      return
    }
    server.counters[UPSTREAM_REUSES]!++
    connection.attach(exchange)
    exchange.upstream = connection
    const filled = this.body.fill(bytes, headEnd, out, end)
    const next = headEnd + filled - end
    let sent = connection.send(out, 0, filled, SHARED)
    if (connection.isBroken) {
      // It was closed already: nothing was sent, so that any request may take another.
      exchange.dropUpstream()
      this.body.begin(head)
      this.forward(bytes, headEnd)
      return
    }
    if (next > headEnd) this.#again = undefined
    if (!this.body.isDone || next < bytes.length) sent = this.#passBody(bytes, next) && sent
    if (!sent && !this.body.isDone) client.pauseReading()
  }

  /** Nothing of the request goes on; requests behind it do. */
  failEarly(bytes: Uint8Array, headEnd: number, status: number, text: string): void {
    if (this.body.isDone && headEnd < bytes.length) this.#hold(bytes.subarray(headEnd))
    this.#exchange.fail(status, text)
  }

  received(chunk: Uint8Array): void {
    const { client } = this.#exchange
    const { body } = this
    if (body.isDone) {
      this.#hold(chunk)
      return
    }
    const bytes = body.join(chunk)
    if (bytes === undefined) return
    this.#again = undefined
    client.server.wheel.schedule(client, client.server.generation.timeouts.upstreamMs)
    if (!this.#passBody(bytes, 0) && !body.isDone) client.pauseReading()
  }

  /** Sends what `bytes[from..]` holds of the body; what follows it waits. False: not all of it went. */
  #passBody(bytes: Uint8Array, from: number): boolean {
    const { client, upstream } = this.#exchange
    const { body } = this
    const { length } = bytes
    if (!body.isDone && from < length) this.#again = undefined
    const next = body.pass(bytes, from, upstream!, client.server)
    if (isParseError(next)) {
      this.#breakOff(next)
      return true
    }
    if (next < length) this.#hold(bytes.subarray(next))
    return body.hasGone
  }

  /** The request won't be read to its end: nobody knows where the next one begins, for us and for the upstream. */
  #breakOff(fault: number): void {
    const exchange = this.#exchange
    const { client } = exchange
    exchange.dropUpstream()
    if (exchange.response.hasBegun) {
      client.abort()
      return
    }
    client.server.counters[REFUSED]!++
    client.forgetHeld()
    exchange.method = METHOD_GET
    const { status, text } = errorResponse(fault)
    exchange.fail(status, text)
  }

  /** The upstream takes bytes again. */
  drained(): void {
    const { client } = this.#exchange
    if (client.held <= PIPELINE_MAX) client.resumeReading()
  }

  #hold(bytes: Uint8Array): void {
    const { client } = this.#exchange
    client.hold(bytes)
    if (client.held > PIPELINE_MAX) client.pauseReading()
  }

  /** Whether it asks for nothing that must not happen twice (RFC 9110 section 9.2.1), and nothing of it is gone with the first try. */
  get #isRepeatable(): boolean {
    const { method } = this.#exchange
    return (method === METHOD_GET || method === METHOD_HEAD || method === METHOD_OPTIONS) && this.body.isEmpty
  }

  /** Sends it once more, to whoever is next, after the upstream was lost without an answer. False: that is not safe. */
  sendAgain(): boolean {
    const { server } = this.#exchange.client
    const again = this.#again
    if (again === undefined || !this.#isRepeatable || this.#retries > 0) return false
    this.#retries++
    server.counters[RETRIES]!++
    const parsed = server.requestHead.parse(again, this.#againAt, again.length, server.generation.limits.headers)
    // What follows the head is held already.
    this.forward(parsed === again.length ? again : again.subarray(0, parsed), parsed)
    return true
  }

  /** Gives what waited for an upstream that can't be reached to the next one: nothing of it went. False: there is no other. */
  sendElsewhere(failed: UpstreamConnection): boolean {
    const exchange = this.#exchange
    const { server } = exchange.client
    const pending = failed.takePending()
    const next = exchange.route!.pick(server.wheel.nowMs)
    if (this.#retries > 0 || next === failed.upstream) return false
    this.#retries++
    server.counters[RETRIES]!++
    const connection = new UpstreamConnection(server, next, exchange)
    exchange.upstream = connection
    for (const bytes of pending) connection.send(bytes, 0, bytes.length, KEPT)
    connection.connect()
    return true
  }
}
