/**
 * Arguments: what the messages of one NOTIFY say of a client connection, found by argument name.
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
 * ci cp fi fp are the names of the seed's configuration. Other names are passed over; of two values for one thing the first counts.
 */
import {
  CONNECTION_KEY_BYTES,
  canonicalize6,
  DeferredAccept,
  HandshakeTiming,
  makeConnectionKey,
  parseAddress
} from "@synprint/core"
import type { Notify } from "./notify.ts"
import {
  TYPE_BINARY,
  TYPE_BOOL,
  TYPE_INT32,
  TYPE_IPV4,
  TYPE_IPV6,
  TYPE_STRING,
  TYPE_UINT64,
  type Value
} from "./typed-data.ts"

/** A Connection (core) that is filled anew for every NOTIFY. */
export interface MutableConnection {
  readonly key: Uint8Array
  savedSyn: Uint8Array | undefined
  /** When it was asked about: HAProxy does not say when the connection was opened. */
  openedAtMs: number
  batch: number
}

const CLIENT_PORT = 4
const SERVER_PORT = 6
const CLIENT_ADDRESS = 8
const SERVER_ADDRESS = 24

/** Longest copy of a saved SYN: above core's bound of 512 bytes, so that an endless one arrives there as malformed. */
const SYN_MAX = 576
/** Longest text of an address: IPv6 with a dotted tail; a zone would go beyond. */
const ADDRESS_TEXT_MAX = 45

// Names as numbers: up to four letters big-endian.
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

export class Arguments {
  readonly connection: MutableConnection = {
    key: makeConnectionKey(),
    savedSyn: undefined,
    openedAtMs: 0,
    batch: 0
  }
  /** 0, 4 or 6: nothing is known of the client with 0. */
  clientFamily: 0 | 4 | 6 = 0
  serverFamily: 0 | 4 | 6 = 0
  hasClientPort = false
  hasServerPort = false
  /** The connection came with a PROXY header. */
  viaProxy = false
  /** Ranges of the frame's bytes; a length of -1 when not given. */
  userAgentAt = 0
  userAgentLength = -1
  headersAt = 0
  headersLength = -1
  /** Whether `timing` holds anything. */
  hasTiming = false
  readonly timing: HandshakeTiming = new HandshakeTiming()

  /** fc_rtt and fc_rttvar, -1 not given. */
  #smoothed = -1
  #deviation = -1
  #handshake = -1
  #first = -1
  #isDeferred = false
  readonly #deferred = new DeferredAccept()
  /** The key's memory. */
  readonly #keyWords: Int32Array
  /** Whether more was given than addresses and ports. */
  #hasMore = false
  readonly #syn = new Uint8Array(new ArrayBuffer(SYN_MAX))
  /** The first n bytes of #syn, made once per length: saved SYNs come in few lengths. */
  readonly #synViews: Array<Uint8Array | undefined> = []

  constructor() {
    this.#keyWords = new Int32Array(this.connection.key.buffer)
  }

  /** Fills this from all messages of a NOTIFY. False: the list of messages is malformed. */
  read(notify: Notify): boolean {
    // A loop: `fill` of so few costs a call out of compiled code.
    const words = this.#keyWords
    for (let i = 0; i < words.length; i++) words[i] = 0
    this.clientFamily = 0
    this.serverFamily = 0
    this.hasClientPort = false
    this.hasServerPort = false
    if (this.#hasMore) this.#forgetMore()
    while (notify.next()) this.#take(notify)
    this.connection.key[0] = this.clientFamily
    if (this.#smoothed >= 0) this.#readTiming()
    return !notify.failed
  }

  #forgetMore(): void {
    this.#hasMore = false
    this.connection.savedSyn = undefined
    this.viaProxy = false
    this.userAgentLength = -1
    this.headersLength = -1
    this.#smoothed = -1
    this.#deviation = -1
    this.#handshake = -1
    this.#first = -1
    this.#isDeferred = false
    if (this.hasTiming) this.timing.reset()
    this.hasTiming = false
  }

  /** Leaves the client's address alone in the key: what is asked by address. */
  forgetPorts(): void {
    const key = this.connection.key
    key.fill(0, CLIENT_PORT, CLIENT_ADDRESS)
    key.fill(0, SERVER_ADDRESS, CONNECTION_KEY_BYTES)
  }

  #take(notify: Notify): void {
    const { bytes, value } = notify
    const code = nameCode(bytes, notify.nameAt, notify.nameLength)
    switch (code) {
      case SRC:
      case CI:
        if (this.clientFamily === 0) this.clientFamily = this.#address(bytes, value, CLIENT_ADDRESS)
        return
      case DST:
      case FI:
        if (this.serverFamily === 0) this.serverFamily = this.#address(bytes, value, SERVER_ADDRESS)
        return
      case SPOR:
      case CP:
        if (!this.hasClientPort) this.hasClientPort = this.#port(bytes, value, CLIENT_PORT)
        return
      case DPOR:
      case FP:
        if (!this.hasServerPort) this.hasServerPort = this.#port(bytes, value, SERVER_PORT)
        return
      case 0:
        return
      default:
        this.#hasMore = true
        this.#takeMore(code, bytes, value)
    }
  }

  #takeMore(code: number, bytes: Uint8Array, value: Value): void {
    switch (code) {
      case SYN:
        if (value.type === TYPE_BINARY && this.connection.savedSyn === undefined) this.#savedSyn(bytes, value)
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
      case RTT:
        this.#smoothed = microsOf(value)
        return
      case RTV:
        this.#deviation = microsOf(value)
        return
      case HST:
        this.#handshake = microsOf(value)
        return
      case FST:
        this.#first = microsOf(value)
        return
      case DFR:
        this.#isDeferred = isTruthy(bytes, value)
        return
      case RTX:
        this.timing.lost = microsOf(value)
        this.hasTiming = true
        return
      case ED:
        this.timing.hasEarlyData = isTruthy(bytes, value)
        this.hasTiming = true
        return
      default:
    }
  }

  /**
   * HAProxy tells how long TLS's handshake took as a whole. Accepted at the ClientHello that is TLS's round trip, and what came before
   * is the first sample of TCP's; otherwise a ClientHello that waited can't be told from one that was answered late.
   */
  #readTiming(): void {
    const { timing } = this
    this.hasTiming = true
    if (!this.#isDeferred || this.#handshake < 0) {
      timing.rtt = this.#smoothed
      timing.whole = this.#handshake
      if (this.#handshake < 0) timing.helloDelay = this.#first
    } else if (this.#deferred.solve(this.#smoothed, this.#deviation)) {
      timing.rtt = this.#deferred.rtt
      timing.helloDelay = this.#deferred.first - this.#deferred.rtt
      timing.tlsRtt = this.#handshake
      timing.isHelloDerived = true
    }
  }

  /** Puts an address into the key at `to`; returns its family, 0 when the value is none. */
  #address(bytes: Uint8Array, value: Value, to: number): 0 | 4 | 6 {
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

  #port(bytes: Uint8Array, value: Value, to: number): boolean {
    let port = -1
    if (value.type >= TYPE_INT32 && value.type <= TYPE_UINT64) port = value.integer
    else if (value.type === TYPE_STRING && value.length > 0 && value.length <= 5) {
      port = 0
      for (let index = 0; index < value.length; index++) {
        const digit = bytes[value.at + index]! - 0x30
        if (digit < 0 || digit > 9) return false
        port = port * 10 + digit
      }
    }
    if (port <= 0 || port > 0xffff) return false
    this.connection.key[to] = port >> 8
    this.connection.key[to + 1] = port
    return true
  }

  #savedSyn(bytes: Uint8Array, value: Value): void {
    const length = value.length < SYN_MAX ? value.length : SYN_MAX
    for (let index = 0; index < length; index++) this.#syn[index] = bytes[value.at + index]!
    this.connection.savedSyn = this.#synViews[length] ??= this.#syn.subarray(0, length)
  }
}

/** A known name's number; names of five letters are `sport` and `dport`, told by their last letter. 0 for what can't be known. */
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

/** An integer; -1 for any other value. */
function microsOf(value: Value): number {
  return value.type >= TYPE_INT32 && value.type <= TYPE_UINT64 ? value.integer : -1
}

function isTruthy(bytes: Uint8Array, value: Value): boolean {
  if (value.type === TYPE_BOOL) return value.isTrue
  if (value.type >= TYPE_INT32 && value.type <= TYPE_UINT64) return value.integer !== 0
  if (value.type !== TYPE_STRING && value.type !== TYPE_BINARY) return false
  return value.length > 0 && !(value.length === 1 && bytes[value.at] === 0x30)
}
