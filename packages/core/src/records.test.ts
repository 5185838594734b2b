/**
 * Records that are reused: a new one says nothing.
 */
import { expect, test } from "bun:test"
import { ConnectionInfo } from "./connection-info.ts"
import { HostView } from "./history/hosts/host-answer.ts"
import { HttpHead } from "./history/http/head.ts"
import { Endpoints, HttpObservation } from "./history/log/observation-log.ts"
import { HeaderOffsets } from "./packet/header-offsets.ts"
import { Packet } from "./packet/packet.ts"

/** Values of the fields that are numbers and not 0, flags that are set, and lists that are not empty. */
function said(record: object): Readonly<Record<string, unknown>> {
  const isEmpty = (value: unknown): boolean =>
    value === 0 ||
    value === false ||
    value === undefined ||
    (ArrayBuffer.isView(value) && new Uint8Array(value.buffer).every((byte) => byte === 0))
  return Object.fromEntries(Object.entries(record).filter(([, value]) => !isEmpty(value)))
}

test.each<readonly [name: string, record: object, said: Readonly<Record<string, unknown>>]>([
  ["a packet", new Packet(), {}],
  ["offsets of headers", new HeaderOffsets(), { vlan: -1 }],
  ["ends of a connection", new Endpoints(), { ver: 4 }],
  ["an HTTP observation", new HttpObservation(), {}],
  ["an HTTP head", new HttpHead(), { software: -1, language: -1 }],
  ["a host", new HostView(), { distance: 255, uptimeMinutes: -1 }],
  [
    "what is known of a connection",
    new ConnectionInfo(),
    {
      status: "not_captured",
      retransmits: -1,
      rttMicros: -1,
      chelloDelayMicros: -1,
      tlsRttMicros: -1,
      relayScore: -1,
      hostDist: -1,
      uptimeMinutes: -1
    }
  ]
])("%s that is new says nothing", (_, record, expected) => {
  expect(said(record)).toEqual(expected)
})

test("a connection that is reset says as little as a new one, but its status", () => {
  const info = new ConnectionInfo()
  const odd = info as unknown as Record<string, unknown>
  for (const [name, value] of Object.entries(info)) odd[name] = typeof value === "number" ? 77 : "odd"
  info.reset("stale")
  const fresh = new ConnectionInfo()
  fresh.status = "stale"
  expect(info).toEqual(fresh)
})

test("what is packed of a connection comes back, at any place", () => {
  const words = new Int32Array(30).fill(-3)
  const info = new ConnectionInfo()
  Object.assign(info, {
    nat: true,
    hasHost: false,
    sharedScore: 100,
    sharedReasons: 0x1fff,
    retransmits: 2,
    uptimeMinutes: 50_000_000,
    upModDays: 49_710,
    firstSeen: 0xfffffff0,
    lastSeen: 0xfffffff1,
    totalConn: 0xfffffff2,
    lastNat: 0xfffffff3,
    lastChg: 0xfffffff4
  })
  info.pack(words, 11)
  expect([words[10], words[20]]).toEqual([-3, -3])
  const read = new ConnectionInfo()
  Object.assign(read, { nat: false, hasHost: true })
  read.unpack(words, 11)
  expect(read).toEqual(info)
  const other = new ConnectionInfo()
  other.hasHost = true
  other.pack(words, 11)
  read.unpack(words, 11)
  expect(read).toEqual(other)
})
