/**
 * Reads every packet that waits in the ring of an interface and puts the SYNs into the store. The kernel's filter passes packets that
 * it cannot judge (IPv6 extension headers), and the ring may hold packets of a filter that was just replaced, so each packet is
 * checked again here.
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
 * Maximum number of packets that one drain reads from one ring. It is more than the default ring holds (16 MiB / 368 bytes), so a
 * lookup sees every packet that waited when it began, and still ends when packets arrive faster than they are read.
 */
const DRAIN_LIMIT = 65536
const TCP_TYPE = TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST

/** A SYN as Linux sends it, in an Ethernet frame. */
const WARM_UP_FRAME = Uint8Array.of(
  ...Uint8Array.fromHex("0200000000010200000000020800"), // Ethernet
  ...syntheticSyn4().bytes
)
/** Offset of the client port in WARM_UP_FRAME. */
const WARM_UP_PORT = 34
const WARM_UP_ROUNDS = 3000

export class SynDrain {
  packets = 0
  truncated = 0
  fragments = 0
  unsupported = 0
  malformed = 0
  /** Packets that are not TCP, no SYN, to another port, or inside a tunnel. */
  other = 0

  readonly #ring: Ring
  readonly #offsets = new HeaderOffsets()
  readonly #facts: SynFacts = { key: new Int32Array(KEY_WORDS), isn: 0, seenAtMs: 0, vlan: -1, interfaceIndex: 0 }
  #store: SynStore
  /** Server ports to keep; undefined: all. */
  #ports: Uint8Array | undefined

  constructor(c: Libpcap, snaplen: number, store: SynStore, filter: CaptureFilter) {
    this.#ring = new Ring(c, snaplen)
    this.#store = store
    this.#ports = portSet(filter)
  }

  /** Switches to another store and another filter. */
  use(store: SynStore, filter: CaptureFilter): void {
    this.#store = store
    this.#ports = portSet(filter)
  }

  /** Reads until the ring is empty or the SYN that the store seeks has arrived; false: the handle is lost. */
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
   * Feeds synthetic SYNs until the JIT has compiled the path from a ring to the store. Call it on a drain whose store is thrown away:
   * uncompiled, the first 50 packets take 3 ms, during which HAProxy waits.
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
    const offsets = this.#offsets
    const verdict = findTcp(bytes, ring.at, ring.captured, ring.wire, handle.linkType, offsets)
    if (verdict !== VERDICT_TCP) {
      if (verdict === VERDICT_TRUNCATED) this.truncated++
      else if (verdict === VERDICT_FRAGMENT) this.fragments++
      else if (verdict === VERDICT_UNSUPPORTED) this.unsupported++
      else if (verdict === VERDICT_MALFORMED) this.malformed++
      else this.other++
      return
    }
    // No stack answers a SYN that has FIN or RST set. A SYN inside a tunnel is not addressed to this machine: anyone can forge the
    // outer header.
    if (
      (offsets.flags & TCP_TYPE) !== TCP_SYN ||
      offsets.tunnelled ||
      (this.#ports !== undefined && this.#ports[offsets.dport] === 0)
    ) {
      this.other++
      return
    }
    const facts = this.#facts
    const key = facts.key
    key[0] = offsets.ver === 4 ? FAMILY_IPV4 : FAMILY_IPV6
    key[1] = (offsets.sport << 16) | offsets.dport
    key[2] = offsets.src0
    key[3] = offsets.src1
    key[4] = offsets.src2
    key[5] = offsets.src3
    key[6] = offsets.dst0
    key[7] = offsets.dst1
    key[8] = offsets.dst2
    key[9] = offsets.dst3
    facts.isn = offsets.seq
    facts.seenAtMs = ring.sec * 1000 + ring.usec / 1000
    facts.vlan = offsets.vlan
    facts.interfaceIndex = offsets.interfaceIndex === 0 ? handle.interfaceIndex : offsets.interfaceIndex
    this.#store.add(facts, bytes, ring.words, offsets.ip, offsets.tcp, offsets.doff)
  }
}

function portSet(filter: CaptureFilter): Uint8Array | undefined {
  if (filter.key === "client" || filter.ports.length === 0) return undefined
  const set = new Uint8Array(65536)
  for (const port of filter.ports) set[port] = 1
  return set
}
