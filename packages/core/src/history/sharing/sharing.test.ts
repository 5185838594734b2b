/**
 * Evidence that makes an address shared, and every reason why it is not.
 */
import { expect, test } from "bun:test"
import { ConnectionInfo } from "../../connection-info.ts"
import { BUILTIN, BUILTIN_DATABASE } from "../../tcp/database/builtin.ts"
import { readDatabases } from "../../tcp/database/reader.ts"
import { Matcher } from "../../tcp/matching/matcher.ts"
import { decodeFrame } from "../../packet/frame.ts"
import { LINKTYPE_ETHERNET } from "../../packet/link.ts"
import { Packet } from "../../packet/packet.ts"
import { SMALL_HISTORY } from "../../testing/small-history.ts"
import { CLIENTS, ethernet, type PacketFields, rounds, seededRandom, tcp } from "../../testing/index.ts"
import { Observer, type ObserverOptions } from "../observer.ts"
import { JsonLog } from "../log/json-log.ts"
import { reasonNames } from "./sharing-reasons.ts"
import { SHARED_THRESHOLD } from "./sharing.ts"

const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
const CLIENT = "198.51.100.7"
const START = 1_700_000_000_000

const LINUX: PacketFields = { ttl: 57, df: true, win: 64240, options: "mss=1460,sok,ts=1,nop,ws=7" }
const WINDOWS: PacketFields = { ttl: 121, df: true, win: 64240, options: "mss=1460,nop,ws=8,nop,nop,sok" }
const APPLE: PacketFields = {
  ttl: 57,
  df: true,
  id: 0,
  win: 65535,
  options: "mss=1460,nop,ws=6,nop,nop,ts=1,sok,eol+1"
}
const ANDROID: PacketFields = { ttl: 57, df: true, win: 65535, options: "mss=1460,sok,ts=1,nop,ws=9" }
const WIREGUARD: PacketFields = { ...LINUX, win: 64860, options: "mss=1380,sok,ts=1,nop,ws=7" }
const CLAMPED: PacketFields = { ...LINUX, options: "mss=1353,sok,ts=1,nop,ws=7" }

const random = seededRandom(3)

/** One modern connection: port, sequence number, IP ID and base of the timestamps are random. */
const connection = (fields: PacketFields): PacketFields => ({
  src: CLIENT,
  dst: fields.src?.includes(":") ? "2001:db8:ffff::1" : "192.0.2.1",
  dport: 443,
  sport: 32768 + random.below(28_000),
  seq: random.word(),
  id: 1 + random.below(65535),
  ...fields,
  options: String(fields.options ?? "").replace("ts=1", `ts=${1 + random.below(2 ** 31)}`)
})

function setUp(options: Partial<ObserverOptions> = {}) {
  const events: Array<Record<string, unknown>> = []
  const log = new JsonLog((text) => {
    for (const line of text.trim().split("\n")) events.push(JSON.parse(line) as Record<string, unknown>)
  })
  const observer = new Observer({
    mode: "modern",
    matcher: new Matcher(database!, "modern", 1024),
    ...SMALL_HISTORY,
    hostIdleMinutes: 600,
    log,
    ...options
  })
  const packet = new Packet()
  let ms = START
  const connect = (fields: PacketFields): ConnectionInfo => {
    const { bytes } = ethernet(tcp(connection(fields)))
    decodeFrame(bytes, 0, bytes.length, bytes.length, LINKTYPE_ETHERNET, packet)
    const info = new ConnectionInfo()
    observer.fillConnectionInfo(observer.connection(packet, ms), info)
    return info
  }
  return {
    observer,
    /** Connections one after the other, `seconds` apart; the last one's info. */
    connect: (seconds: number, ...sequence: ReadonlyArray<PacketFields>): ConnectionInfo => {
      let info = new ConnectionInfo()
      for (const fields of sequence) {
        ms += seconds * 1000
        info = connect(fields)
      }
      return info
    },
    /** Lets time pass. */
    wait: (seconds: number): void => {
      ms += seconds * 1000
    },
    events: (): ReadonlyArray<string> => {
      log.flush()
      return events.map((event) => String(event["event"])).filter((event) => event !== "syn" && event !== "mtu")
    }
  }
}

const reasonsOf = (info: ConnectionInfo): string => reasonNames(info.sharedReasons).join(" ")
const repeat = (times: number, ...systems: ReadonlyArray<PacketFields>): ReadonlyArray<PacketFields> =>
  Array.from({ length: times }, () => systems).flat()

test("1,000 connections of any one system tell nothing: no sharing, no change, no uptime", () => {
  const count = rounds(1000)
  for (const stack of CLIENTS) {
    const { connect, observer, events } = setUp()
    const { name, weight: _, zeroId: __, ...fields } = stack
    const info = connect(1, ...repeat(count, { ...fields, options: stack.options.replace("TS:0", "1") }))
    expect({ name, score: info.sharedScore, nat: info.nat, uptime: info.uptimeMinutes }).toEqual({
      name,
      score: 0,
      nat: false,
      uptime: -1
    })
    expect(observer.counts).toMatchObject({ syns: count, hosts: 1, hostChanges: 0, ipSharings: 0, uptimes: 0 })
    expect(events()).toEqual([])
  }
})

test("three stacks behind one address share it, in any order", () => {
  for (const sequence of [[LINUX, WINDOWS, APPLE], [APPLE, LINUX, WINDOWS], repeat(10, WINDOWS, APPLE, LINUX)]) {
    const { connect, events } = setUp()
    const info = connect(20, ...sequence)
    expect(info.sharedScore).toBeGreaterThanOrEqual(SHARED_THRESHOLD)
    expect(info.nat).toBe(true)
    expect(reasonsOf(info)).toBe("os_diff")
    expect(info.lastNat).toBe(START / 1000 + 20 * sequence.length)
    expect(events()).toEqual(["host change", "ip sharing"])
  }
})

test("two stacks share it when they take turns, and not when one follows the other", () => {
  const { connect } = setUp()
  const changed = connect(20, LINUX, LINUX, WINDOWS, WINDOWS)
  expect([changed.nat, changed.sharedScore > 0, changed.lastChg]).toEqual([false, true, START / 1000 + 60])
  const back = connect(20, LINUX)
  expect([back.nat, back.lastChg]).toEqual([true, START / 1000 + 60])
  // Seldom, but in turns.
  const { connect: connectSeldom } = setUp()
  expect(connectSeldom(180, ...repeat(10, LINUX, WINDOWS)).nat).toBe(true)
  const { connect: connectThree } = setUp()
  expect(connectThree(1200, LINUX, WINDOWS, APPLE).nat).toBe(true)
})

test("a dual boot is one machine: it changes with pauses", () => {
  const { connect, wait, events } = setUp()
  for (const system of [LINUX, WINDOWS, LINUX, WINDOWS, LINUX]) {
    // Up for 10 minutes, and away for 40 seconds.
    expect(connect(10, ...repeat(60, system)).nat).toBe(false)
    wait(30)
  }
  expect(events().filter((event) => event === "ip sharing")).toEqual([])
})

test("an address that goes to somebody else has changed hands, and is not shared", () => {
  const { connect } = setUp()
  connect(5, ...repeat(20, LINUX))
  const next = connect(5, ...repeat(20, WINDOWS))
  expect([next.nat, next.lastChg > 0]).toEqual([false, true])
})

test("a system of more than an hour ago is forgotten, and so is the score in time", () => {
  const { connect } = setUp()
  expect(connect(1, ...repeat(3, LINUX, WINDOWS)).nat).toBe(true)
  expect(connect(3000, LINUX).nat).toBe(false)
  expect(connect(3000, LINUX).sharedScore).toBeLessThan(10)
  // Not a return, since nobody remembers it.
  const { connect: slowly } = setUp()
  const info = slowly(3700, LINUX, WINDOWS, LINUX, WINDOWS)
  expect([info.sharedScore, info.nat, info.lastChg > 0]).toEqual([0, false, true])
})

test("a host whose paths differ by one or two hops is one host", () => {
  const { connect, events } = setUp()
  const info = connect(2, ...Array.from({ length: 500 }, () => ({ ...LINUX, ttl: 55 + random.below(3) })))
  expect([info.sharedScore, info.lastChg]).toEqual([0, 0])
  // Once known to vary, an application with a fixed window is not a phone.
  const fixed = connect(
    2,
    ...Array.from({ length: 500 }, () => ({ ...[LINUX, ANDROID][random.below(2)]!, ttl: 55 + random.below(3) }))
  )
  expect(fixed.sharedScore).toBe(0)
  expect(events()).toEqual([])
})

test("a route that changes is no second host, distances that take turns are", () => {
  const { connect } = setUp()
  const far = { ...LINUX, ttl: 49 }
  expect(connect(10, ...repeat(5, LINUX), ...repeat(5, far)).nat).toBe(false)
  expect(connect(600, ...repeat(5, LINUX)).nat).toBe(false)
  const info = connect(10, ...repeat(4, far, LINUX))
  expect([info.nat, reasonsOf(info)]).toEqual([true, "ttl"])
})

test("interfaces of several MTUs share it, a clamped MSS counts for nothing", () => {
  const { connect } = setUp()
  expect(connect(10, LINUX, WIREGUARD).nat).toBe(false)
  const info = connect(10, LINUX, WIREGUARD)
  expect([info.nat, reasonsOf(info)]).toEqual([true, "mtu"])
  const { connect: connectClamped } = setUp()
  expect(connectClamped(10, ...repeat(100, LINUX, CLAMPED)).sharedScore).toBe(0)
  // A window of 65,535 does not show the interface.
  const small = { ...APPLE, options: "mss=1400,nop,ws=6,nop,nop,ts=1,sok,eol+1" }
  expect(
    connectClamped(10, ...repeat(100, { ...APPLE, src: "198.51.100.8" }, { ...small, src: "198.51.100.8" })).nat
  ).toBe(false)
})

test("a phone that tethers is several systems", () => {
  for (const behind of [WINDOWS, APPLE, LINUX]) {
    const { connect } = setUp()
    const info = connect(5, ...repeat(5, ANDROID, { ...behind, ttl: behind.ttl! - 1 }))
    expect([behind.options, info.nat]).toEqual([behind.options, true])
  }
  // The window of an application is not a phone's when it comes from as far.
  const { connect } = setUp()
  expect(connect(5, ...repeat(50, ANDROID, LINUX)).sharedScore).toBe(0)
})

test("a browser, an application with its own buffer, Fast Open, ECN and retransmissions are one system", () => {
  const { connect, events } = setUp()
  const variants: ReadonlyArray<PacketFields> = [
    LINUX,
    { ...LINUX, win: 8760, options: "mss=1460,sok,ts=1,nop,ws=0" },
    { ...LINUX, win: 65535, options: "mss=1460,sok,ts=1,nop,ws=1" },
    { ...LINUX, options: "mss=1460,sok,ts=1,nop,ws=7,?34=,nop,nop" },
    { ...LINUX, options: "mss=1460,nop,nop,sok,nop,ws=7" },
    { ...LINUX, flags: "SEC" },
    { ...LINUX, df: false },
    { ...LINUX, payload: "hello" }
  ]
  const info = connect(3, ...Array.from({ length: 1000 }, () => variants[random.below(variants.length)]!))
  expect([info.sharedScore, info.lastChg, info.uptimeMinutes]).toEqual([0, 0, -1])
  expect(events()).toEqual([])
})

test("a scanner on a host is no second host", () => {
  const { connect } = setUp()
  const nmap: PacketFields = { ttl: 48, win: 1024, options: "mss=1460" }
  expect(connect(1, ...repeat(50, WINDOWS, nmap)).sharedScore).toBe(0)
})

test("IPv6 clients of one /64 are one client, of two are two", () => {
  const linux6 = { ...LINUX, win: 64800, options: "mss=1440,sok,ts=1,nop,ws=7" }
  const windows6 = { ...WINDOWS, win: 64800, options: "mss=1440,nop,ws=8,nop,nop,sok" }
  const { connect, observer } = setUp()
  const privacy = (): string =>
    `2001:db8:1:2:${(1 + random.below(65535)).toString(16)}::${(1 + random.below(9999)).toString(16)}`
  const one = connect(60, ...Array.from({ length: 100 }, () => ({ ...linux6, src: privacy() })))
  expect([one.totalConn, one.sharedScore, observer.counts.hosts]).toEqual([100, 0, 1])
  const several = connect(
    60,
    ...Array.from({ length: 20 }, (_, n) => ({ ...(n % 2 ? linux6 : windows6), src: privacy() }))
  )
  expect([several.nat, several.totalConn, observer.counts.hosts]).toEqual([true, 120, 1])
  const other = connect(60, { ...linux6, src: "2001:db8:1:3::1" })
  expect([other.nat, other.totalConn, observer.counts.hosts]).toEqual([false, 1, 2])
  // In these prefixes a /64 is not one customer's, so each address stands alone.
  for (const prefix of ["fe80::", "fd00:1::", "64:ff9b::", "2001:0:53aa:64c:"]) {
    const { connect: connectThere, observer: there } = setUp()
    connectThere(
      60,
      { ...linux6, src: `${prefix}${prefix.endsWith("::") ? "" : ":"}1` },
      { ...windows6, src: `${prefix}${prefix.endsWith("::") ? "" : ":"}2` }
    )
    expect([prefix, there.counts.hosts]).toEqual([prefix, 2])
  }
})

test("uptime is reported for the system that has one, and of no other behind the address", () => {
  const { connect } = setUp()
  const old = { ttl: 57, df: true, win: 14600 }
  const clock = (tick: number): PacketFields => ({ ...old, options: `mss=1460,sok,ts=${700_000_000 + tick},nop,ws=7` })
  expect(connect(1, clock(0), clock(1000)).uptimeMinutes).toBe(-1)
  expect(connect(1, clock(2000)).uptimeMinutes).toBeGreaterThan(0)
  expect(connect(1, LINUX).uptimeMinutes).toBe(-1)
  expect(connect(1, clock(4000)).uptimeMinutes).toBe(-1)
})

test("a Linux that has just booted is a few minutes up, not weeks", () => {
  const { connect } = setUp()
  // The clock starts 300 s before it wraps.
  const booted = (second: number): PacketFields => ({
    ...LINUX,
    win: 14600,
    options: `mss=1460,sok,ts=${(2 ** 32 - 300_000 + second * 1000) % 2 ** 32},nop,ws=7`
  })
  expect(connect(1, booted(130), booted(131), booted(132)).uptimeMinutes).toBe(2)
  expect(connect(200, booted(332), booted(532)).uptimeMinutes).toBe(8)
})

test("a reload of the databases forgets no system, and a shorter window forgets sooner", () => {
  const { connect, observer } = setUp()
  connect(10, LINUX, WINDOWS)
  observer.setMatcher(
    new Matcher(readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern").database!, "modern", 64)
  )
  expect(connect(10, LINUX).nat).toBe(true)
  const { connect: briefly } = setUp({ sharingSeconds: 60 })
  expect(briefly(15, LINUX, WINDOWS, LINUX).nat).toBe(false)
  expect(briefly(61, WINDOWS, LINUX, WINDOWS).sharedScore).toBeLessThan(10)
})

test("whatever comes in whatever order, scores stay between 0 and 100 and memory where it was", () => {
  const { observer } = setUp({ maxHosts: 32, hostIdleMinutes: 5 })
  const packet = new Packet()
  const words = observer.hosts.hot.length + observer.hosts.cold.length
  const info = new ConnectionInfo()
  let ms = START
  for (let n = 0; n < rounds(20_000); n++) {
    const stack = CLIENTS[random.below(CLIENTS.length)]!
    const { bytes } = ethernet(
      tcp({
        ...connection({ ...stack, ttl: 1 + random.below(255), options: stack.options.replace("TS:0", "1") }),
        src: random.below(2) === 0 ? `198.51.100.${random.below(48)}` : `2001:db8::${random.below(40)}:0:0:0:1`
      })
    )
    decodeFrame(bytes, 0, bytes.length, bytes.length, LINKTYPE_ETHERNET, packet)
    // Now and then time runs backwards.
    ms += random.below(50) === 0 ? -random.below(5_000_000) : random.below(100_000)
    observer.fillConnectionInfo(observer.connection(packet, ms), info)
    expect(info.sharedScore >= 0 && info.sharedScore <= 100).toBe(true)
    expect(info.nat).toBe(info.sharedScore >= SHARED_THRESHOLD)
    expect(info.sharedReasons === 0).toBe(info.sharedScore === 0)
  }
  expect(observer.counts.hosts).toBeLessThanOrEqual(32)
  expect(observer.hosts.hot.length + observer.hosts.cold.length).toBe(words)
})

/** Scores after each connection of a sequence, `seconds` apart. */
const scores = (seconds: number, ...sequence: ReadonlyArray<PacketFields>): ReadonlyArray<number> => {
  const { connect } = setUp()
  return sequence.map((system) => connect(seconds, system).sharedScore)
}
const FAR = { ...LINUX, ttl: LINUX.ttl! - 8 }
const FAR_WINDOWS = { ...WINDOWS, ttl: WINDOWS.ttl! - 8 }
const FAR_WIREGUARD = { ...WIREGUARD, ttl: WIREGUARD.ttl! - 8 }

test.each<
  readonly [name: string, seconds: number, sequence: ReadonlyArray<PacketFields>, scores: ReadonlyArray<number>]
>([
  ["another family counts 30", 0, [LINUX, WINDOWS], [0, 30]],
  ["another interface 20", 0, [LINUX, WIREGUARD], [0, 20]],
  ["another distance 12", 0, [LINUX, FAR], [0, 12]],
  ["each further reason 5", 0, [LINUX, FAR_WINDOWS], [0, 35]],
  ["as an interface and a distance", 0, [LINUX, FAR_WIREGUARD], [0, 25]],
  ["and all three", 0, [WINDOWS, FAR_WIREGUARD], [0, 40]],
  ["a third system counts half more, one of before does not", 0, [LINUX, WINDOWS, APPLE, WINDOWS], [0, 30, 75, 100]],
  ["one that comes back counts once", 0, [LINUX, WINDOWS, LINUX, WINDOWS], [0, 30, 60, 90]],
  ["100 is the most", 0, [LINUX, WINDOWS, LINUX, WINDOWS, LINUX, WINDOWS], [0, 30, 60, 90, 100, 100]],
  ["29 seconds are no time to boot", 29, [LINUX, WINDOWS], [0, 30]],
  ["30 seconds are, and it counts half", 30, [LINUX, WINDOWS], [0, 15]],
  // 15 that halved once in 20 minutes, and 15 again.
  ["it halves every 20 minutes", 1200, [LINUX, WINDOWS, WINDOWS, WINDOWS], [0, 15, 8, 4]],
  // Two known systems take turns: one of them may boot again.
  ["both count half while there are two of them", 1200, [LINUX, WINDOWS, LINUX], [0, 15, 23]],
  // A third one is no other boot.
  ["a third counts half more after a pause too", 1200, [LINUX, WINDOWS, APPLE], [0, 15, 53]],
  ["a system that was silent for an hour counts nothing", 3601, [LINUX, WINDOWS], [0, 0]],
  ["one of exactly an hour does", 3600, [LINUX, WINDOWS], [0, 15]]
])("scores: %s", (_, seconds, sequence, expected) => {
  expect(scores(seconds, ...sequence)).toEqual(expected)
})

test("scores of an answer without hits of its own are those of the time it is asked at", () => {
  const { connect } = setUp()
  const first = connect(0, LINUX, WINDOWS)
  expect([first.sharedScore, first.nat, first.lastNat, first.lastChg]).toEqual([30, false, 0, START / 1000])
  const shared = connect(10, LINUX)
  expect([shared.sharedScore, shared.nat, shared.lastNat, shared.lastChg]).toEqual([
    60,
    true,
    START / 1000 + 10,
    START / 1000
  ])
  // 59.8 are 49.5 after 328 seconds.
  expect([connect(326, LINUX).nat, connect(4, LINUX).nat]).toEqual([true, false])
  // Time that runs backwards changes nothing.
  const { connect: again, wait } = setUp()
  again(0, LINUX, WINDOWS)
  wait(-5000)
  expect(again(0, WINDOWS).sharedScore).toBe(30)
})

test("reasons are those of a score that has not faded", () => {
  const { connect } = setUp()
  expect(reasonsOf(connect(0, LINUX, WINDOWS))).toBe("os_diff")
  expect(reasonsOf(connect(0, FAR_WINDOWS))).toBe("os_diff ttl")
  // 51 points are less than one after two hours.
  expect(reasonsOf(connect(3000, FAR_WINDOWS, FAR_WINDOWS, FAR_WINDOWS, WINDOWS))).toBe("ttl")
})

test("four systems are remembered; with a fifth the one that was silent longest is forgotten", () => {
  const { connect, observer } = setUp()
  // The last one and three earlier ones.
  connect(1, LINUX, WINDOWS, APPLE, FAR_WIREGUARD)
  expect(observer.counts.hostChanges).toBe(3)
  connect(1, LINUX, WINDOWS, APPLE, FAR_WIREGUARD)
  expect(observer.counts.hostChanges).toBe(3)
  connect(1, FAR_WINDOWS)
  expect(observer.counts.hostChanges).toBe(4)
  connect(1, FAR_WIREGUARD, APPLE, WINDOWS)
  expect(observer.counts.hostChanges).toBe(4)
  connect(1, LINUX)
  expect(observer.counts.hostChanges).toBe(5)
})
