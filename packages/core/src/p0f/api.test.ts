import { describe, expect, test } from "bun:test"
import { parseAddress } from "../address/address.ts"
import { cString } from "../bytes/c-string.ts"
import { Observer } from "../history/observer.ts"
import { capturedFrame } from "../testing/captured-frame.ts"
import { readDatabases } from "../tcp/database/reader.ts"
import { Matcher } from "../tcp/matching/matcher.ts"
import { ethernet, SMALL_HISTORY, tcp } from "../testing/index.ts"
import { P0fResponder } from "./api.ts"

const NOW = 1_700_000_000
const CLIENT = "198.51.100.7"
const CLIENT6 = "2001:db8::7"
const GUARD = 0xa5

const matcher = (text: string): Matcher =>
  new Matcher(readDatabases([{ name: "test.fp", text }], "p0f").database!, "p0f", 64)

const linux = (flavor: string): string => `classes = unix,win
[mtu]
label = Ethernet
sig = 1500
[tcp:request]
label = s:unix:Linux:${flavor}
sig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0
sig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df:0
`
const WINDOWS_FIRST = linux("5.x").replace(
  "[tcp:request]",
  "[tcp:request]\nlabel = s:win:Windows:10\nsig = *:128:0:*:*,*:mss:df,id+:0"
)

/** An observer that saw a SYN of either client from 4 hops away. */
function seen(database: string): Observer {
  const observer = new Observer({ mode: "p0f", matcher: matcher(database), ...SMALL_HISTORY })
  for (const [src, dst, mss] of [
    [CLIENT, "192.0.2.1", 1460],
    [CLIENT6, "2001:db8::1", 1440]
  ] as const) {
    const { bytes } = ethernet(tcp({ src, dst, ttl: 60, df: true, options: `mss=${mss},sok,ts=1,nop,ws=7` }))
    observer.frame(capturedFrame(bytes, { sec: NOW }))
  }
  return observer
}

/** A query, behind `before` other bytes. */
function query(address: string, before = 0): Uint8Array {
  const bytes = new Uint8Array(before + 21)
  bytes.set([0x01, 0x46, 0x30, 0x50], before)
  bytes[before + 4] = parseAddress(address, bytes, before + 5)
  return bytes
}

/** Returns the reply; asserts that nothing was written around it. */
function ask(responder: P0fResponder, bytes: Uint8Array, at = 0): Buffer {
  const out = new Uint8Array(300).fill(GUARD)
  const length = responder.reply(bytes, at, NOW, out, 10)
  expect(length).toBe(responder.replyBytes)
  expect([...out.subarray(0, 10), ...out.subarray(10 + length)].every((byte) => byte === GUARD)).toBe(true)
  const reply = Buffer.from(out.subarray(10, 10 + length))
  expect(reply.readUInt32LE(0)).toBe(0x50304602)
  return reply
}

const text = (reply: Buffer, at: number): string => Buffer.from(cString(reply, at, 32)).toString("latin1")

describe.each([
  ["p0f", 232, 168],
  ["friendly", 236, 172]
] as const)("layout %s", (layout, bytes, linkAt) => {
  test.each([CLIENT, CLIENT6])("a host that was seen: %s", (address) => {
    const responder = new P0fResponder(seen(linux("5.x")), layout)
    expect(responder.replyBytes).toBe(bytes)
    const reply = ask(responder, query(address, 3), 3)
    expect(reply.readUInt32LE(4)).toBe(0x10)
    expect([8, 12, 16].map((at) => reply.readUInt32LE(at))).toEqual([NOW, NOW, 1])
    expect(reply.readInt16LE(36)).toBe(4)
    expect([40, 72, 104, linkAt, linkAt + 32].map((at) => text(reply, at))).toEqual([
      "Linux",
      "5.x",
      "",
      "Ethernet",
      ""
    ])
    if (layout === "friendly") {
      expect([168, 170].map((at) => reply.readUInt16LE(at))).toEqual([1500, address === CLIENT ? 1460 : 1440])
    }
  })

  test("anything else is zeros behind the status", () => {
    const responder = new P0fResponder(seen(linux("5.x")), layout)
    const badMagic = query(CLIENT)
    badMagic[3] = 0x51
    const badType = query(CLIENT)
    badType[4] = 5
    for (const [bytes, status] of [
      [query("192.0.2.99"), 0x20],
      [query("2001:db8::99"), 0x20],
      [badMagic, 0x00],
      [badType, 0x00]
    ] as const) {
      const reply = ask(responder, bytes)
      expect(reply.readUInt32LE(4)).toBe(status)
      expect(reply.subarray(8).every((byte) => byte === 0)).toBe(true)
    }
  })
})

test("a flavor of 32 bytes and more fills its field without NUL", () => {
  const reply = ask(new P0fResponder(seen(linux("x".repeat(40))), "p0f"), query(CLIENT))
  expect(text(reply, 72)).toBe("x".repeat(32))
  expect(text(reply, 104)).toBe("")
})

test("names stay right after a reload, which replaces the labels", () => {
  const observer = seen(linux("5.x"))
  const responder = new P0fResponder(observer, "p0f")
  observer.setMatcher(matcher(WINDOWS_FIRST))
  const reply = ask(responder, query(CLIENT))
  expect([text(reply, 40), text(reply, 72)]).toEqual(["Linux", "5.x"])
})
