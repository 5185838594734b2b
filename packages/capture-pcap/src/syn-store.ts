/**
 * The last SYNs by connection: a fixed slab, oldest replaced first, no object, string or timer per entry.
 *
 * Slots are taken round the slab, so the slot at the head is always the oldest. One slot holds the headers only:
 *
 *  0                                   ipCaptured        ipCaptured + tcpCaptured   256
 *  +-----------------------------------+-----------------+--------------------------+
 *  | IP header with extension headers  | TCP header      | not used                 |
 *  +-----------------------------------+-----------------+--------------------------+
 *
 * The rules of a key that is known already: an equal ISN is a retransmission when it comes again on the same interface, and a
 * second copy of the same packet when it comes on another one or within COPY_MS; the first SYN stays in both cases. Another ISN
 * is a new connection and replaces the entry, unless it is older (interfaces are drained one after the other).
 */
import type { Miss, RawSyn } from "@synprint/core/runtime"
import { SlotIndex } from "./slot-index.ts"

/** IP 40 + extension headers up to 156 + TCP 60. */
export const SLOT_BYTES = 256
const TCP_BYTES_MAX = 60
const IP_BYTES_MAX = SLOT_BYTES - TCP_BYTES_MAX
/** Words of Connection.key: family, ports, 4 of the client's address, 4 of the server's. */
export const KEY_WORDS = 10
/** No stack sends a SYN again sooner: the initial timeout is 1 s (RFC 6298 §2), the shortest in use 200 ms. */
const COPY_MS = 100

/** What the store is told of a SYN; reused by the drain. */
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
  /** Entries given up while younger than max_age: the store is too small for the rate. */
  evictions = 0
  /** Age of the entry that was given up last: how long a SYN stays at the present rate. 0 = the slab was never full. */
  retentionMs = 0
  entries = 0

  readonly #maxAgeMs: number
  readonly #clientOnly: boolean
  readonly #bytes: Uint8Array
  readonly #keys: Int32Array
  readonly #hashes: Int32Array
  readonly #addressHashes: Int32Array
  readonly #isns: Int32Array
  readonly #firstMs: Float64Array
  readonly #lastMs: Float64Array
  readonly #retransmits: Uint16Array
  readonly #vlans: Int16Array
  readonly #interfaces: Int32Array
  readonly #ipCaptured: Uint16Array
  readonly #tcpCaptured: Uint16Array
  readonly #tcpDistance: Uint16Array
  readonly #inUse: Uint8Array
  readonly #byKey: SlotIndex
  /** Client address -> its newest slot. */
  readonly #byAddress: SlotIndex
  /** Secret odd multipliers: who sends SYNs must not be able to choose the hash. */
  readonly #multipliers: Int32Array
  readonly #asked = new Int32Array(KEY_WORDS)
  #head = 0

  constructor(capacity: number, maxAgeMs: number, key: "connection" | "client") {
    this.capacity = capacity
    this.#maxAgeMs = maxAgeMs
    this.#clientOnly = key === "client"
    this.#bytes = new Uint8Array(capacity * SLOT_BYTES)
    this.#keys = new Int32Array(capacity * KEY_WORDS)
    this.#hashes = new Int32Array(capacity)
    this.#addressHashes = new Int32Array(capacity)
    this.#isns = new Int32Array(capacity)
    this.#firstMs = new Float64Array(capacity)
    this.#lastMs = new Float64Array(capacity)
    this.#retransmits = new Uint16Array(capacity)
    this.#vlans = new Int16Array(capacity)
    this.#interfaces = new Int32Array(capacity)
    this.#ipCaptured = new Uint16Array(capacity)
    this.#tcpCaptured = new Uint16Array(capacity)
    this.#tcpDistance = new Uint16Array(capacity)
    this.#inUse = new Uint8Array(capacity)
    this.#byKey = new SlotIndex(this.#hashes)
    this.#byAddress = new SlotIndex(this.#addressHashes)
    this.#multipliers = crypto.getRandomValues(new Int32Array(KEY_WORDS)).map((word) => word | 1)
  }

  /** Takes a SYN: its IP header at `ip`, its TCP header of `tcpLength` bytes at `tcp`, both whole in `packet`. */
  add(facts: SynFacts, packet: Uint8Array, ip: number, tcp: number, tcpLength: number): void {
    const key = facts.key
    if (this.#clientOnly) clearServer(key)
    const hash = this.#hash(key)
    const known = this.#find(key, hash)
    if (known >= 0) {
      if (this.#isns[known] === facts.isn) {
        this.#seenAgain(known, facts)
        return
      }
      if (facts.seenAtMs < this.#firstMs[known]!) {
        this.copies++
        return
      }
      this.replaced++
      this.#release(known)
    } else {
      this.added++
    }
    const slot = this.#take(facts.seenAtMs)
    const at = slot * SLOT_BYTES
    const distance = tcp - ip
    const ipBytes = distance < IP_BYTES_MAX ? distance : IP_BYTES_MAX
    const bytes = this.#bytes
    // A loop, not `set(subarray)`: two views per packet cost more than 80 bytes.
    for (let i = 0; i < ipBytes; i++) bytes[at + i] = packet[ip + i]!
    for (let i = 0; i < tcpLength; i++) bytes[at + ipBytes + i] = packet[tcp + i]!
    for (let i = 0; i < KEY_WORDS; i++) this.#keys[slot * KEY_WORDS + i] = key[i]!
    this.#hashes[slot] = hash
    this.#isns[slot] = facts.isn
    this.#firstMs[slot] = facts.seenAtMs
    this.#lastMs[slot] = facts.seenAtMs
    this.#retransmits[slot] = 0
    this.#vlans[slot] = facts.vlan
    this.#interfaces[slot] = facts.interfaceIndex
    this.#ipCaptured[slot] = ipBytes
    this.#tcpCaptured[slot] = tcpLength
    this.#tcpDistance[slot] = distance
    this.#inUse[slot] = 1
    this.entries++
    this.#byKey.add(slot)
    this.#pointAddress(slot, key)
  }

  /** The SYN of a connection; a client port of 0 asks for the newest one of the client's address. */
  lookup(connectionKey: Uint8Array, nowMs: number, into: RawSyn): "hit" | Miss {
    const key = this.#asked
    readKey(connectionKey, key)
    if (this.#clientOnly) clearServer(key)
    const slot =
      key[1]! >>> 16 === 0 ? this.#findAddress(key, this.#hashAddress(key)) : this.#find(key, this.#hash(key))
    if (slot < 0) return "not_captured"
    if (nowMs - this.#lastMs[slot]! > this.#maxAgeMs) return "stale"
    const ipCaptured = this.#ipCaptured[slot]!
    const tcpCaptured = this.#tcpCaptured[slot]!
    const at = slot * SLOT_BYTES
    const bytes = into.bytes
    const from = this.#bytes
    for (let i = 0, end = ipCaptured + tcpCaptured; i < end; i++) bytes[i] = from[at + i]!
    into.ip = 0
    into.ipCaptured = ipCaptured
    into.tcp = ipCaptured
    into.tcpCaptured = tcpCaptured
    into.tcpDistance = this.#tcpDistance[slot]!
    into.seenAtMs = this.#firstMs[slot]!
    into.retransmits = this.#retransmits[slot]!
    into.vlan = this.#vlans[slot]!
    into.interfaceIndex = this.#interfaces[slot]!
    return "hit"
  }

  #seenAgain(slot: number, facts: SynFacts): void {
    if (facts.interfaceIndex !== this.#interfaces[slot] || facts.seenAtMs - this.#lastMs[slot]! < COPY_MS) {
      this.copies++
      return
    }
    this.retransmits++
    if (this.#retransmits[slot]! < 0xffff) this.#retransmits[slot]!++
    this.#lastMs[slot] = facts.seenAtMs
  }

  /** The slot at the head, emptied. */
  #take(nowMs: number): number {
    const slot = this.#head
    this.#head = slot + 1 === this.capacity ? 0 : slot + 1
    if (this.#inUse[slot] === 1) {
      const ageMs = nowMs - this.#firstMs[slot]!
      this.retentionMs = ageMs
      if (ageMs <= this.#maxAgeMs) this.evictions++
      this.#release(slot)
    }
    return slot
  }

  #release(slot: number): void {
    this.#byKey.remove(slot)
    // Nothing is there when a newer SYN of the address has taken the place.
    this.#byAddress.remove(slot)
    this.#inUse[slot] = 0
    this.entries--
  }

  #pointAddress(slot: number, key: Int32Array): void {
    const hash = this.#hashAddress(key)
    const older = this.#findAddress(key, hash)
    if (older >= 0) this.#byAddress.remove(older)
    this.#addressHashes[slot] = hash
    this.#byAddress.add(slot)
  }

  #find(key: Int32Array, hash: number): number {
    const index = this.#byKey
    const keys = this.#keys
    for (let position = index.first(hash); ; position = index.next(position)) {
      const slot = index.slots[position]!
      if (slot < 0) return -1
      if (this.#hashes[slot] !== hash) continue
      let word = 0
      const at = slot * KEY_WORDS
      while (word < KEY_WORDS && keys[at + word] === key[word]) word++
      if (word === KEY_WORDS) return slot
    }
  }

  #findAddress(key: Int32Array, hash: number): number {
    const index = this.#byAddress
    const keys = this.#keys
    for (let position = index.first(hash); ; position = index.next(position)) {
      const slot = index.slots[position]!
      if (slot < 0) return -1
      const at = slot * KEY_WORDS
      if (
        keys[at] === key[0] &&
        keys[at + 2] === key[2] &&
        keys[at + 3] === key[3] &&
        keys[at + 4] === key[4] &&
        keys[at + 5] === key[5]
      ) {
        return slot
      }
    }
  }

  #hash(key: Int32Array): number {
    const multipliers = this.#multipliers
    let hash = 0
    for (let i = 0; i < KEY_WORDS; i++) {
      hash = Math.imul(hash ^ key[i]!, multipliers[i]!)
      hash ^= hash >>> 15
    }
    return hash
  }

  #hashAddress(key: Int32Array): number {
    const multipliers = this.#multipliers
    let hash = Math.imul(key[0]!, multipliers[0]!)
    for (let i = 2; i < 6; i++) {
      hash = Math.imul(hash ^ key[i]!, multipliers[i]!)
      hash ^= hash >>> 15
    }
    return hash
  }
}

/** Connection.key as big-endian words; a v4-mapped client or server is IPv4. */
export function readKey(bytes: Uint8Array, words: Int32Array): void {
  for (let i = 0; i < KEY_WORDS; i++) {
    const at = i * 4
    words[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }
  if (words[0] === FAMILY_IPV6 && words[2] === 0 && words[3] === 0 && words[4] === 0xffff) {
    words[0] = FAMILY_IPV4
    words[2] = words[5]!
    words[6] = words[9]!
    words[3] = words[4] = words[5] = words[7] = words[8] = words[9] = 0
  }
}

/** First word of a key: the family and three zero bytes. */
export const FAMILY_IPV4: number = 4 << 24
export const FAMILY_IPV6: number = 6 << 24

function clearServer(key: Int32Array): void {
  key[1] = key[1]! & ~0xffff
  key[6] = key[7] = key[8] = key[9] = 0
}
