/**
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng; libpcap sf-pcapng.c).
 *
 *  block      type 4 | length 4 | body | length 4                      all in the section's byte order
 *  section    0a0d0d0a: byte-order magic 4 | major 2 | minor 2 | section length 8 | options
 *  interface  1: link type 2 | 0 2 | snaplen 4 | options (9 if_tsresol, 14 if_tsoffset)
 *  packet     6: interface 4 | time high 4 | low 4 | captured 4 | wire 4 | bytes, padded | options
 *             2 (obsolete): interface 2 | drops 2 | as 6;   3 (simple): wire 4 | bytes, padded: no time, interface 0
 *
 * Other blocks are skipped unread, whatever their length. A new section begins without interfaces.
 */
import { CapturedFrame } from "./captured-frame.ts"
import { MAX_PACKET_BYTES } from "./record-reader.ts"
import type { CaptureReaderOptions, PacketSink, RecordReader } from "./record-reader.ts"
import { makeClock } from "./pcapng-clock.ts"
import type { Clock } from "./pcapng-clock.ts"

const BLOCK_SECTION = 0x0a0d0d0a
const BLOCK_INTERFACE = 1
const BLOCK_PACKET = 2
const BLOCK_SIMPLE = 3
const BLOCK_ENHANCED = 6
const BYTE_ORDER_MAGIC = 0x1a2b3c4d

const OPTION_END = 0
const OPTION_TSRESOL = 9
const OPTION_TSOFFSET = 14

/** Type, length, and what follows them in a packet block up to its bytes. */
const HEAD_BYTES = 8
const SECTION_BYTES = 28
const PACKET_HEAD_BYTES = 28
const SIMPLE_HEAD_BYTES = 12
/** Longest interface description that is believed (options are short texts), and most interfaces of a section. */
const MAX_INTERFACE_BYTES = 65536
const MAX_INTERFACES = 65536

interface Interface {
  readonly linkType: number
  readonly snaplen: number
  readonly clock: Clock
}

export class PcapngBlocks implements RecordReader {
  wanted = SECTION_BYTES
  skip = 0
  corrupt: string | undefined = undefined
  readonly #sink: PacketSink
  readonly #frame = new CapturedFrame()
  readonly #asLibpcap: boolean
  #first: Interface | undefined = undefined
  #isBigEndian = false
  #interfaces: Array<Interface> = []

  constructor(sink: PacketSink, options: CaptureReaderOptions) {
    this.#sink = sink
    this.#asLibpcap = options.asLibpcap === true
  }

  static recognize(head: Uint8Array, sink: PacketSink, options: CaptureReaderOptions): PcapngBlocks | undefined {
    return u32(head, 0, true) === BLOCK_SECTION ? new PcapngBlocks(sink, options) : undefined
  }

  read(bytes: Uint8Array, from: number, to: number): number {
    let at = from
    while (this.corrupt === undefined) {
      if (to - at < HEAD_BYTES) return this.#want(HEAD_BYTES, at)
      const type = u32(bytes, at, this.#isBigEndian)
      if (type === BLOCK_SECTION) {
        if (to - at < 12) return this.#want(12, at)
        if (!this.#readByteOrder(bytes, at)) return at
      }
      const isBigEndian = this.#isBigEndian
      const length = u32(bytes, at + 4, isBigEndian)
      if (length < 12 || (length & 3) !== 0) {
        this.corrupt = `a pcapng block of type 0x${type.toString(16)} claims a length of ${length}`
        return at
      }
      let needed = HEAD_BYTES
      if (type === BLOCK_ENHANCED || type === BLOCK_PACKET || type === BLOCK_SIMPLE) {
        const headBytes = type === BLOCK_SIMPLE ? SIMPLE_HEAD_BYTES : PACKET_HEAD_BYTES
        if (length < headBytes + 4) {
          this.corrupt = `a pcapng packet block claims a length of ${length}`
          return at
        }
        if (to - at < headBytes) return this.#want(headBytes, at)
        const id = type === BLOCK_ENHANCED ? u32(bytes, at + 8, isBigEndian) : this.#shortId(bytes, at, type)
        const on = this.#interfaces[id]
        if (on === undefined) {
          this.corrupt = `a pcapng packet names interface ${id}, of ${this.#interfaces.length} described`
          return at
        }
        let captured: number
        let wire: number
        if (type === BLOCK_SIMPLE) {
          wire = u32(bytes, at + 8, isBigEndian)
          captured = Math.min(wire, on.snaplen, length - headBytes - 4)
        } else {
          captured = u32(bytes, at + 20, isBigEndian)
          wire = u32(bytes, at + 24, isBigEndian)
        }
        if (captured > MAX_PACKET_BYTES || captured > length - headBytes - 4) {
          this.corrupt = `a pcapng packet claims ${captured} captured bytes in a block of ${length}`
          return at
        }
        needed = headBytes + captured
        if (to - at < needed) return this.#want(needed, at)
        const frame = this.#frame
        frame.bytes = bytes
        frame.at = at + headBytes
        frame.captured = captured
        frame.wire = wire
        frame.linkType = on.linkType
        if (type === BLOCK_SIMPLE) {
          frame.sec = 0
          frame.usec = 0
        } else {
          const clock = on.clock
          clock.set(u32(bytes, at + 12, isBigEndian), u32(bytes, at + 16, isBigEndian))
          frame.sec = clock.sec
          frame.usec = clock.usec
        }
        this.#sink(frame)
      } else if (type === BLOCK_SECTION) {
        needed = SECTION_BYTES
        if (length < needed) {
          this.corrupt = `a pcapng section header claims a length of ${length}`
          return at
        }
        if (to - at < needed) return this.#want(needed, at)
        this.#interfaces = []
      } else if (type === BLOCK_INTERFACE) {
        if (length < 20 || length > MAX_INTERFACE_BYTES) {
          this.corrupt = `a pcapng interface description claims a length of ${length}`
          return at
        }
        needed = length
        if (to - at < needed) return this.#want(needed, at)
        this.#readInterface(bytes, at, length)
        if (this.corrupt !== undefined) return at
      }
      // The rest of the block (padding, options, the second length) is not read.
      if (length > to - at) {
        this.skip = length - needed
        this.wanted = HEAD_BYTES
        return at + needed
      }
      at += length
    }
    return at
  }

  #want(length: number, at: number): number {
    this.wanted = length
    return at
  }

  #shortId(bytes: Uint8Array, at: number, type: number): number {
    if (type === BLOCK_SIMPLE) return 0
    return this.#isBigEndian ? (bytes[at + 8]! << 8) | bytes[at + 9]! : (bytes[at + 9]! << 8) | bytes[at + 8]!
  }

  #readByteOrder(bytes: Uint8Array, at: number): boolean {
    if (u32(bytes, at + 8, true) === BYTE_ORDER_MAGIC) this.#isBigEndian = true
    else if (u32(bytes, at + 8, false) === BYTE_ORDER_MAGIC) this.#isBigEndian = false
    else this.corrupt = "a pcapng section header without byte-order magic"
    return this.corrupt === undefined
  }

  #readInterface(bytes: Uint8Array, at: number, length: number): void {
    const isBigEndian = this.#isBigEndian
    const linkType = isBigEndian ? (bytes[at + 8]! << 8) | bytes[at + 9]! : (bytes[at + 9]! << 8) | bytes[at + 8]!
    let resolution = 6
    let offsetSec = 0
    const end = at + length - 4
    let option = at + 16
    while (end - option >= 4) {
      const head = u32(bytes, option, isBigEndian)
      const code = isBigEndian ? head >>> 16 : head & 0xffff
      const size = isBigEndian ? head & 0xffff : head >>> 16
      if (code === OPTION_END || size > end - option - 4) break
      if (code === OPTION_TSRESOL && size === 1) resolution = bytes[option + 4]!
      if (code === OPTION_TSOFFSET && size === 8) {
        const high = u32(bytes, option + (isBigEndian ? 4 : 8), isBigEndian) | 0
        offsetSec = high * 4294967296 + u32(bytes, option + (isBigEndian ? 8 : 4), isBigEndian)
      }
      option += 4 + ((size + 3) & ~3)
    }
    if (this.#interfaces.length === MAX_INTERFACES) {
      this.corrupt = `more than ${MAX_INTERFACES} interfaces in a section`
      return
    }
    const snaplen = u32(bytes, at + 12, isBigEndian)
    const described: Interface = {
      linkType,
      snaplen: snaplen === 0 || snaplen > MAX_PACKET_BYTES ? MAX_PACKET_BYTES : snaplen,
      clock: makeClock(resolution, offsetSec)
    }
    this.#first ??= described
    if (this.#asLibpcap && (described.linkType !== this.#first.linkType || described.snaplen !== this.#first.snaplen)) {
      this.corrupt = `an interface has another link type or snaplen than the first (${linkType}, ${snaplen})`
      return
    }
    this.#interfaces.push(described)
  }
}

function u32(bytes: Uint8Array, at: number, isBigEndian: boolean): number {
  return isBigEndian
    ? ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    : ((bytes[at + 3]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0
}
