/**
 * Answers of an observer about an address, and its counts of packets: every field, in both modes.
 */
import { expect, test } from "bun:test"
import { LINKTYPE_ETHERNET } from "../packet/link.ts"
import { capturedFrame } from "../testing/captured-frame.ts"
import { parseAddress } from "../address/address.ts"
import { i32 } from "../bytes/big-endian.ts"
import { ConnectionInfo } from "../connection-info.ts"
import { decodeFrame } from "../packet/frame.ts"
import { Packet } from "../packet/packet.ts"
import { VERDICT_FRAGMENT, VERDICT_MALFORMED, VERDICT_OTHER, VERDICT_TRUNCATED } from "../packet/verdict.ts"
import { readDatabases } from "../tcp/database/reader.ts"
import { Matcher } from "../tcp/matching/matcher.ts"
import type { Mode } from "../tcp/mode.ts"
import { ethernet } from "../testing/layers.ts"
import { SCENARIO_DATABASE } from "../testing/p0f-scenarios.ts"
import { type PacketFields, tcp } from "../testing/packets.ts"
import { JsonLog } from "./log/json-log.ts"
import { Observer, type ObserverOptions } from "./observer.ts"

/** The lines of Linux 5.x say that their timestamps are one clock. */
const DATABASE = SCENARIO_DATABASE.replaceAll("label = s:unix:Linux:5.x", ";@ clock=yes\nlabel = s:unix:Linux:5.x")
const START = 1_700_000_000
const CLIENT = "10.0.1.1"
const SERVER = "10.0.0.9"

type Event = Readonly<Record<string, unknown>>

function setUp(mode: Mode, options: Partial<ObserverOptions> = {}) {
  const reading = readDatabases([{ name: "scenarios.fp", text: DATABASE }], mode)
  const events: Array<Event> = []
  const log = new JsonLog((text) => {
    for (const line of text.trim().split("\n")) events.push(JSON.parse(line) as Event)
  })
  const observer = new Observer({
    mode,
    matcher: new Matcher(reading.database!, mode, 64),
    log,
    maxFlows: 100,
    maxHosts: 100,
    flowAgeSeconds: 30,
    hostIdleMinutes: 180,
    ...options
  })
  let port = 40_000
  const feed = (ms: number, fields: PacketFields): void => {
    const { bytes } = ethernet(tcp({ src: CLIENT, dst: SERVER, sport: port, dport: 80, seq: 1000, ...fields }))
    const sec = START + Math.floor(ms / 1000)
    observer.frame(capturedFrame(bytes, { sec, usec: (ms - Math.floor(ms / 1000) * 1000) * 1000 }))
  }
  const down = (ms: number, fields: PacketFields): void =>
    feed(ms, { src: SERVER, dst: CLIENT, sport: 80, dport: port, seq: 5000, ack: 1001, ...fields })
  return {
    observer,
    feed,
    down,
    /** A SYN from a new port. */
    syn: (ms: number, fields: PacketFields): void => {
      port++
      feed(ms, fields)
    },
    /** A connection from a new port, with a request and, if there is one, its response. */
    exchange: (ms: number, stack: PacketFields, request: string, response?: string): void => {
      port++
      feed(ms, stack)
      down(ms, { flags: "SA", win: 3, id: 0, options: "" })
      feed(ms, { flags: "A", seq: 1001, ack: 5001, payload: request })
      if (response !== undefined) down(ms, { flags: "A", seq: 5001, payload: response })
    },
    events: (...kinds: ReadonlyArray<string>): ReadonlyArray<Event> => {
      log.flush()
      return events.filter(({ event }) => kinds.includes(String(event)))
    },
    answer: (address: string, second = 0): ConnectionInfo => {
      const bytes = new Uint8Array(16)
      const ver = parseAddress(address, bytes)
      const words = [0, 4, 8, 12].map((at) => i32(bytes, at))
      const host = observer.lookUp(ver, words[0]!, words[1]!, words[2]!, words[3]!, START + second)
      const info = new ConnectionInfo()
      if (host >= 0) observer.fillConnectionInfo(host, info)
      return info
    }
  }
}

const LINUX: PacketFields = { ttl: 53, win: 64_240, options: "mss=1460,sok,ts=1000,nop,ws=7" }
const WINDOWS: PacketFields = { ttl: 117, win: 64_240, options: "mss=1460,nop,ws=8,nop,nop,sok" }
const linux = (ts: number): PacketFields => ({ ...LINUX, options: `mss=1460,sok,ts=${ts >>> 0},nop,ws=7` })
const answering = (ts: number): PacketFields => ({
  flags: "SA",
  id: 0,
  ttl: 64,
  win: 65_160,
  options: `mss=1460,sok,ts=${ts}:1,nop,ws=7`
})
const request = (...headers: ReadonlyArray<string>): string => ["GET / HTTP/1.1", ...headers, "", ""].join("\r\n")
const response = (...headers: ReadonlyArray<string>): string => ["HTTP/1.1 200 OK", ...headers, "", ""].join("\r\n")
const BROWSE = request("Host: a", "User-Agent: Gecko NT 6", "Accept-Language: de", "Accept: text/html", "Via: b")

test.each(["modern", "p0f"] as const)("mode %s: every field of an answer", (mode) => {
  const { exchange, answer, syn } = setUp(mode)
  for (const [n, ts] of [1_000_000, 1_000_100, 1_000_200].entries()) exchange(n * 1000, linux(ts), BROWSE)
  const known = {
    hasHost: true,
    fingerprint: undefined,
    hostOs: "Linux 5.x",
    hostOsMatchQ: 0,
    hostDist: 11,
    hostLink: "Ethernet",
    // 1,000,200 ticks of 100 Hz; modern mode knows that a Linux counts from five minutes before its start.
    uptimeMinutes: mode === "p0f" ? 166 : 171,
    upModDays: 497,
    badSw: 1,
    httpName: "Browser",
    httpFlavor: "1",
    language: "German",
    firstSeen: START,
    lastSeen: START + 2,
    totalConn: 3,
    lastNat: START + 2,
    nat: true
  }
  expect(answer(CLIENT, 2)).toMatchObject(known)
  // p0f notes 12 points each time: twice a change. In modern mode proxies are no change.
  expect(answer(CLIENT, 2)).toMatchObject(
    mode === "p0f"
      ? { lastChg: START + 1, sharedScore: 0, sharedReasons: 0 }
      : { lastChg: 0, sharedScore: 60, sharedReasons: 1 << 9 }
  )
  // With a fingerprint of its own an answer needs no system of the address.
  const info = new ConnectionInfo()
  info.fingerprint = {} as NonNullable<ConnectionInfo["fingerprint"]>
  syn(3000, { win: 1, options: "" })
  const host = answer(CLIENT, 3)
  expect([host.hostOs, host.totalConn]).toEqual(["Linux 5.x", 4])
  expect(answer("10.0.1.2", 3)).toEqual(new ConnectionInfo())
})

test("an address of which nothing but its existence is known", () => {
  for (const mode of ["modern", "p0f"] as const) {
    const { syn, answer } = setUp(mode)
    syn(5000, { win: 1, options: "" })
    const expected = new ConnectionInfo()
    Object.assign(expected, { hasHost: true, hostDist: -1, firstSeen: START + 5, lastSeen: START + 5, totalConn: 1 })
    expect(answer(SERVER, 5)).toEqual(expected)
    // An unknown distance is guessed, 64 being the next start.
    expected.hostDist = 0
    expect(answer(CLIENT, 5)).toEqual(expected)
  }
})

test("p0f mode: an address is shared for an hour after it was seen to be", () => {
  const { exchange, syn, answer } = setUp("p0f")
  for (let n = 0; n < 3; n++) exchange(n * 1000, LINUX, BROWSE)
  syn(3_602_000, LINUX)
  expect(answer(CLIENT)).toMatchObject({ nat: true, lastNat: START + 2, lastSeen: START + 3602 })
  syn(3_603_000, LINUX)
  expect(answer(CLIENT)).toMatchObject({ nat: false, lastNat: START + 2, lastSeen: START + 3603 })
})

test("the quality of a match: fuzzy 1, generic 2, by HTTP 2 or 0, and the last match counts", () => {
  for (const mode of ["modern", "p0f"] as const) {
    const { syn, exchange, answer } = setUp(mode)
    const quality = (): readonly [string | undefined, number] => {
      const { hostOs, hostOsMatchQ } = answer(CLIENT)
      return [hostOs, hostOsMatchQ]
    }
    syn(0, LINUX)
    expect(quality()).toEqual(["Linux 5.x", 0])
    syn(1000, { ...LINUX, df: false, id: 7 })
    expect(quality()).toEqual(["Linux 5.x", 1])
    syn(2000, { ...LINUX, win: 5000 })
    expect(quality()).toEqual(["Unix", 2])
    syn(3000, { ...LINUX, win: 5000, df: false, id: 7 })
    expect(quality()).toEqual(["Unix", 3])
    syn(4000, { win: 1, options: "" })
    expect(quality()).toEqual(["Unix", 3])
    exchange(5000, { win: 1, options: "" }, request("Host: a", "X-Phone: 1"))
    expect(quality()).toEqual(["Linux phone", 0])
    exchange(6000, { win: 1, options: "" }, request("Host: a", "X-Desktop: 1"))
    expect(quality()).toEqual(["Windows any", 2])
    exchange(7000, LINUX, request("Host: a"))
    expect(quality()).toEqual(["Linux 5.x", 0])
  }
})

test("software that is not what it says: 2 lasts until an honest User-Agent of the same system comes", () => {
  for (const mode of ["modern", "p0f"] as const) {
    const { exchange, answer } = setUp(mode)
    const browse = (agent: string): number => {
      exchange(0, LINUX, request("Host: a", `User-Agent: ${agent}`, "Accept: text/html"))
      return answer(CLIENT).badSw
    }
    expect(browse("Gecko Linux")).toBe(0)
    expect(browse("Gecko NT 6")).toBe(1)
    expect(browse("Gecko Linux")).toBe(0)
    expect(browse("Other NT 6")).toBe(2)
    expect(browse("Gecko NT 6")).toBe(2)
    expect(browse("Gecko")).toBe(2)
    expect(browse("Gecko Linux")).toBe(0)
    const server = (software: string): number => {
      exchange(0, LINUX, request("Host: a"), response(`Server: ${software}`, "Date: x"))
      return answer(SERVER).badSw
    }
    expect(server("nginx")).toBe(0)
    expect(server("other")).toBe(2)
    expect(answer(SERVER)).toMatchObject({ httpName: "nginx", httpFlavor: "1.x", language: undefined })
  }
})

test("an MSS that no link is named by leaves the link in p0f mode; a SYN without MSS leaves it in both", () => {
  for (const [mode, link] of [
    ["p0f", "Ethernet"],
    ["modern", undefined]
  ] as const) {
    const { syn, answer } = setUp(mode)
    syn(0, WINDOWS)
    syn(1000, { ...WINDOWS, options: "" })
    expect(answer(CLIENT).hostLink).toBe("Ethernet")
    syn(2000, { win: 1, options: "mss=1452" })
    expect(answer(CLIENT).hostLink).toBe("PPPoE")
    syn(3000, { win: 1, options: "mss=1111" })
    expect(answer(CLIENT).hostLink).toBe(link === undefined ? undefined : "PPPoE")
  }
})

/** Milliseconds of a response and its Date, and the reasons of the change that the last of them is. */
test.each<
  readonly [name: string, ...answers: ReadonlyArray<readonly [ms: number, date: string | undefined, changed: boolean]>]
>([
  ["as much later as the response", [0, "08:00:00", false], [60_000, "08:01:00", false]],
  ["ten seconds more", [0, "08:00:00", false], [60_000, "08:01:10", false]],
  ["eleven seconds more", [0, "08:00:00", false], [60_000, "08:01:11", true]],
  ["ten seconds back", [0, "08:00:00", false], [60_000, "07:59:50", false]],
  ["eleven seconds back", [0, "08:00:00", false], [60_000, "07:59:49", true]],
  ["none before", [0, undefined, false], [60_000, "09:00:00", false]],
  ["none now, and then one", [0, "08:00:00", false], [1000, undefined, false], [2000, "09:00:00", false]],
  ["the one before counts", [0, "08:00:00", false], [1000, "09:00:00", true], [2000, "09:00:01", false]]
])("the Date of a response: %s", (_, ...answers) => {
  for (const mode of ["modern", "p0f"] as const) {
    const { exchange, events } = setUp(mode)
    for (const [ms, date, changed] of answers) {
      const before = events("host change", "ip sharing").length
      const dated = date === undefined ? [] : [`Date: Tue, 15 Nov 1994 ${date} GMT`]
      exchange(ms, { win: 1, options: "" }, request("Host: a"), response("Content-Type: x", ...dated))
      const found = events("host change", "ip sharing").slice(before)
      // p0f calls 4 points a change; in modern mode 12 are none.
      expect(found.map(({ reasons, subject }) => [reasons, subject])).toEqual(
        changed && mode === "p0f" ? [[["date"], "server"]] : []
      )
    }
  }
})

test("modern mode: an uptime is that of a line with a clock, after two intervals of one rate, until it stops", () => {
  const { syn, down, answer, events } = setUp("modern")
  const uptimes = (): ReadonlyArray<readonly [unknown, unknown, unknown]> =>
    events("uptime").map(({ subject, uptime, raw_freq }) => [subject, uptime, raw_freq])
  // 1,000 Hz; five minutes before its start a Linux counts from the end of 32 bits.
  syn(0, linux(600_000 - 300_000))
  syn(1000, linux(601_000 - 300_000))
  expect([uptimes(), answer(CLIENT).uptimeMinutes]).toEqual([[], -1])
  syn(2000, linux(602_000 - 300_000))
  expect(uptimes()).toEqual([["client", 10, 1000]])
  expect(answer(CLIENT)).toMatchObject({ uptimeMinutes: 10, upModDays: 49 })
  syn(3000, linux(603_000 - 300_000))
  // Too soon to say.
  syn(3010, linux(603_010 - 300_000))
  expect(answer(CLIENT).uptimeMinutes).toBe(10)
  syn(4000, linux(604_000 - 300_000))
  syn(5000, linux(605_000 - 300_000))
  expect(answer(CLIENT).uptimeMinutes).toBe(10)
  // Another rate: the first interval of it is not enough.
  syn(6000, linux(605_250 - 300_000))
  expect(answer(CLIENT).uptimeMinutes).toBe(-1)
  syn(7000, linux(605_500 - 300_000))
  expect(answer(CLIENT)).toMatchObject({ uptimeMinutes: Math.floor((305_500 / 250 + 300) / 60), upModDays: 198 })
  // A jump is no clock at all.
  syn(8000, linux(4_000_000_000))
  expect(answer(CLIENT).uptimeMinutes).toBe(-1)
  syn(9000, linux(4_000_000_250))
  expect(answer(CLIENT).uptimeMinutes).toBe(-1)
  syn(10_000, linux(4_000_000_500))
  expect(answer(CLIENT).uptimeMinutes).toBe(Math.floor((4_000_000_500 / 250 + 300) / 60))
  // A stack without a clock.
  syn(11_000, WINDOWS)
  expect(answer(CLIENT).uptimeMinutes).toBe(-1)
  const before = uptimes().length
  // Servers have clocks of their own.
  for (const [n, ts] of [90_000_000, 90_000_100, 90_000_200, 90_000_300].entries()) {
    syn(20_000 + n * 1000, { win: 1, options: "" })
    down(20_000 + n * 1000, answering(ts))
    expect(answer(SERVER).uptimeMinutes).toBe(n < 2 ? -1 : Math.floor((ts / 100 + 300) / 60))
  }
  expect(
    uptimes()
      .slice(before)
      .map(([subject]) => subject)
  ).toEqual(["server", "server"])
  syn(30_000, { win: 1, options: "" })
  down(30_000, { flags: "SA", id: 0, ttl: 64, win: 5, options: "ts=5" })
  expect(answer(SERVER).uptimeMinutes).toBe(-1)
})

test.each(["modern", "p0f"] as const)("mode %s: counts of what came", (mode) => {
  const { observer, syn, feed, down, exchange } = setUp(mode, { maxFlows: 4, maxHosts: 3 })
  exchange(0, LINUX, request("Host: a"), response("Server: a"))
  syn(100, WINDOWS)
  feed(200, WINDOWS)
  down(300, answering(1))
  feed(400, { flags: "A", seq: 1001, payload: "\u0016\u0003\u0001 no request at all" })
  feed(500, { mf: true, fragmentOffset: 8 })
  feed(500, { ihl: 4 })
  feed(500, { ipLength: 1500 })
  feed(500, { flags: "P" })
  expect(observer.counts).toEqual({
    packets: 12,
    verdicts: Object.assign([8, 0, 0, 0, 0, 0], {
      [VERDICT_FRAGMENT]: 1,
      [VERDICT_MALFORMED]: 1,
      [VERDICT_TRUNCATED]: 1,
      [VERDICT_OTHER]: 1
    }),
    syns: 2,
    repeatedSyns: 1,
    synAcks: 2,
    // The first SYN+ACK was that of nobody.
    matched: 3,
    httpRequests: 1,
    httpResponses: 1,
    httpDropped: 0,
    uptimes: 0,
    hostChanges: 1,
    ipSharings: 0,
    hosts: 2,
    hostsEvicted: 0,
    hostsExpired: 0,
    flows: 0,
    flowsEvicted: 0,
    flowsExpired: 0
  })
})

test("a connection that a front end asked about is known by its packet, its second and its microsecond", () => {
  const { observer, events } = setUp("modern")
  const packet = new Packet()
  const { bytes } = ethernet(tcp({ src: CLIENT, dst: SERVER, sport: 7, dport: 443, ...LINUX }))
  decodeFrame(bytes, 0, bytes.length, bytes.length, LINKTYPE_ETHERNET, packet)
  observer.connection(packet, START * 1000 + 1234.5)
  observer.connection(packet, START * 1000 + 9876)
  const front = { client: CLIENT, client_port: 7, server: SERVER, server_port: 443, subject: "client" }
  expect(events("syn")).toMatchObject([
    { time: START + 1.2345, ...front },
    { time: START + 9.876, ...front }
  ])
  expect(observer.counts).toMatchObject({
    packets: 2,
    syns: 2,
    matched: 2,
    hosts: 1,
    flows: 0,
    verdicts: [0, 0, 0, 0, 0, 0]
  })
})

test("a reload forgets the connections in progress and what hosts looked like, not who they are", () => {
  for (const mode of ["modern", "p0f"] as const) {
    const { observer, feed, down, syn, exchange, answer, events } = setUp(mode)
    exchange(
      0,
      LINUX,
      request("Host: a", "User-Agent: Gecko Linux", "Accept: text/html"),
      response("Server: nginx", "Date: x")
    )
    syn(1000, LINUX)
    down(1000, answering(1))
    expect(observer.counts.flows).toBe(1)
    const reading = readDatabases([{ name: "other.fp", text: DATABASE.replace("Browser:1", "Browser:2") }], mode)
    observer.setMatcher(new Matcher(reading.database!, mode, 64))
    expect(observer.matcher.database).toBe(reading.database!)
    expect(observer.labels.database).toBe(reading.database!)
    expect(observer.counts.flows).toBe(0)
    feed(1100, { flags: "A", seq: 1001, ack: 5001, payload: request("Host: a") })
    expect(events("http request")).toHaveLength(1)
    // A label that the new database does not have is forgotten.
    expect(answer(CLIENT)).toMatchObject({ hostOs: "Linux 5.x", httpName: undefined, httpFlavor: undefined })
    expect(answer(SERVER)).toMatchObject({ hostOs: "Linux 5.x", httpName: "nginx", httpFlavor: "1.x" })
    const changes = events("host change").length
    // Neither the line of the last SYN nor that of the last response is there to compare with.
    exchange(2000, { ...LINUX, win: 29_200, ttl: 40 }, request("Host: a"), response("Date: x", "Server: Apache"))
    const reasons = events("host change")
      .slice(changes)
      .flatMap((event) => event["reasons"] as ReadonlyArray<string>)
    expect(reasons).toEqual(mode === "p0f" ? [] : ["ttl"])
  }
})

test("p0f mode: hosts that expire are new hosts when they come back, the server of the last SYN too", () => {
  const { observer, feed, syn, answer } = setUp("p0f", { hostIdleMinutes: 1 })
  syn(0, LINUX)
  syn(1000, LINUX)
  // 60 seconds behind the last connection none is too old, 61 behind all are; flows of half a minute are in both cases.
  for (let n = 0; n < 48; n++) feed(61_000, { src: "10.9.9.9", flags: "A" })
  expect(observer.counts).toMatchObject({ hosts: 2, hostsExpired: 0, flows: 0, flowsExpired: 2 })
  expect(answer(SERVER)).toMatchObject({ totalConn: 2, firstSeen: START })
  for (let n = 0; n < 50; n++) feed(62_000, { src: "10.9.9.9", flags: "A" })
  expect(observer.counts).toMatchObject({ hosts: 0, hostsExpired: 2, hostsEvicted: 0 })
  expect(answer(SERVER).hasHost).toBe(false)
  syn(63_000, { ...LINUX, src: "10.0.1.7" })
  syn(64_000, { ...LINUX, src: "10.0.1.8" })
  expect(answer(SERVER)).toMatchObject({ hasHost: true, totalConn: 2, firstSeen: START + 63, lastSeen: START + 64 })
  expect(observer.counts).toMatchObject({ hosts: 3, flows: 2 })
  // A reload looks at those that are there.
  observer.setMatcher(observer.matcher)
  expect(observer.counts).toMatchObject({ hosts: 3, flows: 0, flowsExpired: 2, flowsEvicted: 0 })
})

test("p0f mode: counts of flows and hosts that had to go", () => {
  const { observer, syn } = setUp("p0f", { maxFlows: 9, maxHosts: 3 })
  for (let n = 0; n < 10; n++) syn(n, { ...LINUX, src: `10.0.1.${n % 3}` })
  // One more of each than the limits.
  expect(observer.counts).toMatchObject({ flows: 10, flowsEvicted: 0, hosts: 4, hostsEvicted: 0 })
  // The eleventh flow costs two; its host is the fifth and costs 1 + 8 / 10 flows, and a host if the oldest has none.
  syn(20, { ...LINUX, src: "10.0.1.50" })
  expect(observer.counts).toMatchObject({ flows: 8, flowsEvicted: 3 })
  expect(observer.counts.hosts + observer.counts.hostsEvicted).toBe(5)
})

test("an application's SYN or SYN+ACK ends its flow, a probe's SYN+ACK too", () => {
  for (const mode of ["modern", "p0f"] as const) {
    const { observer, syn, down } = setUp(mode)
    const flows = (): number => observer.counts.flows
    syn(0, { df: false, win: 1024, options: "mss=1460" })
    expect([flows(), observer.counts.syns, observer.counts.matched]).toEqual([0, 1, 1])
    syn(0, LINUX)
    expect(flows()).toBe(1)
    down(0, { flags: "SA", id: 0, win: 1024, options: "mss=1460" })
    expect([flows(), observer.counts.synAcks, observer.counts.matched]).toEqual([0, 1, 3])
    syn(0, { df: false, ttl: 192, win: 1337, options: "mss=1331" })
    expect(flows()).toBe(1)
    down(0, { flags: "SA", win: 7, options: "" })
    expect([flows(), observer.counts.synAcks]).toEqual([0, 2])
  }
})

test("modern mode: an address behind which servers of two systems take turns", () => {
  const { syn, down, answer, events } = setUp("modern")
  const windows = { flags: "SA", ttl: 117, win: 65_535, options: "mss=1460,nop,ws=8,nop,nop,sok" }
  const linuxServer = { flags: "SA", id: 0, ttl: 53, win: 65_160, options: "mss=1460,sok,ts=1:1,nop,ws=7" }
  const scores = [linuxServer, windows, linuxServer, windows, { ...linuxServer, ttl: 45 }].map((stack, n) => {
    syn(n * 100, { win: 1, options: "" })
    down(n * 100, stack)
    return answer(SERVER).sharedScore
  })
  // The last one is of a known stack and of a third distance: 35, and half of it more.
  expect(scores).toEqual([0, 30, 60, 90, 100])
  expect(events("host change", "ip sharing").map(({ event, subject, reasons }) => [event, subject, reasons])).toEqual([
    ["host change", "server", ["os_diff"]],
    ["ip sharing", "server", ["os_diff"]]
  ])
  // The client is one system, whose SYN says nothing.
  expect(answer(CLIENT)).toMatchObject({ sharedScore: 0, sharedReasons: 0, nat: false })
})
