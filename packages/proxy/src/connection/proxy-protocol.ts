/**
 * PROXY protocol header of a client connection (haproxy doc/proxy-protocol.txt, versions 1 and 2): who the client behind a balancer is.
 *
 *     v1   "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443" CRLF                       107 bytes at most
 *     v2   0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a | ver cmd | family | be16 length | addresses | TLVs
 */
import { canonicalize6, parseAddress } from "@synprint/core"
import { CR, LF, latin1, bytesOf } from "../http1/byte-classes.ts"

const V1 = bytesOf("PROXY ")
const V1_MAX = 107
const V2 = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
const V2_HEAD = 16
/** Addresses and TLVs that are accepted: a longer header is no balancer's. */
const V2_LENGTH_MAX = 2048

export const INCOMPLETE = 0
export const BROKEN = -1

/** Filled by `decodeProxyHeader`. */
export class ProxyHeader {
  /** 0: LOCAL, UNKNOWN or a family other than IP: the connection is the balancer's own (a health check). */
  family: 0 | 4 | 6 = 0
  readonly client: Uint8Array = new Uint8Array(16)
  clientPort = 0
  readonly server: Uint8Array = new Uint8Array(16)
  serverPort = 0
}

/** Bytes of the header at the start of `bytes`, INCOMPLETE, or BROKEN. */
export function decodeProxyHeader(bytes: Uint8Array, from: number, end: number, into: ProxyHeader): number {
  into.family = 0
  const available = end - from
  if (available === 0) return INCOMPLETE
  const signature = bytes[from] === V1[0] ? V1 : V2
  for (let i = 0; i < signature.length; i++) {
    if (i === available) return INCOMPLETE
    if (bytes[from + i] !== signature[i]) return BROKEN
  }
  return signature === V1 ? decodeText(bytes, from, end, into) : decodeBinary(bytes, from, end, into)
}

function decodeText(bytes: Uint8Array, from: number, end: number, into: ProxyHeader): number {
  const stop = Math.min(end, from + V1_MAX)
  let at = from
  while (at < stop && bytes[at] !== CR) at++
  if (at + 1 >= stop) return stop - from < V1_MAX ? INCOMPLETE : BROKEN
  if (bytes[at + 1] !== LF) return BROKEN
  const length = at + 2 - from
  const words = latin1(bytes, from, at).split(" ")
  if (words[1] === "UNKNOWN") return length
  const wanted = words[1] === "TCP4" ? 4 : words[1] === "TCP6" ? 6 : 0
  if (wanted === 0 || words.length !== 6) return BROKEN
  const clientPort = parsePort(words[4]!)
  const serverPort = parsePort(words[5]!)
  if (clientPort < 0 || serverPort < 0) return BROKEN
  if (words[2]!.includes(":") !== (wanted === 6) || words[3]!.includes(":") !== (wanted === 6)) return BROKEN
  const family = parseAddress(words[2]!, into.client)
  if (family === 0 || parseAddress(words[3]!, into.server) === 0) return BROKEN
  into.family = family
  into.clientPort = clientPort
  into.serverPort = serverPort
  return length
}

function parsePort(text: string): number {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535 ? Number(text) : -1
}

function decodeBinary(bytes: Uint8Array, from: number, end: number, into: ProxyHeader): number {
  if (end - from < V2_HEAD) return INCOMPLETE
  const command = bytes[from + 12]!
  const length = (bytes[from + 14]! << 8) | bytes[from + 15]!
  if (command >> 4 !== 2 || (command & 15) > 1 || length > V2_LENGTH_MAX) return BROKEN
  const whole = V2_HEAD + length
  if (end - from < whole) return INCOMPLETE
  if ((command & 15) === 0) return whole
  const family = bytes[from + 13]!
  const at = from + V2_HEAD
  const size = family === 0x11 ? 4 : family === 0x21 ? 16 : 0
  if (size === 0) return whole
  if (length < 2 * size + 4) return BROKEN
  into.client.fill(0)
  into.server.fill(0)
  for (let i = 0; i < size; i++) {
    into.client[i] = bytes[at + i]!
    into.server[i] = bytes[at + size + i]!
  }
  into.family = size === 4 ? 4 : canonicalize6(into.client, 0)
  if (size === 16) canonicalize6(into.server, 0)
  into.clientPort = (bytes[at + 2 * size]! << 8) | bytes[at + 2 * size + 1]!
  into.serverPort = (bytes[at + 2 * size + 2]! << 8) | bytes[at + 2 * size + 3]!
  return whole
}
