import { expect, test } from "bun:test"
import { type ConnectionInfo, FIELDS, HINT_FIELDS } from "@synprint/core"
import type { FingerprintLookup, Connection } from "@synprint/service"
import { Agent, type AgentSettings } from "./agent.ts"
import { Counters } from "./counters.ts"
import { Frame, readFrame } from "../protocol/frame.ts"
import { Output } from "../protocol/output.ts"
import { Session } from "../protocol/session.ts"
import { lookupOf, testFingerprint } from "../testing/fixed-answerer.ts"
import {
  type KeyValues,
  type Typed,
  address,
  connectionArguments,
  haproxyHello,
  notify,
  readFrames,
  readVariables
} from "../testing/haproxy-frames.ts"
import { VariableWriter } from "../protocol/variables.ts"

const ALL = FIELDS.map((field) => field.name)

function agentOf(
  lookup: FingerprintLookup,
  different: Partial<AgentSettings> = {}
): { agent: Agent; counters: Counters } {
  const counters = new Counters()
  const settings = {
    lookup,
    variables: new VariableWriter(ALL),
    key: "connection",
    http: undefined,
    ...different
  } as const
  return { agent: new Agent(settings, counters), counters }
}

function ask(agent: Agent, args: KeyValues, limit = 400, ids: { sid?: bigint; fid?: bigint } = {}) {
  const bytes = notify([{ name: "p0f-msg", args }], ids)
  const frame = new Frame()
  readFrame(bytes, 0, bytes.length - 4, frame)
  const output = new Output()
  output.length = 100
  expect(agent.acknowledge(frame, output, limit)).toBe(true)
  const { frames, rest } = readFrames(output.bytes.slice(100, output.length))
  expect(rest).toBe(0)
  expect(frames.length).toBe(1)
  const [ack] = frames
  expect(ack!.type).toBe(103)
  return { size: ack!.size, ack: ack!, variables: readVariables(ack!.payload) }
}

const connection = connectionArguments("10.1.2.3", 55618, "192.168.0.1", 443)

test("asks for the connection that the arguments name and sends what is answered", () => {
  const asked: Array<string> = []
  const { agent } = agentOf(
    lookupOf((given: Connection, into: ConnectionInfo) => {
      asked.push(Buffer.from(given.key).toString("hex"))
      into.status = "ok"
      into.fingerprint = testFingerprint({ os: "Linux 5.x" })
    })
  )
  expect(ask(agent, connection).variables.get("os")).toBe("Linux 5.x")
  expect(asked).toEqual([`04000000d94201bb0a010203${"0".repeat(24)}c0a80001${"0".repeat(24)}`])
})

test("without all four of the arguments the question is by address; with key = client two are enough", () => {
  const keys: Array<string> = []
  const lookup = lookupOf(({ key }) => void keys.push(Buffer.from(key).toString("hex")))
  const { agent } = agentOf(lookup)
  const byAddress = `04${"0".repeat(14)}0a010203${"0".repeat(56)}`
  for (const left of [
    ["src"],
    ["src", "sport"],
    ["src", "sport", "dst"],
    ["src", "sport", "dport"],
    ["src", "dst", "dport"]
  ]) {
    ask(
      agent,
      connection.filter(([name]) => left.includes(name))
    )
    expect(keys.pop()).toBe(byAddress)
  }
  ask(agent, [...connectionArguments("10.1.2.3", 1, "::2", 2)])
  expect(keys.pop()).toBe(byAddress)
  const { agent: client } = agentOf(lookup, { key: "client" })
  ask(client, connection.slice(0, 2))
  expect(keys.pop()).toStartWith("04000000d94200000a010203")
  ask(client, connection.slice(0, 1))
  expect(keys.pop()).toBe(byAddress)
})

test("a PROXY header: via_proxy, and nobody is asked", () => {
  const { agent } = agentOf(lookupOf(() => expect.unreachable()))
  const { variables } = ask(agent, [...connection, ["pp", { t: "bool", v: true }]])
  expect([...variables]).toEqual([
    ["status", "via_proxy"],
    ["done", "1"]
  ])
})

const int = (v: number): Typed => ({ t: "int64", v })

test("round trips as HAProxy gives them: TLS behind a deferred accept is separated from what came before", () => {
  const { agent } = agentOf(
    lookupOf((_, into) => into.reset("ok")),
    { variables: new VariableWriter(["rtt", "chello_delay", "tls_rtt"]) }
  )
  const asked = (...args: ReadonlyArray<KeyValues[number]>): ReadonlyArray<number> => {
    const { variables } = ask(agent, [...connection, ...args])
    return ["rtt", "chello_delay", "tls_rtt"].map((name) => Number(variables.get(name) ?? -1))
  }
  // Measured with HAProxy 2.6 and a relay of 50 ms each way.
  const deferred: KeyValues = [
    ["rtt", int(68_872)],
    ["rtv", int(54_925)],
    ["dfr", { t: "bool", v: true }]
  ]
  const [rtt, hello, tls] = asked(...deferred, ["hst", int(103_717)])
  expect(rtt!).toBeLessThan(20_000)
  expect(hello!).toBeGreaterThan(80_000)
  expect(tls).toBe(103_717)
  // Accepted before the ClientHello, or without TLS.
  expect(asked(["rtt", int(26)], ["rtv", int(12)], ["hst", int(211_982)])).toEqual([26, -1, -1])
  expect(asked(...deferred)).toEqual([68_872, -1, -1])
  expect(asked(["rtt", int(26)], ["fst", int(412)])).toEqual([26, 412, -1])
  // The next connection starts anew.
  expect(asked()).toEqual([-1, -1, -1])
  for (const v of [-1, -1e15, 2 ** 60]) expect(asked(["rtt", int(v)], ["rtv", int(v)], ["hst", int(v)])[2]).toBe(-1)
  expect(asked(["rtt", { t: "string", v: "12" }], ["hst", { t: "null" }])).toEqual([-1, -1, -1])
})

test("a message that names no client is answered and counted", () => {
  const { agent, counters } = agentOf(lookupOf(() => expect.unreachable()))
  for (const args of [[], [["src", { t: "null" }]], [["other", { t: "string", v: "x" }]]] as ReadonlyArray<KeyValues>) {
    expect([...ask(agent, args).variables]).toEqual([
      ["status", "not_captured"],
      ["done", "1"]
    ])
  }
  expect(counters.notifiesWithoutAddress).toBe(3)
})

test("the saved SYN reaches the answerer", () => {
  const syns: Array<Uint8Array | undefined> = []
  const { agent } = agentOf(lookupOf(({ savedSyn }) => void syns.push(savedSyn?.slice())))
  ask(agent, [...connection, ["syn", { t: "binary", v: Uint8Array.of(0x45, 0, 0, 60) }]])
  ask(agent, [...connection, ["syn", { t: "null" }]])
  expect(syns).toEqual([Uint8Array.of(0x45, 0, 0, 60), undefined])
})

test("what a request says of itself is added when ua or hdrs came", () => {
  let calls = 0
  const { agent } = agentOf(lookupOf(), {
    http: (bytes, given, into) => {
      calls++
      into.httpName = Buffer.from(
        bytes.subarray(given.userAgentAt, given.userAgentAt + given.userAgentLength)
      ).toString()
    }
  })
  expect(ask(agent, connection).variables.has("http_name")).toBe(false)
  expect(calls).toBe(0)
  expect(ask(agent, [...connection, ["ua", { t: "string", v: "curl" }]]).variables.get("http_name")).toBe("curl")
})

test("a SYN with 24 options and all quirks, all variables chosen, ids of ten bytes: 400 bytes at most, and counted", () => {
  const quirks = "df,id+,id-,ecn,0+,flow,seq-,ack+,ack-,uptr+,urgf+,pushf+,ts1-,ts2+,opt+,exws,bad"
  const rawSignature = `6:255+255:255:65535:mss*255,255:${Array.from({ length: 24 }, () => "?253").join(",")},eol+255:${quirks}:+`
  const { agent, counters } = agentOf(
    lookupOf((_, into) => {
      into.status = "ok"
      into.fingerprint = testFingerprint({
        rawSignature,
        os: "x".repeat(64),
        osMatchQ: 3,
        dist: 255,
        link: "y".repeat(32),
        mtuOrigin: "interface",
        interfaceMss: 65535,
        linkCandidates: "c".repeat(64),
        distReason: "ttl-above-initial",
        linkMtu: 65595,
        mss: 65535
      })
      Object.assign(into, { hasHost: true, uptimeMinutes: 71582788, upModDays: 49710, nat: true, badSw: 1 })
      Object.assign(into, { httpName: "z".repeat(32), httpFlavor: "w".repeat(32), language: "v".repeat(32) })
      Object.assign(into, { firstSeen: 4e9, lastSeen: 4e9, totalConn: 4e9, lastNat: 4e9, lastChg: 4e9 })
      Object.assign(into, {
        hints: "h".repeat(64),
        hintParameters: HINT_FIELDS.map(() => ";q=0.5"),
        retransmits: 6,
        rttMicros: 1e9,
        chelloDelayMicros: 1e9,
        tlsRttMicros: 1e9
      })
    })
  )
  const max = (1n << 64n) - 1n
  const { size, ack, variables } = ask(agent, connection, 400, { sid: max, fid: max })
  expect(size).toBeLessThanOrEqual(400)
  expect(size).toBeGreaterThan(380)
  expect([ack.sid, ack.fid]).toEqual([max, max])
  expect([...variables.keys()].slice(0, 7)).toEqual(["status", "done", "os", "os_match_q", "dist", "link", "link_mtu"])
  expect(counters.acksTruncated).toBe(1)
  expect(ask(agent, connection, 4096).variables.size).toBe(ALL.length)
  expect(counters.acksTruncated).toBe(1)
})

test("a broken list of messages is refused and leaves nothing in the output", () => {
  const { agent } = agentOf(lookupOf())
  const bytes = notify([{ name: "m", args: [["src", address("1.2.3.4")]] }])
  const frame = new Frame()
  readFrame(bytes, 0, bytes.length - 4 - 1, frame)
  const output = new Output()
  expect(agent.acknowledge(frame, output, 400)).toBe(false)
  expect(output.length).toBe(0)
})

test("the questions of one read are one batch, those of the next another", () => {
  const batches: Array<number | undefined> = []
  const { agent, counters } = agentOf(lookupOf(({ batch }) => void batches.push(batch)))
  const session = new Session({ maxFrameSize: 16380, pipelining: true, unhealthy: () => undefined }, agent, counters)
  const output = new Output()
  const read = Buffer.concat([1, 3, 5].map((sid) => notify([{ name: "m", args: connection }], { sid })))
  session.feed(haproxyHello(), 0, output)
  session.feed(read, 0, output)
  session.feed(read.subarray(0, 30), 0, output)
  session.feed(read.subarray(30), 0, output)
  const [first, , , second] = batches
  expect(first).not.toBe(second)
  expect(batches).toEqual([first, first, first, second, second, second])
})
