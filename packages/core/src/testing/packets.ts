/**
 * Packet builder: TCP over IPv4 or IPv6 from named fields, and the layers around it.
 *
 *   ethernet(vlan(100, tcp({ src: "192.0.2.1", options: "mss=1460,sok,ts=1,nop,ws=7" })))
 *
 * Every builder gives a Layer: its bytes and how the layer around it names it (EtherType, IP protocol number). Checksums are right,
 * so that the frames can be sent on a real interface.
 */
import { parseAddress } from "../address/address.ts"
import { putI32, putU16, u16 } from "../bytes/big-endian.ts"
import { TCP_ACK, TCP_CWR, TCP_ECE, TCP_FIN, TCP_NS, TCP_PUSH, TCP_RST, TCP_SYN, TCP_URG } from "../packet/packet.ts"

export interface Layer {
  readonly bytes: Uint8Array
  readonly etherType: number
  /** IP protocol number under which it travels in IP, -1 when it can't. */
  readonly protocol: number
}

export interface IpFields {
  /** By default what `src` is written as. */
  readonly ver?: 4 | 6
  readonly src?: string
  readonly dst?: string
  readonly ttl?: number
  readonly id?: number
  readonly df?: boolean
  readonly mf?: boolean
  /** The reserved bit: quirk `0+`. */
  readonly mbz?: boolean
  /** In units of 8 bytes. IPv6: adds a fragment header, as `mf` does. */
  readonly fragmentOffset?: number
  /** Whole TOS or traffic class byte: DSCP << 2 | ECN. */
  readonly tos?: number
  readonly flowLabel?: number
  /** IPv4 options, padded to a multiple of 4 with zeros. */
  readonly ipOptions?: Uint8Array
  /** IPv6 extension headers, outermost first. */
  readonly extensions?: ReadonlyArray<Extension>
  /** Total length (IPv4) or payload length (IPv6) as written, instead of the true one. */
  readonly ipLength?: number
  /** IHL as written, in 32-bit words. */
  readonly ihl?: number
  readonly protocol?: number
}

/** IPv6 extension header: kind and length in bytes (a multiple of 8; AH of 4, at least 12). */
export interface Extension {
  readonly kind: "hop-by-hop" | "routing" | "destination" | "fragment" | "ah" | "mobility" | "hip" | "shim6"
  readonly bytes?: number
  /** Fragment header only: offset in units of 8 bytes and the M bit. */
  readonly fragmentOffset?: number
  readonly more?: boolean
}

export interface TcpFields {
  readonly sport?: number
  readonly dport?: number
  readonly seq?: number
  readonly ack?: number
  /** Bits of packet/packet.ts, or letters of `FSRPAUECN` (N = NS). SYN by default. */
  readonly flags?: number | string
  readonly win?: number
  readonly urg?: number
  /** `mss=1460,sok,ts=1:0,nop,ws=7,eol+1,sack,?34=0102`, or raw bytes (padded to a multiple of 4 with zeros). */
  readonly options?: string | Uint8Array
  /** Data offset as written, in 32-bit words. */
  readonly doff?: number
  readonly payload?: Uint8Array | string
}

export type PacketFields = IpFields & TcpFields

const FLAG_LETTERS: Readonly<Record<string, number>> = {
  F: TCP_FIN,
  S: TCP_SYN,
  R: TCP_RST,
  P: TCP_PUSH,
  A: TCP_ACK,
  U: TCP_URG,
  E: TCP_ECE,
  C: TCP_CWR,
  N: TCP_NS
}

const EXTENSION_NUMBERS: Readonly<Record<Extension["kind"], number>> = {
  "hop-by-hop": 0,
  routing: 43,
  fragment: 44,
  ah: 51,
  destination: 60,
  mobility: 135,
  hip: 139,
  shim6: 140
}

/** `hex("45 00 ...")`: blanks and line ends are ignored. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, "")
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) throw new Error(`hex: not hex digits in pairs: "${text}"`)
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

export function concat(...parts: ReadonlyArray<Uint8Array>): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Option bytes in the notation of TcpFields.options; `eol+N` writes N zero bytes after the EOL. */
export function tcpOptions(text: string): Uint8Array {
  const bytes: Array<number> = []
  for (const item of text.split(",")) {
    const [name, value = ""] = item.trim().split("=")
    if (name === "") continue
    else if (name === "nop") bytes.push(1)
    else if (name === "mss") bytes.push(2, 4, (Number(value) >> 8) & 255, Number(value) & 255)
    else if (name === "ws") bytes.push(3, 3, Number(value) & 255)
    else if (name === "sok") bytes.push(4, 2)
    else if (name === "sack") bytes.push(5, 10, 0, 0, 0, 1, 0, 0, 0, 2)
    else if (name === "ts") {
      const [own, peer = "0"] = value.split(":")
      const at = bytes.length
      bytes.push(8, 10, 0, 0, 0, 0, 0, 0, 0, 0)
      for (let i = 0; i < 4; i++) {
        bytes[at + 2 + i] = (Number(own) >>> (24 - 8 * i)) & 255
        bytes[at + 6 + i] = (Number(peer) >>> (24 - 8 * i)) & 255
      }
    } else if (name!.startsWith("eol")) {
      bytes.push(0)
      for (let pad = Number(name!.slice(4)); pad > 0; pad--) bytes.push(0)
    } else if (name!.startsWith("?")) {
      const data = hex(value)
      bytes.push(Number(name!.slice(1)), data.length + 2, ...data)
    } else throw new Error(`tcpOptions: unknown option "${item}" (known: nop mss ws sok sack ts eol+N ?N=hex)`)
  }
  return Uint8Array.from(bytes)
}

/** A TCP packet with its IP header; `ethernet(tcp(...))` makes it a frame. */
export function tcp(fields: PacketFields = {}): Layer {
  return ip({ ...fields, protocol: fields.protocol ?? 6 }, (source, destination) =>
    tcpSegment(fields, source, destination)
  )
}

/** An IP packet around a payload: a layer that has a protocol number, or raw bytes with `protocol` given. */
export function ip(
  fields: IpFields,
  payload: Layer | Uint8Array | ((source: Uint8Array, destination: Uint8Array) => Uint8Array)
): Layer {
  const source = new Uint8Array(16)
  const destination = new Uint8Array(16)
  const ver = fields.ver ?? (fields.src?.includes(":") || fields.dst?.includes(":") ? 6 : 4)
  address(fields.src ?? (ver === 4 ? "192.0.2.1" : "2001:db8::1"), ver, source)
  address(fields.dst ?? (ver === 4 ? "198.51.100.7" : "2001:db8::7"), ver, destination)
  const body =
    typeof payload === "function"
      ? payload(source, destination)
      : payload instanceof Uint8Array
        ? payload
        : payload.bytes
  const protocol = fields.protocol ?? ("protocol" in payload ? (payload as Layer).protocol : -1)
  if (protocol < 0) throw new Error("ip: the payload has no protocol number (give `protocol`)")
  return ver === 4
    ? { bytes: ipv4(fields, source, destination, protocol, body), etherType: 0x0800, protocol: 4 }
    : { bytes: ipv6(fields, source, destination, protocol, body), etherType: 0x86dd, protocol: 41 }
}

/** An IPv6 or IPv4 fragment of `whole` (a layer of `tcp` or `ip`): payload bytes [from, to) of its IP packet. */
export function fragment(whole: Layer, from: number, to: number): Layer {
  const bytes = whole.bytes
  if (from % 8 !== 0) throw new Error("fragment: `from` must be a multiple of 8")
  if (bytes[0]! >> 4 === 4) {
    const headerBytes = (bytes[0]! & 15) * 4
    const part = concat(bytes.subarray(0, headerBytes), bytes.subarray(headerBytes + from, headerBytes + to))
    putU16(part, 2, part.length)
    putU16(part, 6, (headerBytes + to < bytes.length ? 0x2000 : 0) | (from >> 3))
    putU16(part, 10, 0)
    putU16(part, 10, checksum(part, 0, headerBytes, 0))
    return { ...whole, bytes: part }
  }
  const head = bytes.slice(0, 40)
  const more = 40 + to < bytes.length ? 1 : 0
  const header = Uint8Array.of(head[6]!, 0, from >> 8, (from & 0xf8) | more, 0, 0, 0, 1)
  head[6] = 44
  const part = concat(head, header, bytes.subarray(40 + from, 40 + to))
  putU16(part, 4, part.length - 40)
  return { ...whole, bytes: part }
}

/** Internet checksum (RFC 1071) of [from, to) on top of `sum`. */
export function checksum(bytes: Uint8Array, from: number, to: number, sum: number): number {
  let total = sum
  let at = from
  for (; at + 1 < to; at += 2) total += u16(bytes, at)
  if (at < to) total += bytes[at]! << 8
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return ~total & 0xffff
}

function address(text: string, ver: 4 | 6, into: Uint8Array): void {
  const family = parseAddress(text, into)
  if (family === ver) return
  if (family === 4 && ver === 6) {
    into.copyWithin(12, 0, 4)
    into.fill(0, 0, 10)
    into.fill(255, 10, 12)
    return
  }
  throw new Error(`packet builder: "${text}" is not an IPv${ver} address`)
}

function ipv4(
  fields: IpFields,
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  body: Uint8Array
): Uint8Array {
  const options = fields.ipOptions ?? new Uint8Array(0)
  const headerBytes = 20 + Math.ceil(options.length / 4) * 4
  const bytes = new Uint8Array(headerBytes + body.length)
  bytes[0] = 0x40 | (fields.ihl ?? headerBytes / 4)
  bytes[1] = fields.tos ?? 0
  putU16(bytes, 2, fields.ipLength ?? bytes.length)
  putU16(bytes, 4, fields.id ?? 0x1234)
  const offset = fields.fragmentOffset ?? 0
  const df = fields.df ?? (offset === 0 && !fields.mf)
  putU16(bytes, 6, (fields.mbz ? 0x8000 : 0) | (df ? 0x4000 : 0) | (fields.mf ? 0x2000 : 0) | offset)
  bytes[8] = fields.ttl ?? 64
  bytes[9] = protocol
  bytes.set(source.subarray(0, 4), 12)
  bytes.set(destination.subarray(0, 4), 16)
  bytes.set(options, 20)
  bytes.set(body, headerBytes)
  putU16(bytes, 10, checksum(bytes, 0, headerBytes, 0))
  return bytes
}

function ipv6(
  fields: IpFields,
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  body: Uint8Array
): Uint8Array {
  const chain = [...(fields.extensions ?? [])]
  if (fields.mf || fields.fragmentOffset !== undefined) {
    chain.push({ kind: "fragment", fragmentOffset: fields.fragmentOffset ?? 0, more: fields.mf ?? false })
  }
  const headers = chain.map((extension, index) => {
    const next = index + 1 < chain.length ? EXTENSION_NUMBERS[chain[index + 1]!.kind] : protocol
    return extensionBytes(extension, next)
  })
  const payload = concat(...headers, body)
  const bytes = new Uint8Array(40 + payload.length)
  putI32(bytes, 0, (6 << 28) | ((fields.tos ?? 0) << 20) | ((fields.flowLabel ?? 0) & 0xfffff))
  putU16(bytes, 4, fields.ipLength ?? payload.length)
  bytes[6] = chain.length > 0 ? EXTENSION_NUMBERS[chain[0]!.kind] : protocol
  bytes[7] = fields.ttl ?? 64
  bytes.set(source, 8)
  bytes.set(destination, 24)
  bytes.set(payload, 40)
  return bytes
}

function extensionBytes(extension: Extension, next: number): Uint8Array {
  const length = extension.bytes ?? (extension.kind === "ah" ? 24 : 8)
  const bytes = new Uint8Array(length)
  bytes[0] = next
  if (extension.kind === "fragment") {
    putU16(bytes, 2, ((extension.fragmentOffset ?? 0) << 3) | (extension.more ? 1 : 0))
    putI32(bytes, 4, 1)
  } else if (extension.kind === "ah") {
    bytes[1] = length / 4 - 2
  } else {
    bytes[1] = length / 8 - 1
    // PadN over the rest (RFC 8200 §4.2); a routing header of type 0 with no segments left reads the same bytes as data.
    if (extension.kind === "hop-by-hop" || extension.kind === "destination") {
      bytes[2] = 1
      bytes[3] = length - 4
    }
  }
  return bytes
}

function tcpSegment(fields: TcpFields, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const raw = fields.options ?? new Uint8Array(0)
  const options = typeof raw === "string" ? tcpOptions(raw) : raw
  const payload =
    typeof fields.payload === "string"
      ? new TextEncoder().encode(fields.payload)
      : (fields.payload ?? new Uint8Array(0))
  const headerBytes = 20 + Math.ceil(options.length / 4) * 4
  if (headerBytes > 60) throw new Error(`tcp: ${options.length} bytes of options, at most 40 fit`)
  const bytes = new Uint8Array(headerBytes + payload.length)
  const flags =
    typeof fields.flags === "number"
      ? fields.flags
      : [...(fields.flags ?? "S")].reduce((bits, letter) => bits | (FLAG_LETTERS[letter] ?? 0), 0)
  putU16(bytes, 0, fields.sport ?? 49152)
  putU16(bytes, 2, fields.dport ?? 443)
  putI32(bytes, 4, fields.seq ?? 0x11223344)
  putI32(bytes, 8, fields.ack ?? 0)
  bytes[12] = ((fields.doff ?? headerBytes / 4) << 4) | ((flags >> 8) & 1)
  bytes[13] = flags
  putU16(bytes, 14, fields.win ?? 64240)
  putU16(bytes, 18, fields.urg ?? 0)
  bytes.set(options, 20)
  bytes.set(payload, headerBytes)
  let sum = 6 + bytes.length
  for (let i = 0; i < 16; i += 2) sum += u16(source, i) + u16(destination, i)
  putU16(bytes, 16, checksum(bytes, 0, bytes.length, sum))
  return bytes
}
