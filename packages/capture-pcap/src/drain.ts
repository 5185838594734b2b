/**
 * Takes every packet that waits in the ring of an interface and puts the SYNs into the store. The kernel's filter passes what it
 * cannot judge (IPv6 extension headers), and the ring may hold packets of a filter just replaced, so each one is judged again.
 */
import {
  LINKTYPE_ETHERNET,
  HeaderOffsets,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  VERDICT_FRAGMENT,
  VERDICT_MALFORMED,
  VERDICT_TCP,
  VERDICT_TRUNCATED,
  VERDICT_UNSUPPORTED,
  findTcp
} from "@synprint/core"
import { type CaptureFilter, syntheticSyn4 } from "@synprint/service"
import type { Handle } from "./handle.ts"
import type { Libpcap } from "./libpcap.ts"
import { Ring } from "./ring.ts"
import { FAMILY_IPV4, FAMILY_IPV6, KEY_WORDS, type SynFacts, type SynStore } from "./syn-store.ts"

/**
 * Packets of one ring in one go. More than the default ring holds (16 MiB / 368 bytes), so a lookup sees all that waited when it
 * began, and still ends when packets come faster than they are taken.
 */
const DRAIN_LIMIT = 65536
const TCP_TYPE = TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST

/** A SYN of Linux in an Ethernet frame. */
const WARM_UP_FRAME = Uint8Array.of(
  ...Uint8Array.fromHex("0200000000010200000000020800"), // Ethernet
  ...syntheticSyn4().bytes
)
/** Of the client's port in it. */
const WARM_UP_PORT = 34
const WARM_UP_ROUNDS = 3000

export class SynDrain {
  packets = 0
  truncated = 0
  fragments = 0
  unsupported = 0
  malformed = 0
  /** No TCP, no SYN, another port, inside a tunnel. */
  other = 0

  readonly #ring: Ring
  readonly #located = new HeaderOffsets()
  readonly #facts: SynFacts = { key: new Int32Array(KEY_WORDS), isn: 0, seenAtMs: 0, vlan: -1, interfaceIndex: 0 }
  #store: SynStore
  /** undefined: all. */
  #ports: Uint8Array | undefined

  constructor(c: Libpcap, snaplen: number, store: SynStore, filter: CaptureFilter) {
    this.#ring = new Ring(c, snaplen)
    this.#store = store
    this.#ports = portSet(filter)
  }

  /** Takes another store and another filter from now on. */
  use(store: SynStore, filter: CaptureFilter): void {
    this.#store = store
    this.#ports = portSet(filter)
  }

  /** Until the ring is empty, or the SYN that the store is asked for has come; false: the handle is lost. */
  drain(handle: Handle): boolean {
    const ring = this.#ring
    const store = this.#store
    for (let count = 0; count < DRAIN_LIMIT; count++) {
      const result = ring.next(handle)
      if (result !== 1) return result === 0
      this.packets++
      this.#judge(ring, handle)
      if (store.hasArrived) return true
    }
    return true
  }

  /**
   * Judges made-up SYNs until the JIT has compiled the way from a ring to the store, for a drain whose store is thrown away: the
   * first 50 packets cost a cold one 3 ms, while HAProxy waits.
   */
  warmUp(): void {
    const ring = this.#ring
    const { bytes, at } = ring
    const handle = { linkType: LINKTYPE_ETHERNET, interfaceIndex: 1 }
    bytes.set(WARM_UP_FRAME, at)
    ring.captured = ring.wire = WARM_UP_FRAME.length
    const port = at + WARM_UP_PORT
    for (let n = 0; n < WARM_UP_ROUNDS; n++) {
      bytes[port] = n >> 8
      bytes[port + 1] = n
      this.#judge(ring, handle)
    }
  }

  #judge(ring: Ring, handle: Pick<Handle, "linkType" | "interfaceIndex">): void {
    const bytes = ring.bytes
    const located = this.#located
    const verdict = findTcp(bytes, ring.at, ring.captured, ring.wire, handle.linkType, located)
    if (verdict !== VERDICT_TCP) {
      if (verdict === VERDICT_TRUNCATED) this.truncated++
      else if (verdict === VERDICT_FRAGMENT) this.fragments++
      else if (verdict === VERDICT_UNSUPPORTED) this.unsupported++
      else if (verdict === VERDICT_MALFORMED) this.malformed++
      else this.other++
      return
    }
    // No stack answers a SYN with FIN or RST. A SYN inside a tunnel is not one that this machine answers as it stands: its outer header may come from anyone.
    if (
      (located.flags & TCP_TYPE) !== TCP_SYN ||
      located.tunnelled ||
      (this.#ports !== undefined && this.#ports[located.dport] === 0)
    ) {
      this.other++
      return
    }
    const facts = this.#facts
    const key = facts.key
    key[0] = located.ver === 4 ? FAMILY_IPV4 : FAMILY_IPV6
    key[1] = (located.sport << 16) | located.dport
    key[2] = located.src0
    key[3] = located.src1
    key[4] = located.src2
    key[5] = located.src3
    key[6] = located.dst0
    key[7] = located.dst1
    key[8] = located.dst2
    key[9] = located.dst3
    facts.isn = located.seq
    facts.seenAtMs = ring.sec * 1000 + ring.usec / 1000
    facts.vlan = located.vlan
    facts.interfaceIndex = located.interfaceIndex === 0 ? handle.interfaceIndex : located.interfaceIndex
    this.#store.add(facts, bytes, ring.words, located.ip, located.tcp, located.doff)
  }
}

function portSet(filter: CaptureFilter): Uint8Array | undefined {
  if (filter.key === "client" || filter.ports.length === 0) return undefined
  const set = new Uint8Array(65536)
  for (const port of filter.ports) set[port] = 1
  return set
}
