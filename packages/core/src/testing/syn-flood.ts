/**
 * Large captures of SYNs alone, written as a stream: many clients in random order, each with a stack of its own from a realistic mix;
 * or every SYN of a fingerprint that no other has. Checksums are left 0: neither p0f nor synprint looks at them in a capture.
 */
import { closeSync, openSync, writeSync } from "node:fs"
import { putI32, putU16 } from "../bytes/big-endian.ts"
import { pcapHeader } from "./capture-writer.ts"
import { synFrame } from "./layers.ts"
import { seededRandom } from "./random.ts"
import { CLIENTS, stackFields } from "./stacks.ts"
import type { Stack } from "./stacks.ts"

export interface SynFloodOptions {
  readonly path: string
  readonly packets: number
  /** Client addresses, drawn at random for each SYN. At most 16,777,216. */
  readonly addresses: number
  readonly seed?: number
  /** `unique`: window and MSS make each SYN a new fingerprint, up to some 3 * 10^9 of them. */
  readonly fingerprints?: "mix" | "unique"
  /** Share of IPv6 clients in percent, 10 by default. */
  readonly ipv6Percent?: number
  /** By the time stamps; 100,000 by default. */
  readonly packetsPerSecond?: number
}

interface Template {
  /** Record header and frame. */
  readonly record: Uint8Array
  /** Offsets in `record`. */
  readonly source: number
  readonly tcp: number
  readonly ttl: number
  /** IP ID to vary, -1 for none. */
  readonly id: number
  /** Value of the timestamp option, -1 without one. */
  readonly timestamp: number
}

const RECORD_BYTES = 16
const FRAME = RECORD_BYTES + 14
const BUFFER_BYTES = 4 << 20
/** Clients are up to so many hops away. */
const MAX_HOPS = 24
const START_SEC = 1_700_000_000

/** Writes the capture and returns its length in bytes. */
export function writeSynFlood(options: SynFloodOptions): number {
  const random = seededRandom(options.seed ?? 1)
  const mix = CLIENTS.flatMap((stack) => Array.from({ length: stack.weight }, () => stack))
  const ipv6Percent = options.ipv6Percent ?? 10
  const templates4 = new Map(CLIENTS.map((stack) => [stack, template(stack, 4)]))
  const templates6 = new Map(CLIENTS.map((stack) => [stack, template(stack, 6)]))
  const unique = templates4.get(CLIENTS[0]!)!
  const perSecond = options.packetsPerSecond ?? 100_000
  const buffer = new Uint8Array(BUFFER_BYTES)
  const fd = openSync(options.path, "w")
  let filled = pcapHeader().length
  let written = 0
  buffer.set(pcapHeader())
  try {
    for (let n = 0; n < options.packets; n++) {
      if (filled > BUFFER_BYTES - 256) {
        written += writeSync(fd, buffer, 0, filled)
        filled = 0
      }
      const client = random.below(options.addresses)
      // The traits of a client must not depend on when it is drawn.
      const traits = Math.imul(client + 1, 0x9e3779b1) >>> 0
      const isIpv6 = options.fingerprints !== "unique" && (traits >>> 16) % 100 < ipv6Percent
      const stack = mix[traits % mix.length]!
      const use = options.fingerprints === "unique" ? unique : (isIpv6 ? templates6 : templates4).get(stack)!
      const at = filled
      buffer.set(use.record, at)
      putLittle(buffer, at, START_SEC + Math.floor(n / perSecond))
      putLittle(buffer, at + 4, Math.floor(((n % perSecond) * 1_000_000) / perSecond))
      // Each in a /64 of its own, as households are.
      if (isIpv6) putI32(buffer, at + use.source + 4, client + 1)
      else putI32(buffer, at + use.source, (10 << 24) | client)
      if (options.fingerprints !== "unique") buffer[at + use.ttl]! -= (traits >>> 8) % MAX_HOPS
      if (use.id >= 0) putU16(buffer, at + use.id, 1 + random.below(65535))
      putU16(buffer, at + use.tcp, 32768 + random.below(28232))
      putI32(buffer, at + use.tcp + 4, random.word())
      if (use.timestamp >= 0) putI32(buffer, at + use.timestamp, random.word() | 1)
      if (options.fingerprints === "unique") {
        putU16(buffer, at + use.tcp + 14, n & 0xffff)
        putU16(buffer, at + use.tcp + 22, 536 + (n >>> 16))
      }
      filled += use.record.length
    }
    return written + writeSync(fd, buffer, 0, filled)
  } finally {
    closeSync(fd)
  }
}

function template(stack: Stack, ver: 4 | 6): Template {
  const options = ver === 4 ? stack.options : stack.options.replace("mss=1460", "mss=1440")
  const frame = synFrame({ ...stackFields({ ...stack, options }, 1), ver })
  const record = new Uint8Array(RECORD_BYTES + frame.length)
  putLittle(record, 8, frame.length)
  putLittle(record, 12, frame.length)
  record.set(frame, RECORD_BYTES)
  const tcp = FRAME + (ver === 4 ? 20 : 40)
  putU16(record, tcp + 16, 0)
  if (ver === 4) putU16(record, FRAME + 10, 0)
  const timestamp = record.findIndex((byte, i) => i >= tcp + 20 && byte === 8 && record[i + 1] === 10)
  return {
    record,
    source: ver === 4 ? FRAME + 12 : FRAME + 8,
    tcp,
    ttl: ver === 4 ? FRAME + 8 : FRAME + 7,
    id: ver === 4 && stack.zeroId !== true ? FRAME + 4 : -1,
    timestamp: timestamp < 0 ? -1 : timestamp + 2
  }
}

function putLittle(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >> 8
  bytes[at + 2] = value >> 16
  bytes[at + 3] = value >> 24
}
