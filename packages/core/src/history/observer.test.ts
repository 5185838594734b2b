/**
 * Modern mode beside p0f mode on the same packets, and the reasons for each difference. (p0f mode is compared with p0f itself in test/parity.)
 */
import { expect, test } from "bun:test"
import { ConnectionInfo } from "../connection-info.ts"
import { readDatabases } from "../tcp/database/reader.ts"
import { Matcher } from "../tcp/matching/matcher.ts"
import { CapturedFrame } from "../packet/capture/captured-frame.ts"
import { decodeFrame } from "../packet/frame.ts"
import { LINKTYPE_ETHERNET } from "../packet/link.ts"
import { Packet } from "../packet/packet.ts"
import { SMALL_HISTORY } from "../testing/small-history.ts"
import { ethernet, type Layer, type PacketFields, seededRandom, tcp, vlan } from "../testing/index.ts"
import { JsonLog } from "./log/json-log.ts"
import { Observer, type ObserverOptions } from "./observer.ts"

const DATABASE = `classes = unix,win
[mtu]
label = Ethernet
sig = 1500
[tcp:request]
label = s:unix:Linux:5.x
sig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0
sig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df:0
;@ clock=yes
label = s:unix:OldBSD:
sig = *:64:0:*:*,*:mss,nop,ws,sok,ts:df,id+:0
label = s:win:Windows:10
sig = *:128:0:*:*,*:mss,nop,ws,nop,nop,sok:df,id+:0
[tcp:response]
label = s:unix:Linux:5.x
sig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df:0
[http:request]
ua_os = Linux,Windows
label = s:!:Browser:1
sys = @unix,@win
sig = *:Host,User-Agent::
[http:response]
label = s:!:Served:1
sys = @unix
sig = *:Server,Date::
`

type Event = Record<string, unknown> & { readonly event: string }

const database = (text: string, mode: "modern" | "p0f") => {
  const reading = readDatabases([{ name: "test.fp", text }], mode)
  if (reading.database === undefined) throw new Error(JSON.stringify(reading.problems))
  return reading.database
}

/** An Ethernet frame that was captured whole. */
const captured = (bytes: Uint8Array, sec: number, usec: number): CapturedFrame => {
  const { length } = bytes
  return Object.assign(new CapturedFrame(), {
    bytes,
    captured: length,
    wire: length,
    linkType: LINKTYPE_ETHERNET,
    sec,
    usec
  })
}

function setUp(mode: "modern" | "p0f" = "modern", options: Partial<ObserverOptions> = {}) {
  const events: Array<Event> = []
  const log = new JsonLog((text) => {
    for (const line of text.split("\n")) if (line !== "") events.push(JSON.parse(line) as Event)
  })
  const observer = new Observer({
    mode,
    matcher: new Matcher(database(DATABASE, mode), mode, 64),
    ...SMALL_HISTORY,
    maxHosts: 16,
    log,
    ...options
  })
  let ms = 1_700_000_000_000
  return {
    observer,
    /** Lets time pass. */
    wait: (by: number): void => {
      ms += by
    },
    feed: (layer: Layer): void => {
      const { bytes } = ethernet(layer)
      observer.frame(captured(bytes, Math.floor(ms / 1000), (ms % 1000) * 1000))
    },
    events: (): ReadonlyArray<Event> => {
      log.flush()
      return events
    },
    count: (event: string): number => {
      log.flush()
      return events.filter((one) => one.event === event).length
    },
    host: (address: string): ConnectionInfo => {
      const packet = new Packet()
      const { bytes } = ethernet(tcp({ src: address, dst: "203.0.113.1" }))
      decodeFrame(bytes, 0, bytes.length, bytes.length, LINKTYPE_ETHERNET, packet)
      const host = observer.lookUp(
        packet.ver,
        packet.src0,
        packet.src1,
        packet.src2,
        packet.src3,
        Math.floor(ms / 1000)
      )
      const info = new ConnectionInfo()
      if (host >= 0) observer.fillConnectionInfo(host, info)
      return info
    }
  }
}

const CLIENT = "198.51.100.7"
const SERVER = "192.0.2.1"
const syn = (fields: PacketFields = {}): PacketFields => ({
  src: CLIENT,
  dst: SERVER,
  sport: 40_000,
  dport: 80,
  seq: 1000,
  ttl: 60,
  id: 7,
  df: true,
  win: 64240,
  options: "mss=1460,sok,ts=1,nop,ws=7",
  ...fields
})
const synAck = (fields: PacketFields = {}): PacketFields => ({
  src: SERVER,
  dst: CLIENT,
  sport: 80,
  dport: 40_000,
  seq: 5000,
  ack: 1001,
  flags: "SA",
  ttl: 64,
  df: true,
  win: 65160,
  options: "mss=1460,sok,ts=9:1,nop,ws=7",
  ...fields
})
const data = (side: "client" | "server", seq: number, payload: string): PacketFields =>
  side === "client"
    ? { src: CLIENT, dst: SERVER, sport: 40_000, dport: 80, seq, ack: 1, flags: "A", payload }
    : { src: SERVER, dst: CLIENT, sport: 80, dport: 40_000, seq, ack: 1, flags: "A", payload }
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: Browser on Windows\r\n\r\n"

test("random timestamps and ports of one kernel are no sign of NAT; p0f takes them for it", () => {
  for (const [mode, expected] of [
    ["modern", false],
    ["p0f", true]
  ] as const) {
    const { feed, wait, count } = setUp(mode, { maxFlows: 200 })
    const random = seededRandom(4)
    for (let i = 0; i < 60; i++) {
      feed(
        tcp(
          syn({ sport: 32768 + random.below(28000), options: `mss=1460,sok,ts=${1 + random.below(2 ** 31)},nop,ws=7` })
        )
      )
      wait(500)
    }
    expect(count("syn")).toBe(60)
    expect(count("host change") > 0).toBe(expected)
    expect(count("ip sharing") > 0).toBe(expected)
  }
})

test("two stacks behind one address are", () => {
  const { feed, wait, count, host } = setUp()
  for (let i = 0; i < 6; i++) {
    const windows = { ttl: 120, options: "mss=1460,nop,ws=8,nop,nop,sok" }
    feed(tcp(syn({ sport: 41_000 + i, ...(i % 2 === 0 ? {} : windows) })))
    wait(1000)
  }
  expect(count("host change")).toBeGreaterThan(0)
  expect(count("ip sharing")).toBeGreaterThan(0)
  expect(host(CLIENT).nat).toBe(true)
})

test("a flow label, IP-ID or ECN that comes and goes is not", () => {
  const { feed, count } = setUp()
  const address = { src: "2001:db8::7", dst: "2001:db8::1", options: "mss=1440,sok,ts=1,nop,ws=7,nop" }
  for (let i = 0; i < 20; i++) feed(tcp(syn({ ...address, sport: 41_000 + i, flowLabel: i % 2 === 0 ? 0 : 77 + i })))
  expect(count("syn")).toBe(20)
  expect(count("host change")).toBe(0)
})

test("a drop of the TTL of a far host counts, which p0f overlooks", () => {
  const totals = (["modern", "p0f"] as const).map((mode) => {
    const { feed, wait, count } = setUp(mode)
    for (const [i, ttl] of [50, 40].entries()) {
      feed(tcp(syn({ sport: 41_000 + i, ttl, options: "mss=1460,sok,ts=0,nop,ws=7" })))
      wait(1000)
    }
    return count("host change")
  })
  expect(totals).toEqual([1, 0])
})

test("uptime is reported for a stack with one clock, after three SYNs that agree", () => {
  const { feed, wait, events, host } = setUp()
  const bsd = (ts: number, sport: number) => tcp(syn({ sport, options: `mss=1460,nop,ws=6,sok,ts=${ts}` }))
  const minutes = (ts: number): number => Math.floor(ts / 100 / 60)
  for (const [i, ts] of [600_000, 600_100].entries()) {
    feed(bsd(ts, 41_000 + i))
    wait(1000)
    expect(host(CLIENT).uptimeMinutes).toBe(-1)
  }
  feed(bsd(600_200, 41_002))
  expect(host(CLIENT).uptimeMinutes).toBe(minutes(600_200))
  expect(host(CLIENT).upModDays).toBe(497)
  expect(events().find((one) => one.event === "uptime")).toMatchObject({
    uptime: 100,
    raw_freq: 100,
    subject: "client"
  })
  // Another machine behind the address.
  wait(1000)
  feed(bsd(77, 41_003))
  expect(host(CLIENT).uptimeMinutes).toBe(-1)
})

test("uptime is never reported for a stack whose timestamps start at random, though p0f would", () => {
  for (const [mode, expected] of [
    ["modern", 0],
    ["p0f", 1]
  ] as const) {
    const { feed, wait, count } = setUp(mode)
    for (let i = 0; i < 3; i++) {
      feed(tcp(syn({ sport: 41_000 + i, options: `mss=1460,sok,ts=${5000 + i * 1000},nop,ws=7` })))
      wait(1000)
    }
    expect(count("uptime") > 0 ? 1 : 0).toBe(expected)
  }
})

test("a response keeps its header lines across packets; p0f loses the one that is cut", () => {
  for (const [mode, app] of [
    ["modern", "Served 1"],
    ["p0f", undefined]
  ] as const) {
    const { feed, events, host } = setUp(mode)
    feed(tcp(syn()))
    feed(tcp(synAck()))
    feed(tcp(data("client", 1001, REQUEST)))
    const pieces = ["HTTP/1.1 200 OK\r\nServer: x\r\n", "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n\r\n"]
    let seq = 5001
    for (const piece of pieces) {
      feed(tcp(data("server", seq, piece)))
      seq += piece.length
    }
    const response = events().find((one) => one.event === "http response")!
    expect(response["app"]).toBe(app)
    if (app !== undefined) expect(host(SERVER).httpName).toBe("Served")
  }
})

test("a User-Agent is only held against an OS that is known", () => {
  for (const [mode, options, badSw] of [
    ["modern", "mss=1460,sok,ts=1,nop,ws=7", 1],
    ["modern", "mss=1460", 0],
    ["p0f", "mss=1460", 1]
  ] as const) {
    const { feed, host } = setUp(mode)
    feed(tcp(syn({ options })))
    feed(tcp(synAck()))
    feed(tcp(data("client", 1001, REQUEST)))
    const seen = host(CLIENT)
    expect(seen.httpName).toBe("Browser")
    expect(seen.badSw).toBe(badSw)
  }
})

test("a request in the SYN is read when the server takes it, and again when it does not", () => {
  for (const ack of [1001 + REQUEST.length, 1001]) {
    const { feed, count, observer } = setUp()
    feed(tcp(syn({ payload: REQUEST })))
    feed(tcp(synAck({ ack })))
    expect(count("http request")).toBe(ack === 1001 ? 0 : 1)
    if (ack === 1001) feed(tcp(data("client", 1001, REQUEST)))
    expect(count("http request")).toBe(1)
    feed(tcp(data("server", 5001, "HTTP/1.0 200 OK\r\nServer: x\r\n\r\n")))
    expect(count("http response")).toBe(1)
    expect(observer.counts.flows).toBe(0)
  }
})

test("tagged frames are read, which p0f mode holds back", () => {
  for (const [mode, syns] of [
    ["modern", 1],
    ["p0f", 0]
  ] as const) {
    const { feed, observer } = setUp(mode)
    feed(vlan(100, tcp(syn())))
    expect(observer.counts.syns).toBe(syns)
  }
})

test("a repeated SYN is counted and changes nothing, another sequence number is a new connection", () => {
  const { feed, observer, host } = setUp()
  feed(tcp(syn()))
  feed(tcp(syn()))
  feed(tcp(syn({ seq: 2000 })))
  expect(observer.counts).toMatchObject({ syns: 2, repeatedSyns: 1, flows: 1 })
  expect(host(CLIENT).totalConn).toBe(2)
})

test("flows end with FIN and RST, with TLS at the first bytes, by age, and when others come", () => {
  const { feed, wait, observer } = setUp()
  const flows = (): number => observer.counts.flows
  feed(tcp(syn()))
  feed(tcp({ ...data("client", 1001, ""), flags: "R" }))
  expect(flows()).toBe(0)
  feed(tcp(syn()))
  feed(tcp(synAck()))
  expect(flows()).toBe(1)
  feed(tcp(data("client", 1001, "\u0016\u0003\u0001 and more than fifteen bytes")))
  expect(flows()).toBe(0)
  for (let i = 0; i < 20; i++) feed(tcp(syn({ sport: 41_000 + i })))
  expect(flows()).toBe(16)
  expect(observer.counts.flowsEvicted).toBe(4)
  wait(31_000)
  feed(tcp(syn({ sport: 50_000 })))
  expect(flows()).toBe(1)
  expect(observer.counts.flowsExpired).toBe(16)
})

test("time that runs backwards ends nothing; in p0f mode every flow", () => {
  for (const [mode, flows] of [
    ["modern", 1],
    ["p0f", 0]
  ] as const) {
    const { feed, wait, observer } = setUp(mode)
    feed(tcp(syn()))
    wait(-10_000)
    // p0f looks at every 50th packet.
    for (let i = 0; i < 49; i++) feed(tcp({ ...data("client", 77, ""), src: "198.51.100.99" }))
    expect(observer.counts.flows).toBe(flows)
  }
})

test("connections that a front end asks about make history without flows", () => {
  const { observer, host } = setUp()
  const packet = new Packet()
  for (let i = 0; i < 3; i++) {
    const { bytes } = ethernet(tcp(syn({ sport: 41_000 + i })))
    decodeFrame(bytes, 0, bytes.length, bytes.length, LINKTYPE_ETHERNET, packet)
    observer.connection(packet, 1_700_000_000_000 + i * 1000)
  }
  expect(observer.counts).toMatchObject({ syns: 3, flows: 0, hosts: 1 })
  expect(host(CLIENT)).toMatchObject({ totalConn: 3, hostOs: "Linux 5.x", hostDist: 4, hostLink: "Ethernet" })
})

test("a feed knows IPv6 clients by their /64 and servers by address; p0f mode knows all by address", () => {
  for (const mode of ["modern", "p0f"] as const) {
    const { feed, host } = setUp(mode)
    const options = "mss=1440,sok,ts=1,nop,ws=7"
    const [one, other, server] = ["2001:db8:1:2::5", "2001:db8:1:2:a:b:c:d", "2001:db8:9::1"]
    feed(tcp(syn({ src: one, dst: server, options })))
    feed(tcp({ ...synAck({ src: server, dst: one, options: "mss=1440,sok,ts=9:1,nop,ws=7" }) }))
    feed(tcp(syn({ src: other, dst: server, sport: 40_001, options })))
    expect([mode, host(one).totalConn]).toEqual([mode, mode === "modern" ? 2 : 1])
    expect([mode, host("2001:db8:1:2::99").totalConn]).toEqual([mode, mode === "modern" ? 2 : 0])
    expect([mode, host(server).totalConn]).toEqual([mode, 2])
    expect([mode, host("2001:db8:9::2").totalConn]).toEqual([mode, 0])
  }
})

test("a reload carries labels over by what they say", () => {
  const { feed, observer, host } = setUp()
  feed(tcp(syn()))
  feed(tcp(syn({ src: "198.51.100.8", ttl: 120, options: "mss=1460,nop,ws=8,nop,nop,sok" })))
  expect(host("198.51.100.8").hostOs).toBe("Windows 10")
  const changed = DATABASE.replace("s:win:Windows:10", "s:win:Windows:11").replace(
    "classes = unix,win",
    "classes = win,unix"
  )
  observer.setMatcher(new Matcher(database(changed, "modern"), "modern", 64))
  expect(host(CLIENT).hostOs).toBe("Linux 5.x")
  expect(host("198.51.100.8").hostOs).toBeUndefined()
  feed(tcp(syn({ src: "198.51.100.8", ttl: 120, sport: 40_001, options: "mss=1460,nop,ws=8,nop,nop,sok" })))
  expect(host("198.51.100.8").hostOs).toBe("Windows 11")
})

test("random bytes never throw, in either mode", () => {
  const random = seededRandom(9)
  for (const mode of ["modern", "p0f"] as const) {
    const { observer } = setUp(mode)
    const { bytes: good } = ethernet(tcp(syn({ payload: REQUEST })))
    for (let i = 0; i < 20_000; i++) {
      const bytes = good.slice(0, random.below(good.length + 1))
      for (let flips = random.below(4); flips > 0 && bytes.length > 0; flips--)
        bytes[random.below(bytes.length)] = random.below(256)
      observer.frame(captured(bytes, 1_700_000_000 + (i >> 5), i % 1000))
    }
    expect(observer.counts.packets).toBe(20_000)
    expect(observer.counts.hosts).toBeLessThanOrEqual(64)
  }
})
