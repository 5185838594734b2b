/**
 * Writers of pcap and pcapng bytes, in every byte order and time resolution that the reader knows (draft-ietf-opsawg-pcap,
 * draft-ietf-opsawg-pcapng).
 */
import { concat } from "./packets.ts"

export interface CapturePacket {
  readonly bytes: Uint8Array
  /** Length on the wire, that of `bytes` by default. */
  readonly wire?: number
  readonly sec: number
  /** Nanoseconds; a capture with microseconds keeps the thousands. */
  readonly nsec?: number
  /** Index into `interfaces` (pcapng). */
  readonly interface?: number
}

export interface PcapOptions {
  readonly linkType?: number
  readonly bigEndian?: boolean
  readonly nanoseconds?: boolean
  readonly snaplen?: number
  /** Kuznetzov's format of early Linux: 24-byte record headers, magic a1b2cd34. */
  readonly modified?: boolean
  /** 2.4 by default; before 2.3 the two lengths of a record are swapped. */
  readonly minor?: number
}

export function pcapHeader(options: PcapOptions = {}): Uint8Array {
  const bytes = new Uint8Array(24)
  const view = new DataView(bytes.buffer)
  const little = !options.bigEndian
  view.setUint32(0, options.modified ? 0xa1b2cd34 : options.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, little)
  view.setUint16(4, 2, little)
  view.setUint16(6, options.minor ?? 4, little)
  view.setUint32(16, options.snaplen ?? 262144, little)
  view.setUint32(20, options.linkType ?? 1, little)
  return bytes
}

export function pcapRecord(packet: CapturePacket, options: PcapOptions = {}): Uint8Array {
  const headerBytes = options.modified ? 24 : 16
  const bytes = new Uint8Array(headerBytes + packet.bytes.length)
  const view = new DataView(bytes.buffer)
  const little = !options.bigEndian
  const nsec = packet.nsec ?? 0
  const isSwapped = (options.minor ?? 4) < 3
  view.setUint32(0, packet.sec, little)
  view.setUint32(4, options.nanoseconds ? nsec : Math.floor(nsec / 1000), little)
  view.setUint32(isSwapped ? 12 : 8, packet.bytes.length, little)
  view.setUint32(isSwapped ? 8 : 12, packet.wire ?? packet.bytes.length, little)
  bytes.set(packet.bytes, headerBytes)
  return bytes
}

/** A whole pcap file. */
export function writePcap(packets: ReadonlyArray<CapturePacket>, options: PcapOptions = {}): Uint8Array {
  return concat(pcapHeader(options), ...packets.map((packet) => pcapRecord(packet, options)))
}

export interface PcapngInterface {
  readonly linkType?: number
  readonly snaplen?: number
  /** if_tsresol byte: 6 (default), 9, ..., or 0x80 | n for 2^-n. */
  readonly resolution?: number
  /** if_tsoffset in seconds. */
  readonly offsetSec?: number
}

export interface PcapngOptions {
  readonly bigEndian?: boolean
  readonly interfaces?: ReadonlyArray<PcapngInterface>
  /** Enhanced (default) or simple packet blocks; simple ones have no time and belong to interface 0. */
  readonly block?: "enhanced" | "simple" | "obsolete"
  /** Add a comment to each packet and blocks that a reader must skip. */
  readonly noise?: boolean
}

/** One section: header, interfaces, packets. Sections are joined by concatenation. */
export function writePcapng(packets: ReadonlyArray<CapturePacket>, options: PcapngOptions = {}): Uint8Array {
  const little = !options.bigEndian
  const interfaces = options.interfaces ?? [{}]
  const parts: Array<Uint8Array> = [sectionHeader(little)]
  for (const one of interfaces) parts.push(interfaceBlock(one, little))
  if (options.noise) parts.push(block(0x0bad, new Uint8Array(40), little))
  for (const packet of packets) {
    parts.push(packetBlock(packet, interfaces[packet.interface ?? 0] ?? {}, options, little))
    if (options.noise) parts.push(block(5, new Uint8Array(12), little))
  }
  return concat(...parts)
}

function block(type: number, body: Uint8Array, little: boolean): Uint8Array {
  const padded = Math.ceil(body.length / 4) * 4
  const bytes = new Uint8Array(12 + padded)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, type, little)
  view.setUint32(4, bytes.length, little)
  bytes.set(body, 8)
  view.setUint32(8 + padded, bytes.length, little)
  return bytes
}

function sectionHeader(little: boolean): Uint8Array {
  const body = new Uint8Array(16)
  const view = new DataView(body.buffer)
  view.setUint32(0, 0x1a2b3c4d, little)
  view.setUint16(4, 1, little)
  body.fill(255, 8)
  return block(0x0a0d0d0a, body, little)
}

function interfaceBlock(one: PcapngInterface, little: boolean): Uint8Array {
  const body = new Uint8Array(8 + 8 + 12 + 4)
  const view = new DataView(body.buffer)
  view.setUint16(0, one.linkType ?? 1, little)
  view.setUint32(4, one.snaplen ?? 0, little)
  let at = 8
  if (one.resolution !== undefined) {
    view.setUint16(at, 9, little)
    view.setUint16(at + 2, 1, little)
    body[at + 4] = one.resolution
    at += 8
  }
  if (one.offsetSec !== undefined) {
    view.setUint16(at, 14, little)
    view.setUint16(at + 2, 8, little)
    view.setBigInt64(at + 4, BigInt(one.offsetSec), little)
    at += 12
  }
  return block(1, body.subarray(0, at + 4), little)
}

function packetBlock(packet: CapturePacket, on: PcapngInterface, options: PcapngOptions, little: boolean): Uint8Array {
  const length = packet.bytes.length
  const wire = packet.wire ?? length
  if (options.block === "simple") {
    const body = new Uint8Array(4 + length)
    new DataView(body.buffer).setUint32(0, wire, little)
    body.set(packet.bytes, 4)
    return block(3, body, little)
  }
  const padded = Math.ceil(length / 4) * 4
  const body = new Uint8Array(20 + padded + (options.noise ? 12 : 0))
  const view = new DataView(body.buffer)
  const isObsolete = options.block === "obsolete"
  if (isObsolete) view.setUint16(0, packet.interface ?? 0, little)
  else view.setUint32(0, packet.interface ?? 0, little)
  const resolution = on.resolution ?? 6
  const unit = resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution)
  const nsec = BigInt(packet.sec - (on.offsetSec ?? 0)) * 1_000_000_000n + BigInt(packet.nsec ?? 0)
  // Binary resolutions are rounded up, so that those finer than a microsecond give the same microsecond back.
  const ticks = (nsec * unit + (resolution & 0x80 ? 999_999_999n : 0n)) / 1_000_000_000n
  view.setUint32(4, Number((ticks >> 32n) & 0xffffffffn), little)
  view.setUint32(8, Number(ticks & 0xffffffffn), little)
  view.setUint32(12, length, little)
  view.setUint32(16, wire, little)
  body.set(packet.bytes, 20)
  if (options.noise) {
    view.setUint16(20 + padded, 1, little)
    view.setUint16(20 + padded + 2, 4, little)
    body.set(new TextEncoder().encode("note"), 20 + padded + 4)
  }
  return block(isObsolete ? 2 : 6, body, little)
}
