/**
 * Records of a pcap file (draft-ietf-opsawg-pcap; libpcap sf-pcap.c).
 *
 *  file    magic 4 | major 2 | minor 2 | zone 4 | sigfigs 4 | snaplen 4 | FCS, link type 4
 *  record  seconds 4 | micro- or nanoseconds 4 | captured 4 | wire 4 [ifindex 4 | protocol 2 | type 1 | pad 1] | bytes
 *
 * All fields are in the writer's byte order, which the magic shows. Like libpcap, a record longer than the file's snaplen is cut to it, and
 * files before version 2.3 have the two lengths swapped.
 */
import { CapturedFrame } from "./captured-frame.ts"
import { MAX_PACKET_BYTES } from "./record-reader.ts"
import type { PacketSink, RecordReader } from "./record-reader.ts"

const MAGIC = 0xa1b2c3d4
const MAGIC_NANOSECONDS = 0xa1b23c4d
/** Kuznetzov's patch in early Linux distributions. */
const MAGIC_MODIFIED = 0xa1b2cd34

const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const MODIFIED_RECORD_HEADER_BYTES = 24

/** Bits of the link type field above the type: FCS length. */
const LINKTYPE_MASK = 0x03ffffff

export class PcapRecords implements RecordReader {
  wanted = FILE_HEADER_BYTES
  skip = 0
  corrupt: string | undefined = undefined
  readonly #sink: PacketSink
  readonly #frame = new CapturedFrame()
  readonly #isBigEndian: boolean
  readonly #recordHeaderBytes: number
  readonly #isNanoseconds: boolean
  #headerRead = false
  #linkType = 0
  #snaplen = MAX_PACKET_BYTES
  /** 0: captured, wire; 1: by size (version 2.3); 2: wire, captured. */
  #lengthOrder = 0

  constructor(sink: PacketSink, magic: number, isBigEndian: boolean) {
    this.#sink = sink
    this.#isBigEndian = isBigEndian
    this.#isNanoseconds = magic === MAGIC_NANOSECONDS
    this.#recordHeaderBytes = magic === MAGIC_MODIFIED ? MODIFIED_RECORD_HEADER_BYTES : RECORD_HEADER_BYTES
  }

  static recognize(head: Uint8Array, sink: PacketSink): PcapRecords | undefined {
    const big = u32(head, 0, true)
    if (isMagic(big)) return new PcapRecords(sink, big, true)
    const little = u32(head, 0, false)
    return isMagic(little) ? new PcapRecords(sink, little, false) : undefined
  }

  read(bytes: Uint8Array, from: number, to: number): number {
    let at = from
    if (!this.#headerRead) {
      if (to - at < FILE_HEADER_BYTES) return at
      this.#readHeader(bytes, at)
      if (this.corrupt !== undefined) return at
      at += FILE_HEADER_BYTES
    }
    const sink = this.#sink
    const frame = this.#frame
    frame.bytes = bytes
    frame.linkType = this.#linkType
    const headerBytes = this.#recordHeaderBytes
    const isBigEndian = this.#isBigEndian
    const isNanoseconds = this.#isNanoseconds
    const snaplen = this.#snaplen
    const lengthOrder = this.#lengthOrder
    for (;;) {
      if (to - at < headerBytes) {
        this.wanted = headerBytes
        return at
      }
      let captured: number
      let wire: number
      let sec: number
      let fraction: number
      if (isBigEndian) {
        sec = u32(bytes, at, true)
        fraction = u32(bytes, at + 4, true)
        captured = u32(bytes, at + 8, true)
        wire = u32(bytes, at + 12, true)
      } else {
        sec = u32(bytes, at, false)
        // Signed, as libpcap has it for a file in the byte order of its machine; larger than a second only in a broken file.
        fraction = u32(bytes, at + 4, false) | 0
        captured = u32(bytes, at + 8, false)
        wire = u32(bytes, at + 12, false)
      }
      if (lengthOrder !== 0 && (lengthOrder === 2 || captured > wire)) {
        const other = captured
        captured = wire
        wire = other
      }
      if (captured > MAX_PACKET_BYTES) {
        this.corrupt = `a packet claims ${captured} captured bytes, more than ${MAX_PACKET_BYTES}`
        return at
      }
      const end = at + headerBytes + captured
      if (end > to) {
        this.wanted = headerBytes + captured
        return at
      }
      frame.at = at + headerBytes
      frame.captured = captured > snaplen ? snaplen : captured
      frame.wire = wire
      frame.sec = sec
      frame.usec = isNanoseconds ? (fraction / 1000) | 0 : fraction
      sink(frame)
      at = end
    }
  }

  #readHeader(bytes: Uint8Array, at: number): void {
    const order = this.#isBigEndian
    const major = u16(bytes, at + 4, order)
    const minor = u16(bytes, at + 6, order)
    if (major !== 2) {
      this.corrupt = `pcap version ${major}.${minor}, only 2.x can be read`
      return
    }
    this.#lengthOrder = minor < 3 ? 2 : minor === 3 ? 1 : 0
    const snaplen = u32(bytes, at + 16, order)
    this.#snaplen = snaplen === 0 || snaplen > 0x7fffffff ? MAX_PACKET_BYTES : snaplen
    this.#linkType = u32(bytes, at + 20, order) & LINKTYPE_MASK
    this.#headerRead = true
  }
}

function isMagic(value: number): boolean {
  return value === MAGIC || value === MAGIC_NANOSECONDS || value === MAGIC_MODIFIED
}

function u16(bytes: Uint8Array, at: number, isBigEndian: boolean): number {
  return isBigEndian ? (bytes[at]! << 8) | bytes[at + 1]! : (bytes[at + 1]! << 8) | bytes[at]!
}

function u32(bytes: Uint8Array, at: number, isBigEndian: boolean): number {
  return isBigEndian
    ? ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    : ((bytes[at + 3]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0
}
