/**
 * A second client protocol, for tests of the seam: lines, and as many requests at a time as the client likes.
 *
 * ```
 * client:  ID PATH USER-AGENT LF
 * proxy:   ID = STATUS LF          the head of the response
 *          ID + BYTES LF bytes     a piece of its body
 *          ID . LF                 its end
 *          ID ! LF                 it was broken off
 * ```
 */
import type { ClientConnection } from "../connection/client-connection.ts"
import type { ClientProtocol } from "../connection/client-protocol.ts"
import { Exchange } from "../connection/exchange.ts"
import { HTTP1_ALONE, type ProtocolChoice } from "../connection/protocol-choice.ts"
import type { ProtocolSwitch, Requester } from "../connection/requester.ts"
import type { Services } from "../connection/services.ts"
import type { ClientFacts } from "../fingerprint-headers/client-facts.ts"
import { bytesOf, latin1 } from "../http1/byte-classes.ts"
import { RequestHead } from "../http1/request-head.ts"
import type { ResponseHead } from "../http1/response-head.ts"
import { TimerEntry } from "../socket/timer-wheel.ts"

const IDLE_MS = 30_000

/** HTTP/1, and lines for a TLS client that offers "lines". */
export const WITH_LINES: ProtocolChoice = {
  ...HTTP1_ALONE,
  offered: ["http/1.1", "lines"],
  agreed: (name, connection, services) => (name === "lines" ? new LineProtocol(connection, services) : undefined)
}

class LineProtocol implements ClientProtocol {
  readonly connection: ClientConnection
  readonly streams = new Map<string, LineStream>()
  readonly #services: Services
  #text = ""

  constructor(connection: ClientConnection, services: Services) {
    this.connection = connection
    this.#services = services
  }

  get hasExchange(): boolean {
    return this.streams.size > 0
  }

  get isReusable(): boolean {
    return false
  }

  begin(): void {
    this.connection.schedule(IDLE_MS)
  }

  received(chunk: Uint8Array): void {
    const lines = (this.#text + latin1(chunk)).split("\n")
    this.#text = lines.pop()!
    for (const line of lines) {
      const [id = "", path = "", ...userAgent] = line.split(" ")
      const stream = new LineStream(this, this.#services, id)
      this.streams.set(id, stream)
      stream.begin(bytesOf(`GET ${path} HTTP/1.1\r\nHost: lines.test\r\nUser-Agent: ${userAgent.join(" ")}\r\n\r\n`))
    }
  }

  receivedBorrowed(bytes: Uint8Array): void {
    this.received(bytes.slice())
  }

  drained(isEmpty: boolean): void {
    if (isEmpty) for (const { exchange } of this.streams.values()) exchange.upstream?.resumeReading()
  }

  peerEnded(): void {
    if (!this.hasExchange) this.connection.close()
  }

  expired(): void {
    this.connection.close()
  }

  stop(): void {
    if (!this.hasExchange) this.connection.close()
  }

  refuse(status: number, text: string): void {
    this.send(`refused ${status} ${text}\n`)
    this.connection.linger(false)
  }

  release(): void {
    for (const stream of this.streams.values()) stream.release()
    this.streams.clear()
  }

  ended(stream: LineStream, how: string): void {
    this.streams.delete(stream.id)
    this.send(`${stream.id} ${how}\n`)
    if (this.connection.hasPeerEnded && !this.hasExchange) this.connection.linger(true)
  }

  send(text: string): void {
    const bytes = bytesOf(text)
    this.connection.writer.send(bytes, 0, bytes.length, "share")
  }
}

/** One request of a connection. */
class LineStream implements Requester {
  readonly id: string
  readonly exchange: Exchange
  readonly takesChunked = false
  readonly #protocol: LineProtocol
  readonly #services: Services
  readonly #timer = new TimerEntry({ expired: () => this.exchange.expired() })

  constructor(protocol: LineProtocol, services: Services, id: string) {
    this.#protocol = protocol
    this.#services = services
    this.id = id
    this.exchange = new Exchange(services, this)
  }

  begin(bytes: Uint8Array): void {
    const head = new RequestHead()
    const end = head.parse(bytes, 0, bytes.length, 8)
    if (end > 0) this.exchange.begin(head, bytes, end, false)
    else this.#end("!")
  }

  get facts(): ClientFacts {
    return this.#protocol.connection.facts
  }

  get limitSlot(): number {
    return this.#protocol.connection.limitSlot
  }

  get hasPending(): boolean {
    return this.#protocol.connection.hasPending
  }

  get isBroken(): boolean {
    return this.#protocol.connection.writer.isBroken
  }

  schedule(inMs: number): void {
    this.#services.timers.schedule(this.#timer, inMs)
  }

  // A request has no body, and nothing follows it.
  pauseBody(): void {}
  resumeBody(): void {}
  hold(): void {}
  dropHeld(): void {}
  closeAfterResponse(): void {}
  sendInterim(): void {}

  beginResponse(head: ResponseHead): void {
    this.#protocol.send(`${this.id} = ${head.status}\n`)
  }

  sendBody(bytes: Uint8Array, from: number, end: number): boolean {
    if (end > from) this.#protocol.send(`${this.id} + ${end - from}\n${latin1(bytes, from, end)}`)
    return !this.hasPending
  }

  sendError(status: number): void {
    this.#protocol.send(`${this.id} = ${status}\n`)
  }

  beginTunnel({ upstream }: ProtocolSwitch): void {
    upstream.drop()
    this.#end("!")
  }

  exchangeEnded(): void {
    this.#end(".")
  }

  /** Ends this request alone: the others of the connection go on. */
  abort(): void {
    this.release()
    this.#end("!")
  }

  release(): void {
    this.#services.timers.cancel(this.#timer)
    this.exchange.release()
  }

  #end(how: string): void {
    this.#services.timers.cancel(this.#timer)
    this.#protocol.ended(this, how)
  }
}
