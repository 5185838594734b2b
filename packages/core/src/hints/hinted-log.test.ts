import { expect, test } from "bun:test"
import { BUILTIN, BUILTIN_DATABASE } from "../tcp/database/builtin.ts"
import { readDatabases } from "../tcp/database/reader.ts"
import { Matcher } from "../tcp/matching/matcher.ts"
import { REQUEST } from "../tcp/direction.ts"
import { CLIENT, Endpoints, HttpObservation, type ObservationLog, SERVER } from "../history/log/observation-log.ts"
import { signaturePacket } from "../testing/signature-packet.ts"
import { HintedLog } from "./hinted-log.ts"

const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
const matcher = new Matcher(database!, "modern", 64)
const fingerprint = matcher.fingerprintOf(
  signaturePacket("4:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"),
  REQUEST,
  0
)

function openLog() {
  const reported: Array<string | undefined> = []
  const inner = {
    syn: () => {},
    http: (_at: Endpoints, _subject: unknown, seen: HttpObservation) => void reported.push(seen.hints),
    flush: () => {}
  } as unknown as ObservationLog & { readonly flush: () => void }
  return { log: new HintedLog(inner), reported }
}

const endpoints = (port: number): Endpoints => Object.assign(new Endpoints(), { client0: 0x0a000001, clientPort: port })

function request(userAgent: string): HttpObservation {
  const seen = new HttpObservation()
  seen.bytes = new TextEncoder().encode(`xx${userAgent}yy`)
  seen.agentAt = 2
  seen.agentLength = userAgent.length
  return seen
}

const WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/128.0"

test("a request is compared with the SYN of its own connection", () => {
  const { log, reported } = openLog()
  log.syn(endpoints(4000), fingerprint, false, 0)
  log.http(endpoints(4000), CLIENT, request(WINDOWS))
  log.http(endpoints(4000), CLIENT, request("curl/8.11.1"))
  log.http(endpoints(4000), CLIENT, request(""))
  // Its SYN was not seen.
  log.http(endpoints(4001), CLIENT, request(WINDOWS))
  // A server's software is nobody's claim, and the hints of the request before are gone.
  const response = request(WINDOWS)
  response.hints = "stale"
  log.http(endpoints(4000), SERVER, response)
  expect(reported).toEqual([
    expect.stringContaining("windows ua, linux stack"),
    undefined,
    undefined,
    undefined,
    undefined
  ])
})

test("many connections: one that has lost its place gets no other's SYN", () => {
  const { log, reported } = openLog()
  for (let port = 1; port <= 50_000; port++) log.syn(endpoints(port), fingerprint, false, 0)
  log.http(endpoints(50_000), CLIENT, request(WINDOWS))
  expect(reported[0]).toBeDefined()
  for (let port = 50_001; port <= 60_000; port++) log.http(endpoints(port), CLIENT, request(WINDOWS))
  expect(reported.slice(1).every((hints) => hints === undefined)).toBe(true)
})

test.each([
  "client0",
  "client1",
  "client2",
  "client3",
  "clientPort",
  "server0",
  "server1",
  "server2",
  "server3",
  "serverPort"
] as const)("a connection that differs in %s alone is another one", (field) => {
  const { log, reported } = openLog()
  // So many that each place is taken by one that differs from those that follow in nothing else.
  for (let value = 1; value <= 30_000; value++)
    log.syn(Object.assign(endpoints(4000), { [field]: value }), fingerprint, false, 0)
  const seen = request(WINDOWS)
  log.http(Object.assign(endpoints(4000), { [field]: 30_000 }), CLIENT, seen)
  expect(reported).toEqual([expect.stringContaining("windows ua, linux stack")])
  for (let value = 30_001; value <= 32_000; value++)
    log.http(Object.assign(endpoints(4000), { [field]: value }), CLIENT, seen)
  expect(reported.slice(1).every((hints) => hints === undefined)).toBe(true)
})

test("observations without hints are passed on", () => {
  const passed: Array<unknown> = []
  const inner = {
    syn: (...of: ReadonlyArray<unknown>) => passed.push(["syn", ...of]),
    synAck: (...of: ReadonlyArray<unknown>) => passed.push(["synAck", ...of]),
    mtu: (...of: ReadonlyArray<unknown>) => passed.push(["mtu", ...of]),
    uptime: (...of: ReadonlyArray<unknown>) => passed.push(["uptime", ...of]),
    sharing: (...of: ReadonlyArray<unknown>) => passed.push(["sharing", ...of]),
    flush: () => passed.push("flush")
  } as unknown as ObservationLog & { readonly flush: () => void }
  const log = new HintedLog(inner)
  const at = endpoints(1)
  log.syn(at, fingerprint, true, 7)
  log.synAck(at, fingerprint, true)
  log.mtu(at, SERVER, fingerprint, 8)
  log.uptime(at, SERVER, 1, 2, 3)
  log.sharing(at, SERVER, true, 4, 5)
  log.flush()
  expect(passed).toEqual([
    ["syn", at, fingerprint, true, 7],
    ["synAck", at, fingerprint, true],
    ["mtu", at, SERVER, fingerprint, 8],
    ["uptime", at, SERVER, 1, 2, 3],
    ["sharing", at, SERVER, true, 4, 5],
    "flush"
  ])
})

test("a system that is what its User-Agent says is no hint", () => {
  const { log, reported } = openLog()
  log.syn(endpoints(4000), fingerprint, false, 0)
  log.http(endpoints(4000), CLIENT, request("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"))
  log.http(endpoints(4000), CLIENT, request("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36"))
  expect(reported).toEqual([undefined, undefined])
})
