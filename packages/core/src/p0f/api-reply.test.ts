/**
 * Queries and replies of p0f's API, byte by byte as its api.h lays them out.
 */
import { expect, test } from "bun:test"
import { parseAddress } from "../address/address.ts"
import { Observer } from "../history/observer.ts"
import { capturedFrame } from "../testing/captured-frame.ts"
import { readDatabases } from "../tcp/database/reader.ts"
import { Matcher } from "../tcp/matching/matcher.ts"
import { ethernet } from "../testing/layers.ts"
import { SCENARIO_DATABASE } from "../testing/p0f-scenarios.ts"
import { type PacketFields, tcp } from "../testing/packets.ts"
import { P0fResponder } from "./api.ts"

type ReplyLayout = "p0f" | "friendly"

const QUERY_BYTES = 21
const START = 1_700_000_000
const CLIENT = "10.0.1.1"
const SERVER = "2001:db8:1:2:3:4:5:6"
const SERVER4 = "10.0.0.9"

function setUp(text = SCENARIO_DATABASE) {
  const { database } = readDatabases([{ name: "scenarios.fp", text }], "p0f")
  const observer = new Observer({
    mode: "p0f",
    matcher: new Matcher(database!, "p0f", 64),
    maxFlows: 100,
    maxHosts: 100,
    flowAgeSeconds: 30,
    hostIdleMinutes: 120
  })
  return {
    feed: (second: number, fields: PacketFields): void => {
      const { bytes } = ethernet(tcp({ dst: SERVER4, dport: 80, ...fields }))
      observer.frame(capturedFrame(bytes, { sec: START + second }))
    },
    /** The reply to a query, which lies in the middle of other bytes as the query does. */
    ask: (query: Uint8Array, layout: ReplyLayout = "p0f"): Uint8Array => {
      const asked = new Uint8Array(QUERY_BYTES + 9).fill(0xee)
      asked.set(query, 5)
      const responder = new P0fResponder(observer, layout)
      const length = layout === "p0f" ? 232 : 236
      const out = new Uint8Array(length + 9).fill(0xdd)
      expect([responder.replyBytes, responder.reply(asked, 5, START, out, 3)]).toEqual([length, length])
      expect([...out.subarray(0, 3), ...out.subarray(3 + length)]).toEqual(Array(9).fill(0xdd))
      return out.slice(3, 3 + length)
    }
  }
}

function queryOf(address: string, magic = 0x50304601, type?: number): Uint8Array {
  const query = new Uint8Array(QUERY_BYTES)
  const family = parseAddress(address, query, 5)
  new DataView(query.buffer).setUint32(0, magic, true)
  query[4] = type ?? family
  return query
}

/** A reply whose numbers and texts lie at the offsets given; all other bytes are 0. */
function reply(
  layout: ReplyLayout,
  numbers: Readonly<Record<number, readonly [bytes: 1 | 2 | 4, value: number]>>,
  texts: Readonly<Record<number, string>>
): Uint8Array {
  const bytes = new Uint8Array(layout === "p0f" ? 232 : 236)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x50304602, true)
  for (const [at, [size, value]] of Object.entries(numbers)) {
    if (size === 4) view.setUint32(Number(at), value, true)
    else if (size === 2) view.setUint16(Number(at), value, true)
    else bytes[Number(at)] = value
  }
  for (const [at, text] of Object.entries(texts)) bytes.set(new TextEncoder().encode(text), Number(at))
  return bytes
}

test("a reply tells all that is on file, in p0f's layout and in the friendly one", () => {
  const { feed, ask } = setUp()
  // A generic line of the database, from the second SYN on a fuzzy match of it; a clock of 1 Hz; eleven hops away.
  const syn = (second: number, fields: PacketFields = {}): void =>
    feed(second, {
      src: CLIENT,
      sport: 40_000 + second,
      seq: 1000,
      ttl: 53,
      win: 5000,
      options: `mss=1460,sok,ts=${3_000_000_000 + second},nop,ws=7`,
      ...fields
    })
  syn(0)
  for (const second of [10, 20, 30]) {
    syn(second, { tos: 1 })
    feed(second, { src: SERVER4, dst: CLIENT, sport: 80, dport: 40_000 + second, seq: 5000, ack: 1001, flags: "SA" })
    // A proxy, and a browser on Windows: 12 points each time, and the third time the address is shared.
    const request =
      "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: Gecko NT 6\r\nAccept-Language: de\r\nAccept: text/html\r\nVia: b\r\n\r\n"
    feed(second, { src: CLIENT, sport: 40_000 + second, seq: 1001, ack: 5001, flags: "A", payload: request })
  }
  const numbers = {
    4: [4, 0x10],
    8: [4, START],
    12: [4, START + 30],
    16: [4, 4],
    20: [4, Math.floor(3_000_000_030 / 60)],
    24: [4, Math.floor(0xffffffff / 86_400)],
    28: [4, START + 30],
    32: [4, START + 20],
    36: [2, 11],
    38: [1, 1],
    39: [1, 3]
  } as const
  const names = { 40: "Unix", 104: "Browser", 136: "1" }
  expect(ask(queryOf(CLIENT))).toEqual(reply("p0f", numbers, { ...names, 168: "Ethernet", 200: "German" }))
  const friendly = { ...numbers, 168: [2, 1500], 170: [2, 1460] } as const
  expect(ask(queryOf(CLIENT), "friendly")).toEqual(
    reply("friendly", friendly, { ...names, 172: "Ethernet", 204: "German" })
  )
  // A link without a name has its numbers in the friendly layout.
  syn(31, { options: `mss=1300,sok,ts=${3_000_000_031},nop,ws=7`, tos: 1 })
  expect(ask(queryOf(CLIENT), "friendly")).toEqual(
    reply(
      "friendly",
      { ...friendly, 12: [4, START + 31], 16: [4, 5], 168: [2, 1340], 170: [2, 1300], 20: [4, 50_000_000] },
      { ...names, 172: "Ethernet", 204: "German" }
    )
  )
})

test("the MSS of a link stays known when a SYN without one comes", () => {
  const { feed, ask } = setUp()
  const mss = (): number => new DataView(ask(queryOf(CLIENT), "friendly").buffer).getUint16(170, true)
  for (const [second, options, expected] of [
    [1, "", 0],
    [2, "mss=1400", 1400],
    [3, "nop", 1400],
    [4, "", 1400],
    [5, "mss=1300", 1300],
    [6, "sok", 1300]
  ] as const) {
    feed(second, { src: CLIENT, sport: 1000 + second, options })
    expect([second, mss()]).toEqual([second, expected])
  }
})

test("of a server that never answered little is known, and its distance is 255", () => {
  const { feed, ask } = setUp()
  feed(7, { src: "2001:db8::1", dst: SERVER, win: 1, options: "" })
  const silent = { 4: [4, 0x10], 8: [4, START + 7], 12: [4, START + 7], 16: [4, 1], 36: [2, 255] } as const
  expect(ask(queryOf(SERVER))).toEqual(reply("p0f", silent, {}))
  expect(ask(queryOf(SERVER), "friendly")).toEqual(reply("friendly", silent, {}))
  // An uptime of less than a minute is 0, with the days that its clock counts.
  for (const ticks of [500, 600]) {
    feed(9, { src: "2001:db8::1", dst: SERVER, sport: ticks, win: 1, options: "" })
    feed(ticks / 100, {
      src: SERVER,
      dst: "2001:db8::1",
      sport: 80,
      dport: ticks,
      flags: "SA",
      ack: 1,
      win: 1,
      options: `ts=${ticks}`
    })
  }
  const answer = ask(queryOf(SERVER))
  expect([...answer.subarray(20, 28)]).toEqual([0, 0, 0, 0, 497 & 255, 497 >> 8, 0, 0])
})

test("every word of an IPv6 address and the first four bytes of an IPv4 query count", () => {
  const { feed, ask } = setUp()
  feed(0, { src: CLIENT })
  feed(0, { src: "2001:db8::1", dst: SERVER })
  const status = (query: Uint8Array): number => new DataView(ask(query).buffer).getUint32(4, true)
  expect(status(queryOf(SERVER))).toBe(0x10)
  for (let at = 5; at < QUERY_BYTES; at++) {
    const other = queryOf(SERVER)
    other[at]! ^= 1
    expect(ask(other)).toEqual(reply("p0f", { 4: [4, 0x20] }, {}))
    const ipv4 = queryOf(CLIENT)
    ipv4[at]! ^= 1
    expect([at, status(ipv4)]).toEqual([at, at < 9 ? 0x20 : 0x10])
  }
  // Equal words are another address of the other family.
  expect(status(queryOf(SERVER, undefined, 4))).toBe(0x20)
  expect(status(queryOf(CLIENT, undefined, 6))).toBe(0x20)
})

test("a query with another magic or type is bad", () => {
  const { feed, ask } = setUp()
  feed(0, { src: CLIENT })
  const bad = reply("p0f", {}, {})
  for (const bit of [0, 8, 16, 24]) expect(ask(queryOf(CLIENT, (0x50304601 ^ (1 << bit)) >>> 0))).toEqual(bad)
  for (const type of [0, 5, 7, 255]) expect(ask(queryOf(CLIENT, undefined, type))).toEqual(bad)
  expect(ask(queryOf(CLIENT, 0), "friendly")).toEqual(reply("friendly", {}, {}))
})

test("a text of 32 bytes and more fills its field without an end", () => {
  const flavor = "0123456789abcdef0123456789abcdefMORE"
  const { feed, ask } = setUp(SCENARIO_DATABASE.replace("s:unix:Linux:5.x", `s:unix:Linux:${flavor}`))
  feed(0, { src: CLIENT, win: 64_240, options: "mss=1460,sok,ts=1,nop,ws=7" })
  const answer = ask(queryOf(CLIENT))
  expect(new TextDecoder().decode(answer.subarray(40, 45))).toBe("Linux")
  expect(new TextDecoder().decode(answer.subarray(72, 105))).toBe(`${flavor.slice(0, 32)}\0`)
})
