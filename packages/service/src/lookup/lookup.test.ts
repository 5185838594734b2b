import { expect, test } from "bun:test"
import {
  ConnectionInfo,
  BUILTIN,
  BUILTIN_DATABASE,
  Matcher,
  Observer,
  makeConnectionKey,
  parseConnectionKey,
  readDatabases
} from "@synprint/core"
import {
  capturedFrame,
  LINKTYPE_RAW,
  type PacketFields,
  printConnectionKey,
  REASON_OS_DIFF,
  SMALL_HISTORY,
  tcp
} from "@synprint/core/testing"
import { makeFakeBackend } from "../testing/fake-backend.ts"
import { makeFingerprintLookup } from "./lookup.ts"

const database = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern").database!
const NOW = 1_700_000_000_000

function setUp(answers = 64) {
  const matcher = new Matcher(database, "modern", 256)
  const observer = new Observer({
    mode: "modern",
    matcher,
    ...SMALL_HISTORY
  })
  const capture = makeFakeBackend()
  const lookup = makeFingerprintLookup({ capture, observer, history: "connections", answers })
  const info = new ConnectionInfo()
  const key = makeConnectionKey()
  const ask = (client: string, port: number, atMs = NOW): ConnectionInfo => {
    expect(parseConnectionKey(client, port, "192.0.2.1", port === 0 ? 0 : 443, key)).toBe(true)
    lookup.answer({ key, savedSyn: undefined, openedAtMs: atMs }, info)
    return info
  }
  const arrive = (client: string, port: number, spec: PacketFields = {}): void => {
    expect(parseConnectionKey(client, port, "192.0.2.1", 443, key)).toBe(true)
    capture.syns.set(printConnectionKey(key), tcp({ ...linux(client, port), ...spec }).bytes)
  }
  return { capture, lookup, ask, arrive, observer }
}

const linux = (client: string, port: number): PacketFields => ({
  src: client,
  dst: "192.0.2.1",
  sport: port,
  dport: 443,
  seq: 1000,
  ttl: 60,
  id: 7,
  df: true,
  win: 64240,
  options: "mss=1460,sok,ts=1,nop,ws=7"
})

test("a SYN is answered with its fingerprint and the address's history", () => {
  const { ask, arrive } = setUp()
  arrive("198.51.100.7", 40_000)
  const info = ask("198.51.100.7", 40_000)
  expect(info.status).toBe("ok")
  expect(info.fingerprint!.rawSignature).toBe("4:60+4:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0")
  expect(info.fingerprint!.os).toStartWith("Linux")
  expect(info.fingerprint!.dist).toBe(4)
  expect(info.totalConn).toBe(1)
  expect(info.firstSeen).toBe(NOW / 1000)
})

test("sharing is answered as it was when the connection was first asked about; spoofed SYNs never count", () => {
  const { ask, arrive, observer } = setUp()
  const windows = { ttl: 124, options: "mss=1460,nop,ws=8,nop,nop,sok" }
  arrive("198.51.100.7", 40_000)
  expect(ask("198.51.100.7", 40_000).sharedScore).toBe(0)
  for (let port = 40_001; port < 40_100; port++) arrive("198.51.100.7", port, windows)
  expect(ask("198.51.100.7", 40_000).sharedScore).toBe(0)
  expect(ask("198.51.100.7", 41_000).status).toBe("not_captured")
  expect(observer.counts).toMatchObject({ syns: 1, hosts: 1 })
  const changed = ask("198.51.100.7", 40_001, NOW + 1000)
  expect([changed.nat, changed.sharedScore]).toEqual([false, 30])
  arrive("198.51.100.7", 42_000)
  const shared = ask("198.51.100.7", 42_000, NOW + 2000)
  expect([shared.nat, shared.sharedScore, shared.sharedReasons]).toEqual([true, 60, REASON_OS_DIFF])
  const again = ask("198.51.100.7", 40_001, NOW + 3000)
  expect([again.nat, again.sharedScore, again.sharedReasons]).toEqual([false, 30, REASON_OS_DIFF])
  const byAddress = ask("198.51.100.7", 0, NOW + 3000)
  expect([byAddress.status, byAddress.nat, byAddress.sharedScore]).toEqual(["by_address", true, 60])
})

test("a repeated question gets the same answer, after the SYN is gone too, and counts once", () => {
  const { ask, arrive, capture, lookup } = setUp()
  arrive("198.51.100.7", 40_000)
  const first = ask("198.51.100.7", 40_000).fingerprint!.rawSignature
  for (const miss of ["stale", "not_captured", "backend_down"] as const) {
    capture.syns.clear()
    capture.miss = miss
    const again = ask("198.51.100.7", 40_000, NOW + 90_000)
    expect(again.status).toBe("ok")
    expect(again.fingerprint!.rawSignature).toBe(first)
    expect(again.totalConn).toBe(1)
  }
  expect(lookup.stats().repeated).toBe(3)
})

test("another ISN under the same key is another connection", () => {
  const { ask, arrive } = setUp()
  arrive("198.51.100.7", 40_000)
  ask("198.51.100.7", 40_000)
  arrive("198.51.100.7", 40_000, { seq: 2000, win: 65535 })
  const second = ask("198.51.100.7", 40_000)
  expect(second.fingerprint!.rawSignature).toContain("65535,7")
  expect(second.totalConn).toBe(2)
})

test("an empty saved SYN is not answered by the answer of an earlier connection", () => {
  const { ask, arrive, capture } = setUp()
  arrive("198.51.100.7", 40_000)
  ask("198.51.100.7", 40_000)
  capture.syns.clear()
  capture.miss = "syncookie"
  expect(ask("198.51.100.7", 40_000).status).toBe("syncookie")
})

test("every miss is answered as it is, with nothing of the question before", () => {
  const { ask, arrive, capture } = setUp()
  arrive("198.51.100.7", 40_000)
  ask("198.51.100.7", 40_000)
  for (const [miss, status] of [
    ["unsupported", "not_captured"],
    ["not_captured", "not_captured"],
    ["stale", "stale"],
    ["malformed", "malformed"],
    ["backend_down", "backend_down"],
    ["syncookie", "syncookie"]
  ] as const) {
    capture.miss = miss
    const reported = ask("198.51.100.8", 1)
    const blank = new ConnectionInfo()
    blank.reset(status)
    expect(reported).toEqual(blank)
  }
})

test("without ports the address answers, by its last connection", () => {
  const { ask, arrive } = setUp()
  expect(ask("198.51.100.7", 0)).toMatchObject({ status: "by_address", hasHost: false, fingerprint: undefined })
  arrive("198.51.100.7", 40_000)
  ask("198.51.100.7", 40_000)
  const info = ask("198.51.100.7", 0)
  expect(info).toMatchObject({ status: "by_address", hasHost: true, hostDist: 4, hostLink: "Ethernet", totalConn: 1 })
  expect(info.hostOs).toStartWith("Linux")
})

test("no capture at all says disabled", () => {
  const matcher = new Matcher(database, "modern", 16)
  const observer = new Observer({
    mode: "modern",
    matcher,
    ...SMALL_HISTORY
  })
  const lookup = makeFingerprintLookup({ capture: undefined, observer, history: "connections", answers: 4 })
  const info = new ConnectionInfo()
  lookup.answer({ key: makeConnectionKey(), savedSyn: undefined, openedAtMs: NOW }, info)
  expect(info.status).toBe("disabled")
})

test("answers beyond the table's capacity are given, only not remembered", () => {
  const { ask, arrive, capture, lookup } = setUp(8)
  for (let port = 1; port <= 40; port++) {
    arrive("198.51.100.7", port)
    expect(ask("198.51.100.7", port).status).toBe("ok")
  }
  capture.syns.clear()
  let kept = 0
  for (let port = 1; port <= 40; port++) if (ask("198.51.100.7", port).status === "ok") kept++
  expect(kept).toBe(8)
  expect(lookup.stats().answersEvicted).toBe(32)
})

test("a reload matches what is kept by the new database", () => {
  const { ask, arrive, capture, lookup } = setUp()
  arrive("198.51.100.7", 40_000)
  ask("198.51.100.7", 40_000)
  capture.syns.clear()
  const text =
    "classes = unix\n[tcp:request]\nlabel = s:unix:Renamed:now\nsig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0\n"
  const { database: next } = readDatabases([{ name: "next.fp", text }], "modern")
  lookup.setMatcher(new Matcher(next!, "modern", 16))
  expect(ask("198.51.100.7", 40_000).fingerprint!.os).toBe("Renamed now")
})

test("with a feed the tap is drained before every answer, and history is what the feed knows", () => {
  const matcher = new Matcher(database, "modern", 256)
  const observer = new Observer({ mode: "modern", matcher, ...SMALL_HISTORY })
  const order: Array<string> = []
  const fake = makeFakeBackend()
  const capture = {
    lookup: (...given: Parameters<typeof fake.lookup>) => {
      order.push("lookup")
      return fake.lookup(...given)
    },
    packets: {
      subscribe: () => {},
      drain: () => {
        order.push("drain")
        return 0
      }
    }
  }
  const key = makeConnectionKey()
  const info = new ConnectionInfo()
  const ask = (lookup: ReturnType<typeof makeFingerprintLookup>, port: number): ConnectionInfo => {
    parseConnectionKey("198.51.100.7", port, "192.0.2.1", 443, key)
    lookup.answer({ key, savedSyn: undefined, openedAtMs: NOW + 1999 }, info)
    return info
  }
  const fed = makeFingerprintLookup({ capture, observer, history: "feed", answers: 4 })
  parseConnectionKey("198.51.100.7", 40_000, "192.0.2.1", 443, key)
  const syn = tcp(linux("198.51.100.7", 40_000)).bytes
  fake.syns.set(printConnectionKey(key), syn)
  // The feed has not seen the address yet, and a lookup adds nothing to it.
  expect(ask(fed, 40_000)).toMatchObject({ status: "ok", hasHost: false })
  expect(order).toEqual(["drain", "lookup"])
  expect(observer.counts.syns).toBe(0)
  observer.frame(capturedFrame(syn, { linkType: LINKTYPE_RAW, sec: NOW / 1000 }))
  expect(ask(fed, 40_000)).toMatchObject({ status: "ok" })
  expect(fed.stats().repeated).toBe(1)
  expect(ask(fed, 0)).toMatchObject({ status: "by_address", hasHost: true, totalConn: 1 })
  expect(ask(fed, 40_001)).toMatchObject({ status: "not_captured", hasHost: false })
  expect(order).toHaveLength(7)
  expect(observer.counts.syns).toBe(1)
  // Without a feed nothing is drained.
  order.length = 0
  ask(makeFingerprintLookup({ capture, observer, history: "connections", answers: 0 }), 40_000)
  expect(order).toEqual(["lookup"])
})

test("an answer holds nothing of the one that was in its place before", () => {
  const { ask, arrive, capture } = setUp()
  arrive("198.51.100.7", 40_000)
  arrive("198.51.100.8", 40_000)
  const first = structuredClone({ ...ask("198.51.100.7", 40_000), fingerprint: undefined })
  // Another connection, a miss and an address come between, in the same record.
  ask("198.51.100.8", 40_000, NOW + 5000)
  ask("198.51.100.9", 1)
  ask("198.51.100.8", 0)
  expect({ ...ask("198.51.100.7", 40_000), fingerprint: undefined }).toEqual(first)
  capture.syns.clear()
  expect({ ...ask("198.51.100.7", 40_000), fingerprint: undefined }).toEqual(first)
})

test("with no room for answers each question is answered anew and none is kept", () => {
  const { ask, arrive, capture, lookup } = setUp(0)
  arrive("198.51.100.7", 40_000)
  expect([ask("198.51.100.7", 40_000).totalConn, ask("198.51.100.7", 40_000).totalConn]).toEqual([1, 2])
  capture.syns.clear()
  expect(ask("198.51.100.7", 40_000).status).toBe("not_captured")
  expect(lookup.stats()).toEqual({ answers: 0, answersEvicted: 0, repeated: 0 })
})

test("a SYN that can't be decoded is malformed, and is not remembered", () => {
  const { ask, arrive, capture, lookup } = setUp()
  arrive("198.51.100.7", 40_000)
  const [[name, syn]] = capture.syns as unknown as [[string, Uint8Array]]
  capture.syns.set(name, syn.slice(0, 30))
  expect(ask("198.51.100.7", 40_000)).toMatchObject({ status: "malformed", hasHost: false, fingerprint: undefined })
  expect(lookup.stats().answers).toBe(0)
})

test("repeated SYNs of the backend, and the second of its first question, are those of the answer", () => {
  const { capture, ask, arrive } = setUp()
  arrive("198.51.100.7", 40_000)
  const { lookup } = capture
  Object.assign(capture, {
    lookup: (...[connection, into]: Parameters<typeof lookup>) => {
      const found = lookup(connection, into)
      into.retransmits = 3
      into.seenAtMs = NOW - 7001
      return found
    }
  })
  expect(ask("198.51.100.7", 40_000)).toMatchObject({ retransmits: 3, firstSeen: NOW / 1000 - 8 })
})

test("a newer connection of the same key takes the place of the older one's answer", () => {
  const { ask, arrive, lookup } = setUp()
  for (const seq of [1000, 2000, 3000]) {
    arrive("198.51.100.7", 40_000, { seq })
    ask("198.51.100.7", 40_000)
  }
  expect(lookup.stats()).toEqual({ answers: 1, answersEvicted: 0, repeated: 0 })
})
