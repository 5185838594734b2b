import { expect, test } from "bun:test"
import type { TcpFingerprint } from "../tcp/matching/fingerprint.ts"
import { CLIENT, Endpoints, HttpObservation, SERVER } from "../history/log/observation-log.ts"
import { P0fLog, printHertz } from "./log.ts"
import { REASON_NAMES } from "../history/sharing/sharing-reasons.ts"

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const fingerprint = {
  logSuffix: encode("|os=X|dist=0|params=none|raw_sig=S"),
  mtuLogSuffix: encode("|link=L|raw_mtu=1500")
} as TcpFingerprint

function setUp() {
  let text = ""
  const log = new P0fLog((bytes) => (text += new TextDecoder().decode(bytes)))
  const at = new Endpoints()
  at.sec = 951_827_696
  at.client0 = 0x0a0100ff
  at.clientPort = 5
  at.server0 = 0xc6336407 | 0
  at.serverPort = 65_535
  return {
    log,
    at,
    lines: (): ReadonlyArray<string> => {
      log.flush()
      const lines = text.split("\n")
      text = ""
      return lines.slice(0, -1)
    }
  }
}

test("lines are p0f's", () => {
  const { log, at, lines } = setUp()
  at.packet = 1
  log.syn(at, fingerprint, false, 0)
  log.mtu(at, CLIENT, fingerprint, 0)
  at.packet = 2
  log.mtu(at, SERVER, fingerprint, 0)
  log.hostChange(at, SERVER, { reasons: 0, atLeast6: 1, atLeast3: 2, atLeast2: 3, atLeast1: 4 })
  const reasons = (1 << REASON_NAMES.length) - 1
  log.ipSharing(at, CLIENT, { reasons, atLeast6: 9, atLeast3: 9, atLeast2: 9, atLeast1: 9 })
  log.uptime(at, CLIENT, 3 * 1440 + 4 * 60 + 5, 49, 1000.125)
  const ends = "cli=10.1.0.255/5|srv=198.51.100.7/65535"
  expect(lines()).toEqual([
    `[2000/02/29 12:34:56] mod=syn|${ends}|subj=cli|os=X|dist=0|params=none|raw_sig=S`,
    `[2000/02/29 12:34:56] mod=mtu|${ends}|subj=cli|link=L|raw_mtu=1500`,
    `[2000/02/29 12:34:56] mod=mtu|${ends}|subj=srv|link=L|raw_mtu=1500`,
    `[2000/02/29 12:34:56] mod=host change|${ends}|subj=srv|reason=???|raw_hits=1,2,3,4`,
    `[2000/02/29 12:34:56] mod=ip sharing|${ends}|subj=cli|reason=app_vs_os os_diff sig_diff x_known tstamp ttl port mtu fuzzy via date srv_sig_lb ua_vs_os|raw_hits=9,9,9,9`,
    `[2000/02/29 12:34:56] mod=uptime|${ends}|subj=cli|uptime=3 days 4 hrs 5 min (modulo 49 days)|raw_freq=1000.12 Hz`
  ])
})

test("every fingerprint has its own ends, whatever it is named and wherever its entry lies", () => {
  const { log, at, lines } = setUp()
  const expected: Array<string> = []
  const names = ["Linux", "Ünïx", "\x7f\xff", "x".repeat(150), "y".repeat(151), "z".repeat(600), "", "last"]
  const fingerprints = names.map((name) => ({
    logSuffix: encode(`|${name}`),
    mtuLogSuffix: encode(`|${name.slice(0, 110)}`)
  }))
  for (let n = 0; n < 400; n++) {
    const name = names[n % names.length]!
    // Entries far apart, and taken by one fingerprint after the other.
    const entry = [0, 1, 1023, 1024, 5000, 16_383][n % 6]!
    const fingerprint = fingerprints[n % names.length] as TcpFingerprint
    at.packet = n + 1
    log.syn(at, fingerprint, false, entry)
    log.mtu(at, CLIENT, fingerprint, entry)
    for (const [mod, end] of [
      ["syn", name],
      ["mtu", name.slice(0, 110)]
    ])
      expected.push(`[2000/02/29 12:34:56] mod=${mod}|cli=10.1.0.255/5|srv=198.51.100.7/65535|subj=cli|${end}`)
  }
  expect(lines()).toEqual(expected)
})

test("IPv6 addresses have all eight groups; times go anywhere", () => {
  const { log, at, lines } = setUp()
  at.ver = 6
  at.client0 = 0x20010db8
  at.client1 = at.client2 = 0
  at.client3 = 0x000f0010
  at.server0 = -1
  at.server1 = at.server2 = at.server3 = -1
  at.sec = 0xffff_ffff | 0
  log.syn(at, fingerprint, false, 0)
  at.sec = 0
  log.syn(at, fingerprint, true, 0)
  const [last, first] = lines()
  expect(last).toStartWith(
    "[2106/02/07 06:28:15] mod=syn|cli=2001:db8:0:0:0:0:f:10/5|srv=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65535|"
  )
  expect(first).toStartWith("[1970/01/01 00:00:00] mod=sendsyn probe|cli=2001")
})

test("hands over whole lines, however many", () => {
  const { log, at } = setUp()
  const seen: Array<string> = []
  const big = new P0fLog((bytes) => seen.push(new TextDecoder().decode(bytes)))
  const http = new HttpObservation()
  http.raw.fill(0x61, 0, 9000)
  http.rawLength = 9000
  for (let i = 0; i < 3000; i++) {
    at.packet = i
    big.syn(at, fingerprint, false, 0)
    big.mtu(at, CLIENT, fingerprint, 0)
    if (i % 10 === 0) big.http(at, CLIENT, http)
  }
  big.flush()
  log.flush()
  expect(seen.length).toBeGreaterThan(5)
  for (const part of seen) expect(part.endsWith("\n")).toBe(true)
  const lines = seen.join("").split("\n")
  expect(lines.length).toBe(6301)
  expect(lines.filter((line) => line.includes("mod=mtu") && line.includes("raw_mtu=1500")).length).toBe(3000)
})

test("frequencies are rounded as printf rounds them", () => {
  expect([0.7, 1.125, 1.375, 1.625, 1.875, 99.995, 1500].map(printHertz)).toEqual([
    "0.70",
    "1.12",
    "1.38",
    "1.62",
    "1.88",
    "100.00",
    "1500.00"
  ])
})

test("line ends of neighbouring entries lie apart, however long they are", () => {
  const { log, at, lines } = setUp()
  const longest = [0, 1, 2, 3].map(
    (n) =>
      ({
        logSuffix: encode(`|${String(n).repeat(149)}`),
        mtuLogSuffix: encode(`|${String(n).repeat(93)}`)
      }) as TcpFingerprint
  )
  for (let round = 0; round < 3; round++)
    for (const [entry, fingerprint] of longest.entries()) {
      at.packet++
      log.syn(at, fingerprint, false, entry)
      log.mtu(at, CLIENT, fingerprint, entry)
    }
  const ends = lines().map((line) => line.slice(line.indexOf("|subj=cli|") + 10))
  expect(ends).toEqual(
    [0, 1, 2].flatMap(() => [0, 1, 2, 3].flatMap((n) => [String(n).repeat(149), String(n).repeat(93)]))
  )
})
