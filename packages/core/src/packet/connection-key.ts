/**
 * Key of a connection, the same 40 bytes in every store and in the eBPF map.
 *
 *   0       1       4             6             8                24               40
 *  +-------+-------+-------------+-------------+----------------+----------------+
 *  | 4 | 6 | 0 0 0 | client port | server port | client address | server address |
 *  +-------+-------+-------------+-------------+----------------+----------------+
 *
 * Ports are big-endian; IPv4 lies in the first 4 of its 16 bytes. With `key = "client"` the server's port and address are 0.
 */
import { canonicalize6, parseAddress, printAddress } from "../address/address.ts"
import type { Family } from "../address/address.ts"
import { i32, putI32, putU16, u16 } from "../bytes/big-endian.ts"

export const CONNECTION_KEY_BYTES = 40
export const CONNECTION_KEY_WORDS: number = CONNECTION_KEY_BYTES / 4
export const KEY_CLIENT_PORT = 4
export const KEY_SERVER_PORT = 6
export const KEY_CLIENT = 8
export const KEY_SERVER = 24

/** Backed by its own ArrayBuffer, so that its memory never moves under native code. */
export function makeConnectionKey(): Uint8Array {
  return new Uint8Array(new ArrayBuffer(CONNECTION_KEY_BYTES))
}

/** Encodes text as sockets give it. Returns false for texts that are not two addresses of one family, or a port out of range. */
export function parseConnectionKey(
  client: string,
  clientPort: number,
  server: string,
  serverPort: number,
  into: Uint8Array,
  at = 0
): boolean {
  if (!isPort(clientPort) || !isPort(serverPort)) return false
  const family = parseAddress(client, into, at + KEY_CLIENT)
  if (family === 0 || family !== parseAddress(server, into, at + KEY_SERVER)) return false
  putHead(into, at, family, clientPort, serverPort)
  return true
}

/** Encodes raw addresses of 4 or 16 bytes each. Returns false if lengths or families differ, or a port is out of range. */
export function encodeConnectionKey(
  client: Uint8Array,
  clientPort: number,
  server: Uint8Array,
  serverPort: number,
  into: Uint8Array,
  at = 0
): boolean {
  if (!isPort(clientPort) || !isPort(serverPort)) return false
  const family = putAddress(client, into, at + KEY_CLIENT)
  if (family === 0 || family !== putAddress(server, into, at + KEY_SERVER)) return false
  putHead(into, at, family, clientPort, serverPort)
  return true
}

/** Addresses and ports, which Packet and HeaderOffsets both have. */
export interface Endpoints {
  readonly ver: number
  readonly src0: number
  readonly src1: number
  readonly src2: number
  readonly src3: number
  readonly dst0: number
  readonly dst1: number
  readonly dst2: number
  readonly dst3: number
  readonly sport: number
  readonly dport: number
}

/** Key of the connection that a SYN opens: its source is the client. */
export function putConnectionKey(of: Endpoints, into: Uint8Array, at = 0): void {
  putI32(into, at + 8, of.src0)
  putI32(into, at + 12, of.src1)
  putI32(into, at + 16, of.src2)
  putI32(into, at + 20, of.src3)
  putI32(into, at + 24, of.dst0)
  putI32(into, at + 28, of.dst1)
  putI32(into, at + 32, of.dst2)
  putI32(into, at + 36, of.dst3)
  let family: Family = of.ver === 4 ? 4 : 6
  if (family === 6 && of.src0 === 0 && of.src1 === 0 && of.src2 === 0xffff) {
    family = canonicalize6(into, at + KEY_CLIENT)
    canonicalize6(into, at + KEY_SERVER)
  }
  putHead(into, at, family, of.sport, of.dport)
}

/**
 * Words of a key in the order of its memory, for stores that compare and hash whole words. A front end asks with one buffer for all its
 * connections: its view is made once.
 */
export class KeyWords {
  #key: Uint8Array | undefined
  #words: Int32Array = new Int32Array(CONNECTION_KEY_WORDS)

  /** Good until the next call. `key`: 40 bytes, on a multiple of 4. */
  of(key: Uint8Array): Int32Array {
    if (key !== this.#key) {
      this.#words = new Int32Array(key.buffer, key.byteOffset, CONNECTION_KEY_WORDS)
      this.#key = key
    }
    return this.#words
  }
}

/** Compares the keys at `aAt` and `bAt`. */
export function equalConnectionKeys(a: Int32Array, aAt: number, b: Int32Array, bAt: number): boolean {
  for (let i = 0; i < CONNECTION_KEY_WORDS; i++) if (a[aAt + i] !== b[bAt + i]) return false
  return true
}

/** 32-bit hash (murmur3 mixing, int32). A random `seed` keeps remote peers from choosing colliding keys. */
export function hashConnectionKey(words: Int32Array, at: number, seed: number): number {
  const family = words[at]!
  let h = mix(seed ^ family, words[at + 1]!)
  h = mix(h, words[at + 2]!)
  h = mix(h, words[at + 6]!)
  // Three bytes of the first word are 0, whatever the order of bytes.
  if (((family | (family >>> 24)) & 0xff) === 6) {
    for (let i = 3; i < 6; i++) h = mix(h, words[at + i]!)
    for (let i = 7; i < 10; i++) h = mix(h, words[at + i]!)
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** `192.0.2.1:49152 > 198.51.100.7:443`, IPv6 in brackets, `> *` when the server side is left out. */
export function printConnectionKey(key: Uint8Array, at = 0): string {
  const family: Family = key[at] === 4 ? 4 : 6
  const client = printEndpoint(family, key, at + KEY_CLIENT, u16(key, at + KEY_CLIENT_PORT))
  const serverPort = u16(key, at + KEY_SERVER_PORT)
  if (serverPort === 0 && isZero(key, at + KEY_SERVER)) return `${client} > *`
  return `${client} > ${printEndpoint(family, key, at + KEY_SERVER, serverPort)}`
}

function printEndpoint(family: Family, bytes: Uint8Array, at: number, port: number): string {
  const address = printAddress(family, bytes, at)
  return family === 4 ? `${address}:${port}` : `[${address}]:${port}`
}

function putHead(into: Uint8Array, at: number, family: Family, clientPort: number, serverPort: number): void {
  into[at] = family
  into[at + 1] = 0
  into[at + 2] = 0
  into[at + 3] = 0
  putU16(into, at + KEY_CLIENT_PORT, clientPort)
  putU16(into, at + KEY_SERVER_PORT, serverPort)
}

function putAddress(address: Uint8Array, into: Uint8Array, at: number): Family | 0 {
  if (address.length === 4) {
    into.set(address, at)
    into.fill(0, at + 4, at + 16)
    return 4
  }
  if (address.length !== 16) return 0
  into.set(address, at)
  return canonicalize6(into, at)
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65535
}

function isZero(bytes: Uint8Array, at: number): boolean {
  return i32(bytes, at) === 0 && i32(bytes, at + 4) === 0 && i32(bytes, at + 8) === 0 && i32(bytes, at + 12) === 0
}

function mix(h: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  k = Math.imul(k, 0x1b873593)
  h ^= k
  h = (h << 13) | (h >>> 19)
  return (Math.imul(h, 5) + 0xe6546b64) | 0
}
