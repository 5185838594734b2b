/**
 * Reads packets from the ring of a handle, one at a time: `next` copies the first bytes of the packet to `at` in `bytes`, where they
 * are valid until the next call, as libpcap's own memory is. `at` aligns the IP header behind an Ethernet header to 4 bytes, so that
 * it can be copied by words.
 *
 * It uses pcap_next_ex + memcpy: 130 ns per packet of 74 bytes (Bun 1.4.5). Reading with read.u8 takes 1000 ns, toArrayBuffer per
 * packet 350, dispatch with a JSCallback 160 without a copy.
 */
import type { Handle } from "./handle.ts"
import { PKTHDR_BYTES, type Libpcap } from "./libpcap.ts"

/** 2 + 14 = 16 bytes, with a VLAN tag 20. Behind cooked and raw link headers the IP header is unaligned: its copy costs 40 ns more. */
const ALIGN_ETHERNET = 2
const TWO_32 = 4294967296

export class Ring {
  readonly bytes: Uint8Array
  /** `bytes` as words; their content is big-endian. */
  readonly words: Int32Array
  /** Offset of the link header in `bytes`. */
  readonly at: number = ALIGN_ETHERNET
  captured = 0
  wire = 0
  sec = 0
  usec = 0

  readonly #c: Libpcap
  readonly #snaplen: number
  readonly #packet: Uint8Array
  readonly #header = new Uint32Array(new ArrayBuffer(PKTHDR_BYTES))
  readonly #headerAt = new Uint32Array(new ArrayBuffer(8))
  readonly #dataAt = new Uint32Array(new ArrayBuffer(8))

  constructor(c: Libpcap, snaplen: number) {
    this.#c = c
    this.#snaplen = snaplen
    const memory = new ArrayBuffer((snaplen + ALIGN_ETHERNET + 3) & ~3)
    this.bytes = new Uint8Array(memory)
    this.words = new Int32Array(memory)
    this.#packet = new Uint8Array(memory, ALIGN_ETHERNET)
  }

  /** Returns 1 for a packet, 0 if none waits, and a negative PCAP_ERROR_* if the handle is lost. */
  next(handle: Handle): number {
    const result = this.#c.pcap_next_ex(handle.pcap, this.#headerAt, this.#dataAt)
    if (result !== 1) return result
    const header = this.#header
    this.#c.memcpy(header, address(this.#headerAt), PKTHDR_BYTES as never)
    // Seconds in 32 bits: enough until 2106.
    this.sec = header[0]!
    this.usec = header[2]!
    const captured = header[4]! < this.#snaplen ? header[4]! : this.#snaplen
    this.captured = captured
    this.wire = header[5]!
    this.#c.memcpy(this.#packet, address(this.#dataAt), captured as never)
    return 1
  }
}

/** A pointer that libpcap wrote; user space addresses are below 2^47, so a number holds them. */
function address(words: Uint32Array): never {
  return (words[1]! * TWO_32 + words[0]!) as never
}
