/**
 * The hint `relay` through the proxy and through HAProxy with real clients and real relays: 40 or 50 connections of each kind. `bun run bench
 * relay` has all kinds, 500 connections of each, and budgets.
 */
import { expect } from "bun:test"
import { HAPROXY3 } from "../lib/haproxy.ts"
import { requires, testWith } from "../lib/requires.ts"
import { CLIENT_KINDS } from "./client-kind.ts"
import { type FrontEndName, openFrontEnd } from "./front-end.ts"
import { measureAll, type Row, sharesOf } from "./relay-table.ts"

const NEEDS = [
  requires.netns,
  requires.binaries("gcc", "curl", "openssl", "unshare"),
  { missing: Bun.spawnSync(["test", "-c", "/dev/net/tun"]).success ? undefined : "/dev/net/tun", isOptional: true }
]
const TIME_LIMIT_MS = 300_000
/** A busy machine may stop a client for as long as a relay would: a kind that was judged wrongly is measured again, a fault of ours is there then too. */
const ATTEMPTS = 3

const KINDS = CLIENT_KINDS.filter(({ name }) =>
  [
    "clear-text",
    "curl-1.3",
    "curl-1.2",
    "openssl-1.3-resumed",
    "far-curl-1.3",
    "far-hello-retry",
    "idle-before-hello",
    "slow",
    "far-slow",
    "curl-busy-server",
    "browser",
    "relay-50-curl-1.3",
    "relay-50-openssl-resumed",
    "relay-100-curl-1.2-socks"
  ].includes(name)
)

async function check(name: FrontEndName, count: number, binary?: string): Promise<void> {
  await using frontEnd = await openFrontEnd(name, binary)
  const lines: Array<string> = []
  const rows = await measureAll(
    frontEnd,
    KINDS,
    count,
    (line) => {
      lines.push(line)
      if (line.includes("skipped:")) console.log(`skipped: ${line.replace(/ *skipped: /, ": ")}`)
    },
    ATTEMPTS
  )
  const shares = sharesOf(rows)
  const wrong = rows.flatMap((row) => row.wrong.map((received) => JSON.stringify(received)))
  const said = [...lines, ...wrong].join("\n")
  expect(rows.filter((row) => row.connections !== count).map((row) => row.kind)).toEqual([])
  // One or two of hundreds say nothing.
  if (shares.found < 0.99 * shares.foundOf - 1 || shares.mistaken > 0.005 * shares.mistakenOf + 1) throw new Error(said)
  // The measurements agree with the delays that the test made.
  const row = (kind: string): Row => rows.find((each) => each.kind === kind)!
  const medianMs = (kind: string, of: "rtt" | "helloDelay" | "tlsRtt"): number => row(kind)[of][0] / 1000
  expect(medianMs("far-curl-1.3", "rtt")).toBeWithin(95, 125)
  expect(medianMs("far-curl-1.3", "tlsRtt")).toBeWithin(95, 135)
  // HAProxy's handshake holds the round trip of a HelloRetryRequest; its OpenSSL may need none.
  expect(medianMs("far-hello-retry", "tlsRtt")).toBeWithin(95, name === "proxy" ? 150 : 260)
  expect(medianMs("curl-1.3", "tlsRtt")).toBeLessThan(30)
  expect(medianMs("curl-1.3", "rtt")).toBeLessThan(10)
  expect(medianMs("relay-50-curl-1.3", "rtt")).toBeLessThan(30)
  expect(medianMs("relay-50-curl-1.3", "helloDelay")).toBeWithin(80, 180)
  expect(medianMs("relay-50-curl-1.3", "tlsRtt")).toBeWithin(98, 160)
  expect(medianMs("relay-100-curl-1.2-socks", "tlsRtt")).toBeWithin(198, 240)
  expect(row("clear-text")).toMatchObject({ called: 0, unmeasured: count })
  expect(medianMs("clear-text", "helloDelay")).toBeWithin(0, 30)
  expect(medianMs("idle-before-hello", "helloDelay")).toBeGreaterThan(100)
  expect(medianMs("idle-before-hello", "tlsRtt")).toBeLessThan(30)
}

testWith(NEEDS, "relays and direct clients through the proxy", () => check("proxy", 50), TIME_LIMIT_MS)

testWith(
  [...NEEDS, requires.binaries("haproxy")],
  "relays and direct clients through HAProxy",
  () => check("haproxy", 40),
  TIME_LIMIT_MS
)

const [newest] = HAPROXY3
testWith(
  [
    ...NEEDS,
    { missing: newest === undefined ? "HAPROXY3, what test/lib/haproxy3.sh prints" : undefined, isOptional: true }
  ],
  "relays and direct clients through HAProxy 3",
  () => check("haproxy", 15, newest!.binary),
  TIME_LIMIT_MS
)
