/**
 * The most recent SYNs by connection, in a fixed slab: the oldest is replaced first; no object, string or timer per entry.
 *
 * The head moves round the slab, so the slot at the head is the oldest, except for connections whose ports were used again: those
 * keep their slot, and the head skips it once. An entry lies in one piece and the fields that a search compares share one cache line;
 * a usual SYN takes 140 bytes (with an array per field, each field cost a cache miss: 660 ns to add an entry, this layout 200):
 *
 *  0         8        16    20     24           64          68            72         76         80
 *  +---------+--------+-----+------+------------+-----------+-------------+----------+----------+--------------------------+
 *  | first   | last   | ISN | hash | connection | interface | retransmits | ip / tcp | tcp      | IP with extension headers |
 *  | seen ms | seen   |     |      | key        | index     | and VLAN    | captured | distance | then TCP, 240 at most     |
 *  +---------+--------+-----+------+------------+-----------+-------------+----------+----------+--------------------------+
 *
 * When a key is known already, an equal ISN on the same interface is a retransmission; on another interface, or within COPY_MS, it is
 * a second copy of the same packet. The first SYN stays in both cases. Another ISN is a new connection and replaces the entry, unless
 * it is older (interfaces are drained one after the other).
 */
import { TaggedIndex } from "@synprint/core"
import type { Miss, RawSyn } from "@synprint/service"

/** IP 40 + extension headers up to 140 + TCP 60: as much as the usual snaplen of 256 holds behind a link header. */
export const HEADER_BYTES = 240
const TCP_BYTES_MAX = 60
const IP_BYTES_MAX = HEADER_BYTES - TCP_BYTES_MAX
/** Words of Connection.key: family, ports, 4 of the client's address, 4 of the server's. */
export const KEY_WORDS = 10
/** First word of a key: the family and three zero bytes. */
export const FAMILY_IPV4: number = 4 << 24
export const FAMILY_IPV6: number = 6 << 24

/** No stack sends a SYN again sooner: the initial timeout is 1 s (RFC 6298 §2), the shortest in use 200 ms. */
const COPY_MS = 100
const RETRANSMITS_MAX = 0xffff

// The layout of a slot, in words and doubles.
const HEADERS_AT = 80
/** Five cache lines, of which a usual SYN needs three and a search one. */
const SLOT_BYTES: number = HEADERS_AT + HEADER_BYTES
const SLOT_WORDS = SLOT_BYTES / 4
const SLOT_DOUBLES = SLOT_BYTES / 8
const FIRST = 0
const LAST = 1
const ISN = 4
const HASH = 5
const KEY = 6
const INTERFACE = 16
/** Retransmits in the low half, VLAN id + 1 in the high half. */
const RETRANSMITS = 17
/** ipCaptured in the low half, tcpCaptured in the high half. */
const CAPTURED = 18
/** 0 = the slot is free. */
const DISTANCE = 19

/** Facts of one SYN that the drain hands to the store; the drain reuses the object. */
export interface SynFacts {
  /** Connection.key as big-endian words. */
  readonly key: Int32Array
  isn: number
  seenAtMs: number
  vlan: number
  interfaceIndex: number
}

export class SynStore {
  readonly capacity: number
  /** New keys. */
  added = 0
  retransmits = 0
  copies = 0
  /** Entries whose key came again with another ISN. */
  replaced = 0
  /** Entries evicted while younger than max_age: the store is too small for the rate of SYNs. */
  evictions = 0
  /** Age of the entry that was evicted last, which is how long a SYN stays at the present rate; 0: the slab was never full. */
  retentionMs = 0
  entries = 0

  readonly #maxAgeMs: number
  readonly #clientOnly: boolean
  readonly #bytes: Uint8Array
  readonly #words: Int32Array
  readonly #doubles: Float64Array
  readonly #byKey: TaggedIndex
  /** 1: the slot was reused by its own connection, so its SYN is newer than its position suggests. */
  readonly #renewed: Uint8Array
  /** Client address -> its newest slot; built by the first lookup by address. */
  #byAddress: TaggedIndex | undefined
  /** Secret odd multipliers, so that a client cannot choose SYNs whose hashes collide. */
  readonly #multipliers: Int32Array
  /** The key that `seek` was called with. */
  readonly #asked = new Int32Array(KEY_WORDS)
  #askedHash = 0
  #isSeeking = false
  /** Slot of an entry with the sought key that was added since `seek`; -1: none yet. */
  #arrived = -1
  #callerKey: Uint8Array | undefined
  /** A view of the caller's key, created once per buffer. */
  #callerKeyView: DataView = new DataView(new ArrayBuffer(KEY_WORDS * 4))
  #callerBytes: Uint8Array | undefined
  #callerWords: Int32Array | undefined
  #head = 0

  constructor(capacity: number, maxAgeMs: number, key: "connection" | "client") {
    this.capacity = capacity
    this.#maxAgeMs = maxAgeMs
    this.#clientOnly = key === "client"
    const slab = new ArrayBuffer(capacity * SLOT_BYTES)
    this.#bytes = new Uint8Array(slab)
    this.#words = new Int32Array(slab)
    this.#doubles = new Float64Array(slab)
    this.#byKey = new TaggedIndex(capacity)
    this.#renewed = new Uint8Array(capacity)
    this.#multipliers = crypto.getRandomValues(new Int32Array(KEY_WORDS)).map((word) => word | 1)
  }

  /**
   * Stores a SYN whose IP header is at `ip` and whose TCP header of `tcpLength` bytes is at `tcp`, both whole in `packet`.
   * `packetWords` is a view of the same memory.
   */
  add(facts: SynFacts, packet: Uint8Array, packetWords: Int32Array, ip: number, tcp: number, tcpLength: number): void {
    const { key, isn, seenAtMs } = facts
    const words = this.#words
    const doubles = this.#doubles
    if (this.#clientOnly) clearServer(key)
    const hash = this.#hash(key)
    let slot = this.#find(key, hash)
    if (slot >= 0) {
      if (words[slot * SLOT_WORDS + ISN] === isn) {
        this.#seenAgain(slot, facts)
        return
      }
      if (seenAtMs < doubles[slot * SLOT_DOUBLES + FIRST]!) {
        this.copies++
        return
      }
      this.replaced++
      this.#renewed[slot] = 1
    } else {
      this.added++
      slot = this.#acquire(seenAtMs)
      words[slot * SLOT_WORDS + HASH] = hash
      for (let i = 0; i < KEY_WORDS; i++) words[slot * SLOT_WORDS + KEY + i] = key[i]!
      this.entries++
      this.#byKey.insert(hash, slot)
    }
    const word = slot * SLOT_WORDS
    const double = slot * SLOT_DOUBLES
    const distance = tcp - ip
    const ipBytes = distance < IP_BYTES_MAX ? distance : IP_BYTES_MAX
    doubles[double + FIRST] = seenAtMs
    doubles[double + LAST] = seenAtMs
    words[word + ISN] = isn
    words[word + INTERFACE] = facts.interfaceIndex
    words[word + RETRANSMITS] = (facts.vlan + 1) << 16
    words[word + CAPTURED] = (tcpLength << 16) | ipBytes
    words[word + DISTANCE] = distance
    // Loops instead of `set(subarray)`: two views per packet cost more than copying 80 bytes. All header lengths are multiples of 4.
    if (((ip | tcp) & 3) === 0) {
      const to = word + HEADERS_AT / 4
      for (let i = 0; i < ipBytes >> 2; i++) words[to + i] = packetWords[(ip >> 2) + i]!
      for (let i = 0; i < tcpLength >> 2; i++) words[to + (ipBytes >> 2) + i] = packetWords[(tcp >> 2) + i]!
    } else {
      const bytes = this.#bytes
      const to = slot * SLOT_BYTES + HEADERS_AT
      for (let i = 0; i < ipBytes; i++) bytes[to + i] = packet[ip + i]!
      for (let i = 0; i < tcpLength; i++) bytes[to + ipBytes + i] = packet[tcp + i]!
    }
    if (this.#isSeeking && hash === this.#askedHash && this.#find(this.#asked, hash) === slot) this.#arrived = slot
    if (this.#byAddress !== undefined) this.#pointAddress(this.#byAddress, slot, key)
  }

  /** Begins the search for the SYN of a connection; a client port of 0 asks for the newest SYN of the client's address. */
  seek(connectionKey: Uint8Array): void {
    const key = this.#asked
    if (connectionKey !== this.#callerKey) {
      this.#callerKey = connectionKey
      this.#callerKeyView = new DataView(connectionKey.buffer, connectionKey.byteOffset, KEY_WORDS * 4)
    }
    readKey(this.#callerKeyView, key)
    if (this.#clientOnly) clearServer(key)
    this.#arrived = -1
    this.#isSeeking = key[1]! >>> 16 !== 0
    this.#askedHash = this.#isSeeking ? this.#hash(key) : 0
  }

  /** True once a SYN of the sought connection was added since `seek`. */
  get hasArrived(): boolean {
    return this.#arrived >= 0
  }

  /** Ends the search that `seek` began and copies the SYN to `into` on a hit. */
  found(nowMs: number, into: RawSyn): "hit" | Miss {
    let slot = this.#arrived
    if (slot < 0) {
      slot = this.#isSeeking ? this.#find(this.#asked, this.#askedHash) : this.#findByAddress(this.#asked)
    }
    this.#isSeeking = false
    this.#arrived = -1
    if (slot < 0) return "not_captured"
    const words = this.#words
    const word = slot * SLOT_WORDS
    const double = slot * SLOT_DOUBLES
    if (nowMs - this.#doubles[double + LAST]! > this.#maxAgeMs) return "stale"
    const ipCaptured = words[word + CAPTURED]! & 0xffff
    const tcpCaptured = words[word + CAPTURED]! >>> 16
    const to = this.#wordsOf(into.bytes)
    if (to !== undefined) {
      const from = word + HEADERS_AT / 4
      for (let i = 0, end = (ipCaptured + tcpCaptured) >> 2; i < end; i++) to[i] = words[from + i]!
    } else {
      const { bytes } = into
      const from = slot * SLOT_BYTES + HEADERS_AT
      for (let i = 0, end = ipCaptured + tcpCaptured; i < end; i++) bytes[i] = this.#bytes[from + i]!
    }
    into.ip = 0
    into.ipCaptured = ipCaptured
    into.tcp = ipCaptured
    into.tcpCaptured = tcpCaptured
    into.tcpDistance = words[word + DISTANCE]!
    into.seenAtMs = this.#doubles[double + FIRST]!
    into.retransmits = words[word + RETRANSMITS]! & 0xffff
    into.vlan = (words[word + RETRANSMITS]! >>> 16) - 1
    into.interfaceIndex = words[word + INTERFACE]!
    return "hit"
  }

  /** A view of the caller's buffer as words, created once per buffer; undefined: the buffer is not aligned. */
  #wordsOf(bytes: Uint8Array): Int32Array | undefined {
    if (bytes !== this.#callerBytes) {
      this.#callerBytes = bytes
      this.#callerWords =
        bytes.byteOffset % 4 === 0 && bytes.length >= HEADER_BYTES
          ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
          : undefined
    }
    return this.#callerWords
  }

  #seenAgain(slot: number, facts: SynFacts): void {
    const words = this.#words
    const word = slot * SLOT_WORDS
    const last = slot * SLOT_DOUBLES + LAST
    if (facts.interfaceIndex !== words[word + INTERFACE] || facts.seenAtMs - this.#doubles[last]! < COPY_MS) {
      this.copies++
      return
    }
    this.retransmits++
    if ((words[word + RETRANSMITS]! & 0xffff) < RETRANSMITS_MAX) words[word + RETRANSMITS]!++
    this.#doubles[last] = facts.seenAtMs
  }

  /** Frees the slot at the head and returns it. */
  #acquire(nowMs: number): number {
    const renewed = this.#renewed
    let slot = this.#head
    while (renewed[slot] === 1) {
      renewed[slot] = 0
      slot = slot + 1 === this.capacity ? 0 : slot + 1
    }
    this.#head = slot + 1 === this.capacity ? 0 : slot + 1
    if (this.#words[slot * SLOT_WORDS + DISTANCE] !== 0) {
      const ageMs = nowMs - this.#doubles[slot * SLOT_DOUBLES + FIRST]!
      this.retentionMs = ageMs
      if (ageMs <= this.#maxAgeMs) this.evictions++
      this.#release(slot)
    }
    return slot
  }

  #release(slot: number): void {
    const words = this.#words
    const word = slot * SLOT_WORDS
    this.#byKey.remove(words[word + HASH]!, slot)
    // The index has no such entry when a newer SYN of the same address replaced it.
    if (this.#byAddress !== undefined) this.#byAddress.remove(this.#hashAddress(words, word + KEY), slot)
    words[word + DISTANCE] = 0
    if (slot === this.#arrived) this.#arrived = -1
    this.entries--
  }

  #find(key: Int32Array, hash: number): number {
    const { slots, mask } = this.#byKey
    const words = this.#words
    for (let index = (hash << 1) & mask; ; index = (index + 2) & mask) {
      const slot = slots[index + 1]! - 1
      if (slot < 0) return -1
      if (slots[index] !== hash) continue
      const offset = slot * SLOT_WORDS + KEY
      let i = 0
      while (i < KEY_WORDS && words[offset + i] === key[i]) i++
      if (i === KEY_WORDS) return slot
    }
  }

  #findByAddress(key: Int32Array): number {
    let index = this.#byAddress
    if (index === undefined) {
      index = this.#byAddress = new TaggedIndex(this.capacity)
      for (let n = 0; n < this.capacity; n++) {
        // Begin at the head, so that the oldest entries mostly come first.
        const slot = (this.#head + n) % this.capacity
        const word = slot * SLOT_WORDS
        if (this.#words[word + DISTANCE] !== 0) {
          this.#pointAddress(index, slot, this.#words.subarray(word + KEY, word + KEY + KEY_WORDS))
        }
      }
    }
    return this.#findAddress(index, key, this.#hashAddress(key, 0))
  }

  #findAddress({ slots, mask }: TaggedIndex, key: Int32Array, hash: number): number {
    const words = this.#words
    for (let index = (hash << 1) & mask; ; index = (index + 2) & mask) {
      const slot = slots[index + 1]! - 1
      if (slot < 0) return -1
      if (slots[index] !== hash) continue
      const offset = slot * SLOT_WORDS + KEY
      let i = 2
      while (i < 6 && words[offset + i] === key[i]) i++
      if (i === 6 && words[offset] === key[0]) return slot
    }
  }

  #pointAddress(index: TaggedIndex, slot: number, key: Int32Array): void {
    const hash = this.#hashAddress(key, 0)
    const known = this.#findAddress(index, key, hash)
    if (known >= 0) {
      const doubles = this.#doubles
      if (doubles[slot * SLOT_DOUBLES + FIRST]! < doubles[known * SLOT_DOUBLES + FIRST]!) return
      index.remove(hash, known)
    }
    index.insert(hash, slot)
  }

  /** Hashes only the words that can differ; for IPv4 those are 4 of 10. */
  #hash(key: Int32Array): number {
    const multipliers = this.#multipliers
    let hash = Math.imul(key[0]!, multipliers[0]!)
    hash = Math.imul(hash ^ (hash >>> 15) ^ key[1]!, multipliers[1]!)
    hash = Math.imul(hash ^ (hash >>> 15) ^ key[2]!, multipliers[2]!)
    hash = Math.imul(hash ^ (hash >>> 15) ^ key[6]!, multipliers[6]!)
    if (key[0] !== FAMILY_IPV4) {
      for (let i = 3; i < 6; i++) hash = Math.imul(hash ^ (hash >>> 15) ^ key[i]!, multipliers[i]!)
      for (let i = 7; i < 10; i++) hash = Math.imul(hash ^ (hash >>> 15) ^ key[i]!, multipliers[i]!)
    }
    return hash ^ (hash >>> 15)
  }

  /** Hash of the family and client address of the key that begins at `offset`. */
  #hashAddress(words: Int32Array, offset: number): number {
    const multipliers = this.#multipliers
    let hash = Math.imul(words[offset]!, multipliers[0]!)
    for (let i = 2; i < 6; i++) {
      hash = Math.imul(hash ^ words[offset + i]!, multipliers[i]!)
      hash ^= hash >>> 15
    }
    return hash
  }
}

/** Connection.key as big-endian words; a v4-mapped client or server is IPv4. */
export function readKey(key: DataView, words: Int32Array): void {
  for (let i = 0; i < KEY_WORDS; i++) words[i] = key.getInt32(i * 4)
  if (words[0] === FAMILY_IPV6 && words[2] === 0 && words[3] === 0 && words[4] === 0xffff) {
    words[0] = FAMILY_IPV4
    words[2] = words[5]!
    words[6] = words[9]!
    words[3] = words[4] = words[5] = words[7] = words[8] = words[9] = 0
  }
}

function clearServer(key: Int32Array): void {
  key[1] = key[1]! & ~0xffff
  key[6] = key[7] = key[8] = key[9] = 0
}
