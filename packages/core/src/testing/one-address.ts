/**
 * Captures of one client address, and what modern mode makes of them: how often it sees another system, several systems, an uptime.
 */
import { ConnectionInfo } from "../connection-info.ts"
import { BUILTIN, BUILTIN_DATABASE } from "../tcp/database/builtin.ts"
import { readDatabases } from "../tcp/database/reader.ts"
import { Matcher } from "../tcp/matching/matcher.ts"
import { Observer } from "../history/observer.ts"
import { parseAddress } from "../address/address.ts"
import { i32 } from "../bytes/big-endian.ts"
import { CaptureReader } from "../packet/capture/capture-file.ts"
import { writePcap } from "./capture-writer.ts"
import { synFrame } from "./layers.ts"
import type { PacketFields } from "./packets.ts"
import { type Random, seededRandom } from "./random.ts"
import { CLIENTS, stackFields } from "./stacks.ts"

const START_SEC = 1_700_000_000
const SERVER_IPV4 = "192.0.2.1"
const SERVER_IPV6 = "2001:db8:ffff::1"

export interface OneAddress {
  /** SYNs that came from it. */
  readonly connections: number
  readonly hostChanges: number
  readonly ipSharings: number
  readonly uptimes: number
  readonly sharedScore: number
  readonly nat: boolean
}

/** Reads the report about `client` after a capture. */
export function readOneAddress(capture: Uint8Array, client: string): OneAddress {
  const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
  const limits = { maxFlows: 1000, maxHosts: 10_000, flowAgeSeconds: 30, hostIdleMinutes: 120 }
  const observer = new Observer({ mode: "modern", matcher: new Matcher(database!, "modern", 1024), ...limits })
  let sec = 0
  const reader = new CaptureReader((frame) => {
    sec = frame.sec
    observer.frame(frame)
  })
  const problem = reader.push(capture) ?? reader.end()
  if (problem !== undefined) throw new Error(`capture of ${client}: ${problem.message}`)
  const address = new Uint8Array(16)
  const ver = parseAddress(client, address, 0)
  const info = new ConnectionInfo()
  const host = observer.lookUp(ver, i32(address, 0), i32(address, 4), i32(address, 8), i32(address, 12), sec)
  if (host >= 0) observer.fillConnectionInfo(host, info)
  const { hostChanges, ipSharings, uptimes } = observer.counts
  const { totalConn, sharedScore, nat } = info
  return { connections: totalConn, hostChanges, ipSharings, uptimes, sharedScore, nat }
}

/** A connection of a modern kernel: port, sequence number, IP ID and the base of the timestamps are random. */
const randomly = (fields: PacketFields, random: Random): PacketFields => ({
  ...fields,
  sport: 32_768 + random.below(28_232),
  dport: 443,
  seq: random.word() | 1,
  ...(fields.id === undefined ? { id: 1 + random.below(65_535) } : {}),
  options: String(fields.options ?? "").replace(/\bts=\d+/, () => `ts=${1 + random.below(0x7fff_ffff)}`)
})

/** A capture of SYNs with their own `src`, one every half second. */
export function captureOf(syns: ReadonlyArray<PacketFields>, seed = 1): Uint8Array {
  const random = seededRandom(seed)
  return writePcap(
    syns.map((syn, at) => ({
      bytes: synFrame({ ...randomly(syn, random), dst: syn.src?.includes(":") ? SERVER_IPV6 : SERVER_IPV4 }),
      sec: START_SEC + (at >> 1),
      usec: (at & 1) * 500_000 + random.below(100_000)
    }))
  )
}

/** Linux, Windows and Apple, 5 hops away, taking turns `rounds` times behind the addresses that `addressOf` gives. */
export function threeStacks(rounds: number, addressOf: (connection: number) => string): ReadonlyArray<PacketFields> {
  const stacks = ["Linux", "Windows 10", "Apple"].map((name) => CLIENTS.find((stack) => stack.name === name)!)
  return Array.from({ length: rounds * stacks.length }, (_, at) => {
    const stack = stacks[at % stacks.length]!
    return { ...stackFields(stack, 1), ttl: stack.ttl - 5, src: addressOf(at) }
  })
}
