/**
 * Client identifier: finds out who a client is when its connection opens, by its addresses and the lookup of its SYN, and encodes the result
 * as header lines. It is called once per connection.
 */
import {
  ConnectionInfo,
  KEY_CLIENT,
  HeaderOffsets,
  STATUSES,
  type Status,
  VERDICT_TCP,
  findSavedSyn,
  makeConnectionKey,
  parseAddress,
  parseConnectionKey,
  printAddress,
  putConnectionKey
} from "@synprint/core"
import type { FingerprintLookup } from "@synprint/service"
import type { Socket } from "bun"
import { type Counters, STATUS } from "../operations/counters.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import type { ProxyHeader } from "../connection/proxy-protocol.ts"
import { readSavedSyn } from "@synprint/linux/sockets"
import type { HeaderLines } from "../http1/header-lines.ts"
import type { Generation } from "../routing/generation.ts"
import type { ClientFacts } from "./client-facts.ts"

const STATUS_CELLS: Readonly<Record<Status, number>> = Object.fromEntries(
  STATUSES.map((status, index) => [status, STATUS + index])
) as Record<Status, number>

export class ClientIdentifier {
  readonly #lookup: FingerprintLookup
  readonly #counters: Counters
  readonly #info = new ConnectionInfo()
  readonly #offsets = new HeaderOffsets()
  /** Family (0: unknown) and address of the client that was identified last. */
  family: 0 | 4 | 6 = 0
  readonly address: Uint8Array = new Uint8Array(16)
  readonly #connection = {
    key: makeConnectionKey(),
    savedSyn: undefined as Uint8Array | undefined,
    openedAtMs: 0
  }
  /** One-entry cache: consecutive connections often come from the same client. */
  readonly #lastBytes = new Uint8Array(17)
  #lastAddress: Uint8Array = bytesOf("unknown")
  #lastPort: Uint8Array | undefined = undefined
  #lastScheme: Uint8Array | undefined = undefined
  #lastForwarded: Uint8Array = bytesOf("")

  constructor(lookup: FingerprintLookup, counters: Counters) {
    this.#lookup = lookup
    this.#counters = counters
  }

  /** Identifies the client of a connection that this process accepted. The facts keep `connectionHeaders`, which get its own lines. */
  identify(
    socket: Socket<unknown>,
    generation: Generation,
    scheme: Uint8Array,
    port: Uint8Array,
    connectionHeaders: HeaderLines
  ): ClientFacts {
    const connection = this.#connection
    const info = this.#info
    const { key } = connection
    const savedSyn = readSavedSyn((socket as { readonly fd?: number }).fd)
    connection.savedSyn = savedSyn
    connection.openedAtMs = Date.now()
    let isKnown = true
    // The SYN names both ends, so the socket need not be asked.
    if (savedSyn !== undefined && savedSyn.length > 0 && findSavedSyn(savedSyn, this.#offsets) === VERDICT_TCP)
      putConnectionKey(this.#offsets, key)
    else {
      const { remoteAddress, remotePort, localAddress, localPort } = socket
      isKnown = parseConnectionKey(remoteAddress, remotePort, localAddress, localPort, key)
    }
    if (isKnown) {
      this.#lookup.answer(connection, info)
      this.family = key[0] === 4 ? 4 : 6
      for (let i = 0; i < 16; i++) this.address[i] = key[KEY_CLIENT + i]!
    } else {
      info.reset("not_captured")
      this.family = 0
      this.address.fill(0)
    }
    return this.#describe(generation, scheme, port, connectionHeaders)
  }

  /** Identifies the client behind a load balancer by its PROXY header. The SYN was the balancer's, so it gives no facts. */
  identifyProxied(
    header: ProxyHeader,
    socket: Socket<unknown>,
    generation: Generation,
    scheme: Uint8Array,
    port: Uint8Array,
    connectionHeaders: HeaderLines
  ): ClientFacts {
    this.#info.reset("via_proxy")
    this.family = header.family
    if (header.family === 0) this.family = parseAddress(socket.remoteAddress, this.address)
    else this.address.set(header.client)
    const serverPort = header.family === 0 ? port : bytesOf(String(header.serverPort))
    return this.#describe(generation, scheme, serverPort, connectionHeaders)
  }

  /** The facts about the client in `family` and `address`. */
  #describe(generation: Generation, scheme: Uint8Array, port: Uint8Array, connectionHeaders: HeaderLines): ClientFacts {
    const info = this.#info
    generation.block.appendConnectionHeaders(info, connectionHeaders)
    this.#counters[STATUS_CELLS[info.status]]!++
    const { family } = this
    const isAnother = this.#isAnother()
    if (isAnother) this.#lastAddress = bytesOf(family === 0 ? "unknown" : printAddress(family, this.address))
    if (isAnother || port !== this.#lastPort || scheme !== this.#lastScheme) {
      this.#lastPort = port
      this.#lastScheme = scheme
      this.#lastForwarded = forwardedLines(this.#lastAddress, scheme, port)
    }
    return {
      forwarded: this.#lastForwarded,
      address: this.#lastAddress,
      scheme,
      port,
      isTrusted: family !== 0 && generation.trusted.containsBytes(family, this.address),
      fingerprintHeaders: generation.block.fingerprintHeaders(info),
      connectionHeaders,
      hints: generation.hints?.hinter.connection(info, family, this.address, 0)
    }
  }

  /** Returns true if the client differs from the last one, and remembers the client. */
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
