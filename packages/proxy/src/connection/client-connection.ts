/**
 * One client connection: socket, facts about the client, limits, and the way it closes. Its bytes go to a ClientProtocol.
 *
 * ```
 * proxy_header ──PROXY header──► open ──linger──► lingering ──► closed      input is discarded while lingering
 *                                 └──────close or abort──────────┘
 * ```
 * Ends: `linger` sends what waits and gives the client time to read it; `close` closes both halves politely; `abort` resets. All lead to
 * `release`, after which the object may serve another connection (client-table.ts).
 */
import type { Socket } from "bun"
import { UNLIMITED } from "./address-limits.ts"
import type { ClientProtocol } from "./client-protocol.ts"
import { BROKEN, decodeProxyHeader, INCOMPLETE, ProxyHeader } from "./proxy-protocol.ts"
import type { Services } from "./services.ts"
import type { TunnelEnd } from "./tunnel.ts"
import { type ClientFacts, UNIDENTIFIED } from "../fingerprint-headers/client-facts.ts"
import { HeaderLines } from "../http1/header-lines.ts"
import { BYTES_IN, CLIENT_ABORTS, REFUSED } from "../operations/counters.ts"
import { SocketReader, type ReadTarget } from "../socket/socket-reader.ts"
import { type Ownership, SocketWriter } from "@synprint/linux/sockets"
import { type Expirable, TimerEntry } from "../socket/timer-wheel.ts"
import { HandshakeTimes } from "../tls/handshake-clock.ts"

/** Time for which input is discarded after our half was closed. */
const LINGER_MS = 2000

const EMPTY: Uint8Array = new Uint8Array(0)

/** The server that accepted the connection. */
export interface ClientOwner {
  /** The PROXY header of a connection was read. */
  applyProxyHeader(client: ClientConnection, header: ProxyHeader, port: Uint8Array): void
  /** `isReusable`: no other object holds a reference. */
  clientClosed(client: ClientConnection, isReusable: boolean): void
}

export class ClientConnection implements ReadTarget, Expirable, TunnelEnd {
  readonly writer: SocketWriter = new SocketWriter()
  readonly reader: SocketReader = new SocketReader(this, this.writer)
  readonly timer: TimerEntry = new TimerEntry(this)
  readonly handshake: HandshakeTimes = new HandshakeTimes()
  /** Facts about the client, from ClientIdentifier. */
  facts: ClientFacts = UNIDENTIFIED
  /** Buffer of `facts.connectionHeaders`, reused: an array for each connection and a copy of its facts cost 3 % of its CPU time. */
  readonly connectionHeaders: HeaderLines = new HeaderLines()
  /** Index in ClientTable. */
  index = 0
  /** Slot in AddressLimits, or UNLIMITED. */
  limitSlot = UNLIMITED
  hasPeerEnded = false
  /** The protocol that the client speaks. */
  protocol: ClientProtocol
  readonly #services: Services
  readonly #owner: ClientOwner
  readonly #firstProtocol: ClientProtocol
  #state: "proxy_header" | "open" | "lingering" | "closed" = "closed"
  /** Port of the listener, while a PROXY header is expected. */
  #port: Uint8Array = EMPTY
  /** True if unread request bytes may still arrive, so that a close must linger. */
  #isUnread = false

  /** `openProtocol` makes the protocol with which every connection begins. */
  constructor(services: Services, owner: ClientOwner, openProtocol: (connection: ClientConnection) => ClientProtocol) {
    this.#services = services
    this.#owner = owner
    this.protocol = this.#firstProtocol = openProtocol(this)
  }

  get socket(): Socket<unknown> | undefined {
    return this.writer.socket
  }

  get hasPending(): boolean {
    return this.writer.hasPending
  }

  /** Reinitializes this pooled object for a newly accepted socket. */
  begin(socket: Socket<unknown>, isPlain: boolean): void {
    this.writer.open(socket)
    this.writer.isPlain = isPlain
    this.reader.open()
    this.facts = UNIDENTIFIED
    this.connectionHeaders.length = 0
    this.handshake.reset()
    this.hasPeerEnded = this.#isUnread = false
    this.limitSlot = UNLIMITED
    this.protocol = this.#firstProtocol
    this.#state = "open"
    this.protocol.begin()
  }

  /** The handshake agreed on another protocol than the first; no byte was received yet. */
  changeProtocol(protocol: ClientProtocol): void {
    if (this.#state !== "open") return
    this.protocol.release()
    this.protocol = protocol
    protocol.begin()
  }

  /** The peer is a load balancer that sends a PROXY header first (proxy-protocol.ts). */
  expectProxyHeader(port: Uint8Array): void {
    this.#state = "proxy_header"
    this.#port = port
  }

  schedule(inMs: number): void {
    this.#services.timers.schedule(this.timer, inMs)
  }

  // ---- events of the socket

  received(chunk: Uint8Array): void {
    this.#services.counters[BYTES_IN]! += chunk.length
    if (this.#state === "open") this.protocol.received(chunk)
    else if (this.#state === "proxy_header") this.#readProxyHeader(chunk)
  }

  receivedBorrowed(bytes: Uint8Array): void {
    this.#services.counters[BYTES_IN]! += bytes.length
    if (this.#state === "open") this.protocol.receivedBorrowed(bytes)
  }

  onReadError(): void {
    this.abort()
  }

  /** The client sent FIN; it may still read. */
  peerEnded(): void {
    this.hasPeerEnded = true
    if (this.#state === "open") this.protocol.peerEnded()
    else if (!this.hasPending) this.close()
  }

  /** The socket is closed. */
  onClosed(): void {
    if (this.protocol.hasExchange) this.#services.counters[CLIENT_ABORTS]!++
    this.#release()
  }

  drained(): void {
    const { writer } = this
    if (!writer.hasPending) return
    const isEmpty = writer.flush()
    if (this.#state === "open") this.protocol.drained(isEmpty)
    else {
      const { timeouts } = this.#services.generation
      this.schedule(isEmpty ? timeouts.upstreamMs : timeouts.idleMs)
      if (isEmpty && !writer.isBroken && this.#state === "lingering") this.#finish()
    }
  }

  /** The time-out has passed. */
  expired(): void {
    if (this.#state === "open") this.protocol.expired()
    else this.abort()
  }

  /** The process stops. */
  stop(): void {
    if (this.#state === "open") this.protocol.stop()
  }

  /** Answers with an error and closes. */
  refuse(status: number, text: string): void {
    this.protocol.refuse(status, text)
  }

  #readProxyHeader(chunk: Uint8Array): void {
    const { reader } = this
    reader.hold(chunk)
    const bytes = reader.takeHeld()!
    const header = new ProxyHeader()
    const length = decodeProxyHeader(bytes, 0, bytes.length, header)
    if (length === INCOMPLETE) reader.hold(bytes)
    else if (length === BROKEN) {
      this.#services.counters[REFUSED]!++
      this.abort()
    } else {
      this.#state = "open"
      this.#owner.applyProxyHeader(this, header, this.#port)
      if (length < bytes.length && this.#isOpen()) this.protocol.received(bytes.subarray(length))
    }
  }

  /** A call, so that TypeScript does not remember the state from before. */
  #isOpen(): boolean {
    return this.#state === "open"
  }

  // ---- the client's end of a tunnel

  send(bytes: Uint8Array, from: number, end: number, ownership: Ownership): boolean {
    return this.writer.send(bytes, from, end, ownership)
  }

  pauseReading(): void {
    this.reader.pause()
  }

  resumeReading(): void {
    this.reader.resume()
  }

  shutdown(): void {
    this.writer.shutdown()
  }

  // ---- ends

  /** Sends what waits, then closes. `isRequestRead`: the whole request was received. */
  linger(isRequestRead: boolean): void {
    this.#state = "lingering"
    this.#isUnread = !isRequestRead
    if (this.hasPending) this.schedule(this.#services.generation.timeouts.idleMs)
    else this.#finish()
  }

  /** Everything was sent: closes our half, or both if no input can be on its way. */
  #finish(): void {
    const { reader } = this
    if (this.hasPeerEnded || (!this.#isUnread && reader.held === 0)) {
      this.close()
      return
    }
    reader.dropHeld()
    reader.resume()
    this.schedule(LINGER_MS)
    this.shutdown()
  }

  close(): void {
    const { socket, isPlain } = this.writer
    this.#release()
    // `end` sets TCP_CORK to 0 before it closes: data that waits for its FIN would go alone.
    if (isPlain) socket?.close()
    else socket?.end()
  }

  /** Closes both sides at once, the client's by a reset. */
  abort(): void {
    const { socket } = this
    this.#release()
    socket?.terminate()
  }

  #release(): void {
    if (this.#state === "closed") return
    const { writer } = this
    this.#state = "closed"
    this.protocol.release()
    writer.close()
    this.reader.close()
    // Detach: this object may already serve another socket when late events arrive.
    if (writer.socket !== undefined) writer.socket.data = undefined
    writer.socket = undefined
    this.#services.timers.cancel(this.timer)
    // Don't reuse TLS connections: other objects (proxy-header-preread.ts) may still hold references.
    this.#owner.clientClosed(this, writer.isPlain && this.protocol.isReusable)
  }
}
