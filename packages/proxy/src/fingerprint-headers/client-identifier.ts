/**
 * What is known of a client when its connection opens, put on the connection as header lines: addresses, and core's answer about the SYN.
 *
 * Looked up once per connection: every request on it tells the same.
 */
import {
  ConnectionInfo,
  KEY_CLIENT,
  HeaderOffsets,
  STATUSES,
  type Status,
  VERDICT_TCP,
  clearServer,
  findSavedSyn,
  makeConnectionKey,
  parseAddress,
  parseConnectionKey,
  printAddress,
  putConnectionKey
} from "@synprint/core"
import type { FingerprintLookup } from "@synprint/service"
import type { Socket } from "bun"
import type { ClientConnection } from "../connection/client-connection.ts"
import { type Counters, STATUS } from "../operations/counters.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import type { ProxyHeader } from "../connection/proxy-protocol.ts"
import { readSavedSyn } from "../socket/saved-syn.ts"
import type { Generation } from "../routing/generation.ts"

const STATUS_CELLS: Readonly<Record<Status, number>> = Object.fromEntries(
  STATUSES.map((status, index) => [status, STATUS + index])
) as Record<Status, number>

export class ClientIdentifier {
  readonly #lookup: FingerprintLookup
  readonly #isClientKey: boolean
  readonly #counters: Counters
  readonly #answer = new ConnectionInfo()
  readonly #located = new HeaderOffsets()
  /** Of the client read last: family (0: none) and address. */
  family: 0 | 4 | 6 = 0
  readonly address: Uint8Array = new Uint8Array(16)
  readonly #connection = {
    key: makeConnectionKey(),
    savedSyn: undefined as Uint8Array | undefined,
    openedAtMs: 0
  }
  /** Of the client before: it mostly comes again. */
  readonly #lastBytes = new Uint8Array(17)
  #lastAddress: Uint8Array = bytesOf("unknown")
  #lastPort: Uint8Array | undefined = undefined
  #lastScheme: Uint8Array | undefined = undefined
  #lastForwarded: Uint8Array = bytesOf("")

  constructor(lookup: FingerprintLookup, key: "connection" | "client", counters: Counters) {
    this.#lookup = lookup
    this.#isClientKey = key === "client"
    this.#counters = counters
  }

  /** A connection that this process accepted itself. */
  read(
    socket: Socket<unknown>,
    generation: Generation,
    scheme: Uint8Array,
    port: Uint8Array,
    into: ClientConnection
  ): void {
    const connection = this.#connection
    const answer = this.#answer
    const { key } = connection
    const savedSyn = readSavedSyn((socket as { readonly fd?: number }).fd)
    connection.savedSyn = savedSyn
    connection.openedAtMs = Date.now()
    let isKnown = true
    // The SYN names both ends: the socket need not be asked.
    if (savedSyn !== undefined && savedSyn.length > 0 && findSavedSyn(savedSyn, this.#located) === VERDICT_TCP)
      putConnectionKey(this.#located, key)
    else {
      const { remoteAddress, remotePort, localAddress, localPort } = socket
      isKnown = parseConnectionKey(remoteAddress, remotePort, localAddress, localPort, key)
    }
    if (isKnown) {
      if (this.#isClientKey) clearServer(key)
      this.#lookup.answer(connection, answer)
      this.family = key[0] === 4 ? 4 : 6
      for (let i = 0; i < 16; i++) this.address[i] = key[KEY_CLIENT + i]!
    } else {
      answer.reset("not_captured")
      this.family = 0
      this.address.fill(0)
    }
    this.#describe(generation, scheme, port, into)
  }

  /** A connection of a balancer: the SYN was the balancer's, so nothing is said of the client's stack. */
  readProxied(
    header: ProxyHeader,
    socket: Socket<unknown>,
    generation: Generation,
    scheme: Uint8Array,
    port: Uint8Array,
    into: ClientConnection
  ): void {
    this.#answer.reset("via_proxy")
    this.family = header.family
    if (header.family === 0) this.family = parseAddress(socket.remoteAddress, this.address)
    else this.address.set(header.client)
    this.#describe(generation, scheme, header.family === 0 ? port : bytesOf(String(header.serverPort)), into)
  }

  /** Of `family` and `address`. */
  #describe(generation: Generation, scheme: Uint8Array, port: Uint8Array, into: ClientConnection): void {
    const answer = this.#answer
    this.#counters[STATUS_CELLS[answer.status]]!++
    const { family } = this
    const isAnother = this.#isAnother()
    if (isAnother) this.#lastAddress = bytesOf(family === 0 ? "unknown" : printAddress(family, this.address))
    if (isAnother || port !== this.#lastPort || scheme !== this.#lastScheme) {
      this.#lastPort = port
      this.#lastScheme = scheme
      this.#lastForwarded = forwardedLines(this.#lastAddress, scheme, port)
    }
    into.address = this.#lastAddress
    into.forwarded = this.#lastForwarded
    into.scheme = scheme
    into.port = port
    into.isTrusted = family !== 0 && generation.trusted.containsBytes(family, this.address)
    into.fingerprintHeaders = generation.block.fingerprintHeaders(answer)
    generation.block.writeOwn(answer, into.connectionHeaders)
    into.hints = generation.hints?.hinter.connection(answer, family, this.address, 0)
  }

  /** Whether it is another client than before; from now on it is the one before. */
  #isAnother(): boolean {
    const last = this.#lastBytes
    let differs = last[16]! ^ this.family
    for (let i = 0; i < 16; i++) differs |= last[i]! ^ this.address[i]!
    if (differs === 0) return false
    last.set(this.address)
    last[16] = this.family
    return true
  }
}

const FOR = bytesOf("X-Forwarded-For: ")
const PORT = bytesOf("\r\nX-Forwarded-Port: ")
const PROTO = bytesOf("\r\nX-Forwarded-Proto: ")

function forwardedLines(address: Uint8Array, scheme: Uint8Array, port: Uint8Array): Uint8Array {
  const lines = new Uint8Array(
    FOR.length + PORT.length + PROTO.length + address.length + scheme.length + port.length + 2
  )
  let at = 0
  for (const part of [FOR, address, PORT, port, PROTO, scheme]) {
    lines.set(part, at)
    at += part.length
  }
  lines[at] = 0x0d
  lines[at + 1] = 0x0a
  return lines
}
