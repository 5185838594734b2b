/**
 * Arguments: the facts about a client connection in the messages of one NOTIFY, read in place and found by argument name (HAProxy
 * doc/SPOE.txt section 3.2.6).
 *
 *   repeat to the end of the frame:  STRING message name | 1 byte argument count | count x { STRING name, TYPED DATA }
 *
 * ```
 * src ci        client address    IPV4, IPV6 or text; v4-mapped IPv6 is IPv4
 * sport cp      client port       any integer type, or digits
 * dst fi        server address
 * dport fp      server port
 * syn           saved SYN         BINARY as fc_saved_syn gives it; NULL before HAProxy 3.4; empty: SYN cookie
 * pp            PROXY header seen BOOL, INT or STRING
 * ua hdrs       User-Agent; all request headers (req.hdrs)
 * rtt rtv       fc_rtt(us), fc_rttvar(us): microseconds, smoothed, at the first request
 * hst           accept to the end of TLS's handshake, microseconds; none without TLS
 * fst           accept to the first request, microseconds, without TLS
 * dfr           the bind line has `defer-accept`: the connection was accepted when its ClientHello came
 * rtx ed        fc_retrans; ssl_fc_has_early
 * ```
 * ci cp fi fp are the names of the seed's configuration. Other names are skipped; if a fact is given twice, the first value counts.
 */
import {
  CONNECTION_KEY_BYTES,
  DeferredAccept,
  HandshakeTiming,
  canonicalize6,
  makeConnectionKey,
  parseAddress
} from "@synprint/core"
import type { Frame } from "./frame.ts"
import {
  FLAG_TRUE,
  TYPE_BINARY,
  TYPE_BOOL,
  TYPE_INT32,
  TYPE_IPV4,
  TYPE_IPV6,
  TYPE_NULL,
  TYPE_STRING,
  TYPE_UINT64,
  Value,
  integerOf,
  isTruthy,
  readName,
  readTyped
} from "./typed-data.ts"
import { Cursor, readVarint } from "./varint.ts"

// Names as numbers, up to four letters big-endian: one switch instead of a comparison per name.
const SRC = 0x737263
const DST = 0x647374
const SYN = 0x73796e
const CI = 0x6369
const CP = 0x6370
const FI = 0x6669
const FP = 0x6670
const PP = 0x7070
const UA = 0x7561
const HDRS = 0x68647273
const SPOR = 0x73706f72
const DPOR = 0x64706f72
const RTT = 0x727474
const RTV = 0x727476
const HST = 0x687374
const FST = 0x667374
const DFR = 0x646672
const RTX = 0x727478
const ED = 0x6564
const T = 0x74

/** A Connection of the capture seam that is filled for every NOTIFY. */
export interface ConnectionQuery {
  readonly key: Uint8Array
  savedSyn: Uint8Array | undefined
  /** Time of the question: HAProxy does not say when the connection was opened. */
  openedAtMs: number
  batch: number
}

const CLIENT_PORT = 4
const SERVER_PORT = 6
const CLIENT_ADDRESS = 8
const SERVER_ADDRESS = 24

/** Maximum copy of a saved SYN, above core's bound of 512 bytes, so that an endless one is malformed there. */
const SYN_MAX = 576
/** Longest text of an address: IPv6 with a dotted tail; a zone would exceed it. */
const ADDRESS_TEXT_MAX = 45

/** Lengths below are one byte (varint.ts). */
const LONG = 240

// One NOTIFY is read at a time.
const cursor = new Cursor()
const value = new Value()

export class Arguments {
  readonly connection: ConnectionQuery = {
    key: makeConnectionKey(),
    savedSyn: undefined,
    openedAtMs: 0,
    batch: 0
  }
  /** 0: the NOTIFY has no valid address of the client or the server. */
  clientFamily: 0 | 4 | 6 = 0
  serverFamily: 0 | 4 | 6 = 0
  hasClientPort = false
  hasServerPort = false
  /** True if the connection came with a PROXY header. */
  viaProxy = false
  /** Ranges of the frame's bytes; length -1: not given. */
  userAgentAt = 0
  userAgentLength = -1
  headersAt = 0
  headersLength = -1
  readonly timing: TimingArguments = new TimingArguments()
  /** The key as words. */
  readonly #keyWords: Int32Array
  /** True if the NOTIFY had more than addresses and ports. */
  #hasMore = false
  readonly #syn = new Uint8Array(new ArrayBuffer(SYN_MAX))
  /** Views of the first n bytes of #syn, one per length: saved SYNs have few lengths. */
  readonly #synViews: Array<Uint8Array | undefined> = []

  constructor() {
    this.#keyWords = new Int32Array(this.connection.key.buffer)
  }

  /** Reads all messages of a NOTIFY. False: the list of messages is malformed. */
  read(frame: Frame): boolean {
    const { bytes, end } = frame
    // A loop, because `fill` costs a call out of compiled code, which is more than these 10 words.
    const words = this.#keyWords
    for (let i = 0; i < words.length; i++) words[i] = 0
    this.clientFamily = 0
    this.serverFamily = 0
    this.hasClientPort = false
    this.hasServerPort = false
    if (this.#hasMore) this.#resetMore()
    for (let at = frame.payload; at < end;) {
      cursor.reset(bytes, at, end)
      readName(cursor, value)
      at = cursor.at
      if (cursor.failed || at === end) return false
      for (let left = bytes[at++]!; left > 0; left--) {
        at = this.#argument(bytes, at, end)
        if (at < 0) return false
      }
    }
    this.connection.key[0] = this.clientFamily
    if (this.#hasMore) this.timing.finish()
    return true
  }

  /**
   * Reads the argument at `at` and returns its end; -1: it runs past `end`. Addresses and ports, which every NOTIFY has, are read directly:
   * reading names and values through Value took a third of a session's time (bench/codec.ts).
   */
  #argument(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return -1
    const length = bytes[at]!
    if (length >= LONG) return this.#longArgument(bytes, at, end)
    const typeAt = at + 1 + length
    if (typeAt >= end) return -1
    const code = nameCode(bytes, at + 1, length)
    const head = bytes[typeAt]!
    const type = head & 0x0f
    const valueAt = typeAt + 1
    switch (code) {
      case SRC:
      case CI:
        if (type !== TYPE_IPV4 || this.clientFamily !== 0) break
        if (end - valueAt < 4) return -1
        this.#writeIpv4(bytes, valueAt, CLIENT_ADDRESS)
        this.clientFamily = 4
        return valueAt + 4
      case DST:
      case FI:
        if (type !== TYPE_IPV4 || this.serverFamily !== 0) break
        if (end - valueAt < 4) return -1
        this.#writeIpv4(bytes, valueAt, SERVER_ADDRESS)
        this.serverFamily = 4
        return valueAt + 4
      case SPOR:
      case CP:
      case DPOR:
      case FP: {
        if (type < TYPE_INT32 || type > TYPE_UINT64) break
        cursor.reset(bytes, valueAt, end)
        const port = readVarint(cursor)
        if (cursor.failed) return -1
        if (code === SPOR || code === CP) {
          if (!this.hasClientPort) this.hasClientPort = this.#writePort(port, CLIENT_PORT)
        } else if (!this.hasServerPort) this.hasServerPort = this.#writePort(port, SERVER_PORT)
        return cursor.at
      }
      case PP:
        if (type !== TYPE_BOOL) break
        if ((head & FLAG_TRUE) !== 0) this.viaProxy = this.#hasMore = true
        return valueAt
      case SYN:
        if (type !== TYPE_NULL) break
        return valueAt
      default:
    }
    cursor.reset(bytes, typeAt, end)
    readTyped(cursor, value)
    if (cursor.failed) return -1
    if (code !== 0) this.#apply(code, bytes)
    return cursor.at
  }

  /** Skips an argument whose name is longer than any of ours; returns its end, or -1. */
  #longArgument(bytes: Uint8Array, at: number, end: number): number {
    cursor.reset(bytes, at, end)
    readName(cursor, value)
    if (!cursor.failed) readTyped(cursor, value)
    return cursor.failed ? -1 : cursor.at
  }

  #resetMore(): void {
    this.#hasMore = false
    this.connection.savedSyn = undefined
    this.viaProxy = false
    this.userAgentLength = -1
    this.headersLength = -1
    this.timing.reset()
  }

  /** Reduces the key to the client's address, for a lookup by address. */
  dropPorts(): void {
    const key = this.connection.key
    key.fill(0, CLIENT_PORT, CLIENT_ADDRESS)
    key.fill(0, SERVER_ADDRESS, CONNECTION_KEY_BYTES)
  }

  /** Applies `value` as that of the argument whose name has this code. */
  #apply(code: number, bytes: Uint8Array): void {
    switch (code) {
      case SRC:
      case CI:
        if (this.clientFamily === 0) this.clientFamily = this.#address(bytes, CLIENT_ADDRESS)
        return
      case DST:
      case FI:
        if (this.serverFamily === 0) this.serverFamily = this.#address(bytes, SERVER_ADDRESS)
        return
      case SPOR:
      case CP:
        if (!this.hasClientPort) this.hasClientPort = this.#parsePort(bytes, CLIENT_PORT)
        return
      case DPOR:
      case FP:
        if (!this.hasServerPort) this.hasServerPort = this.#parsePort(bytes, SERVER_PORT)
        return
      default:
        this.#hasMore = true
        this.#applyMore(code, bytes)
    }
  }

  #applyMore(code: number, bytes: Uint8Array): void {
    switch (code) {
      case SYN:
        if (value.type === TYPE_BINARY && this.connection.savedSyn === undefined) this.#savedSyn(bytes)
        return
      case PP:
        if (isTruthy(bytes, value)) this.viaProxy = true
        return
      case UA:
        if (this.userAgentLength < 0 && (value.type === TYPE_STRING || value.type === TYPE_BINARY)) {
          this.userAgentAt = value.at
          this.userAgentLength = value.length
        }
        return
      case HDRS:
        if (this.headersLength < 0 && (value.type === TYPE_STRING || value.type === TYPE_BINARY)) {
          this.headersAt = value.at
          this.headersLength = value.length
        }
        return
      default:
        this.timing.apply(code, bytes, value)
    }
  }

  #writeIpv4(bytes: Uint8Array, at: number, to: number): void {
    const key = this.connection.key
    key[to] = bytes[at]!
    key[to + 1] = bytes[at + 1]!
    key[to + 2] = bytes[at + 2]!
    key[to + 3] = bytes[at + 3]!
  }

  /** Writes the address in `value` into the key at `to`; returns its family, 0 if it is not an address. */
  #address(bytes: Uint8Array, to: number): 0 | 4 | 6 {
    const key = this.connection.key
    if (value.type === TYPE_STRING) {
      if (value.length > ADDRESS_TEXT_MAX) return 0
      let text = ""
      for (let index = 0; index < value.length; index++) text += String.fromCharCode(bytes[value.at + index]!)
      const family = parseAddress(text, key, to)
      if (family === 0) key.fill(0, to, to + 16)
      return family
    }
    if (value.type !== TYPE_IPV4 && value.type !== TYPE_IPV6) return 0
    for (let index = 0; index < value.length; index++) key[to + index] = bytes[value.at + index]!
    return value.type === TYPE_IPV4 ? 4 : canonicalize6(key, to)
  }

  /** Writes a port into the key; false if it is not a valid port. */
  #writePort(port: number, to: number): boolean {
    if (port <= 0 || port > 0xffff) return false
    this.connection.key[to] = port >> 8
    this.connection.key[to + 1] = port
    return true
  }

  /** Writes the port whose decimal digits are the text in `value`; false if it is not a valid port. */
  #parsePort(bytes: Uint8Array, to: number): boolean {
    if (value.type !== TYPE_STRING || value.length > 5) return false
    let port = 0
    for (let index = 0; index < value.length; index++) {
      const digit = bytes[value.at + index]! - 0x30
      if (digit < 0 || digit > 9) return false
      port = port * 10 + digit
    }
    return this.#writePort(port, to)
  }

  #savedSyn(bytes: Uint8Array): void {
    const length = value.length < SYN_MAX ? value.length : SYN_MAX
    for (let index = 0; index < length; index++) this.#syn[index] = bytes[value.at + index]!
    this.connection.savedSyn = this.#synViews[length] ??= this.#syn.subarray(0, length)
  }
}

/** The code of a name, 0 if no known name has this length. Known names of five letters are `sport` and `dport`, which end in t. */
function nameCode(bytes: Uint8Array, at: number, length: number): number {
  switch (length) {
    case 2:
      return (bytes[at]! << 8) | bytes[at + 1]!
    case 3:
      return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    case 5:
      if (bytes[at + 4] !== T) return 0
      break
    case 4:
      break
    default:
      return 0
  }
  const code = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  return (code === HDRS) === (length === 4) ? code : 0
}

/** The arguments about the handshakes of a connection (rtt rtv hst fst dfr rtx ed), as the times on which hints are based. */
class TimingArguments {
  readonly times: HandshakeTiming = new HandshakeTiming()
  /** True if the NOTIFY had any argument about handshakes. */
  isGiven = false
  /** fc_rtt and fc_rttvar; -1: not given. */
  #smoothed = -1
  #deviation = -1
  #handshake = -1
  #first = -1
  #isDeferred = false
  readonly #deferred = new DeferredAccept()

  reset(): void {
    this.#smoothed = -1
    this.#deviation = -1
    this.#handshake = -1
    this.#first = -1
    this.#isDeferred = false
    if (this.isGiven) this.times.reset()
    this.isGiven = false
  }

  /** Applies the argument whose name has this code; other names are ignored. */
  apply(code: number, bytes: Uint8Array, value: Value): void {
    switch (code) {
      case RTT:
        this.#smoothed = integerOf(value)
        return
      case RTV:
        this.#deviation = integerOf(value)
        return
      case HST:
        this.#handshake = integerOf(value)
        return
      case FST:
        this.#first = integerOf(value)
        return
      case DFR:
        this.#isDeferred = isTruthy(bytes, value)
        return
      case RTX:
        this.times.lost = integerOf(value)
        this.isGiven = true
        return
      case ED:
        this.times.hasEarlyData = isTruthy(bytes, value)
        this.isGiven = true
        return
      default:
    }
  }

  /**
   * Computes the times once all arguments were read. HAProxy reports the length of the whole TLS handshake. If the connection was accepted at
   * the ClientHello, that is TLS's round trip, and the time before is the first sample of TCP's. Otherwise a ClientHello that was sent late
   * can't be distinguished from one that took long to answer.
   */
  finish(): void {
    if (this.#smoothed < 0) return
    const { times } = this
    this.isGiven = true
    if (!this.#isDeferred || this.#handshake < 0) {
      times.rtt = this.#smoothed
      times.whole = this.#handshake
      if (this.#handshake < 0) times.helloDelay = this.#first
    } else if (this.#deferred.solve(this.#smoothed, this.#deviation)) {
      times.rtt = this.#deferred.rtt
      times.helloDelay = this.#deferred.first - this.#deferred.rtt
      times.tlsRtt = this.#handshake
      times.isHelloDerived = true
    }
  }
}
