import { expect, test } from "bun:test"
import { capturedFrame } from "../../testing/captured-frame.ts"
import { Observer } from "../observer.ts"
import { readDatabases } from "../../tcp/database/reader.ts"
import { Matcher } from "../../tcp/matching/matcher.ts"
import { ethernet } from "../../testing/layers.ts"
import { SCENARIO_DATABASE } from "../../testing/p0f-scenarios.ts"
import { type PacketFields, tcp } from "../../testing/packets.ts"
import { FLOW_DATA_BYTES, FlowData, HEAD_COUNT, HEAD_LINES, LINE_WORDS, MAX_HEADERS } from "./flow-data.ts"

test("slots have memory of their own, as many as there may be, and come back empty", () => {
  const data = new FlowData(130)
  const slots = Array.from({ length: 130 }, () => data.take())
  expect(slots.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 130 }, (_, n) => n))
  expect([data.capacity, data.take(), data.take()]).toEqual([130, -1, -1])
  const headWords = HEAD_LINES + MAX_HEADERS * LINE_WORDS
  for (const slot of slots) {
    data.bytes(slot).fill(slot, data.bytesAt(slot), data.bytesAt(slot) + FLOW_DATA_BYTES)
    data.head(slot).fill(slot, data.headAt(slot), data.headAt(slot) + headWords)
  }
  for (const slot of slots) {
    const bytes = data.bytes(slot).subarray(data.bytesAt(slot), data.bytesAt(slot) + FLOW_DATA_BYTES)
    const head = data.head(slot).subarray(data.headAt(slot), data.headAt(slot) + headWords)
    expect([bytes.length, head.length]).toEqual([FLOW_DATA_BYTES, headWords])
    expect(bytes.every((byte) => byte === slot) && head.every((word) => word === slot)).toBe(true)
  }
  for (const slot of [7, 129, 64]) data.release(slot)
  expect([data.take(), data.take()]).toEqual([64, 129])
  expect(data.head(64)[data.headAt(64) + HEAD_COUNT]).toBe(0)
  data.release(64)
  expect([data.take(), data.take(), data.take()]).toEqual([64, 7, -1])
})

const { database } = readDatabases([{ name: "scenarios.fp", text: SCENARIO_DATABASE }], "modern")

function observe(maxFlows: number) {
  const observer = new Observer({
    mode: "modern",
    matcher: new Matcher(database!, "modern", 64),
    maxFlows,
    maxHosts: 10_000,
    flowAgeSeconds: 30,
    hostIdleMinutes: 30
  })
  const feed = (client: number, fields: PacketFields): void => {
    const ends = { src: `10.1.${client >> 8}.${client & 255}`, dst: "10.0.0.9", sport: 40_000, dport: 80, seq: 1000 }
    const isDown = fields.flags === "SA"
    const { bytes } = ethernet(
      tcp(
        isDown ? { ...ends, src: ends.dst, dst: ends.src, sport: 80, dport: 40_000, ...fields } : { ...ends, ...fields }
      )
    )
    observer.frame(capturedFrame(bytes, { sec: 1_700_000_000 }))
  }
  return {
    observer,
    open: (client: number): void => {
      feed(client, { win: 1 })
      feed(client, { flags: "SA", win: 1, ack: 1001 })
    },
    send: (client: number, at: number, payload: string): void => feed(client, { flags: "A", seq: 1001 + at, payload })
  }
}

test("modern mode keeps the data of 4,096 flows; one more is dropped, and those that are no HTTP take no place", () => {
  const { observer, open, send } = observe(6000)
  for (let client = 0; client < 4098; client++) {
    open(client)
    // Known by its first bytes.
    if (client === 5) send(client, 0, "\u0016\u0003\u0001\u0002 and more of TLS")
    else send(client, 0, "GET / HTTP/1.")
  }
  expect(observer.counts).toMatchObject({ httpDropped: 1, httpRequests: 0, flows: 4096 })
  send(4096, 13, "1\r\nHost: a\r\n\r\n")
  send(4097, 13, "1\r\nHost: a\r\n\r\n")
  expect(observer.counts).toMatchObject({ httpDropped: 1, httpRequests: 1 })
  // Its place is free for another one.
  open(5000)
  send(5000, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
  expect(observer.counts).toMatchObject({ httpDropped: 1, httpRequests: 2 })
})

test("a flow ends when its request cannot become one any more", () => {
  const line = `X: ${"v".repeat(1000)}\r\n`
  for (const [payloads, flows] of [
    [["GET / HTTP/1.1\r\n"], 1],
    [["GET / HTTP/1.1\r\n", line.repeat(8)], 1],
    // 8,192 bytes and no end.
    [["GET / HTTP/1.1\r\n", line.repeat(8), "X: ".padEnd(8192 - 16 - 8 * line.length, "w")], 0],
    [["GET / HTTP/1.1\r\n", line.repeat(8), "X: ".padEnd(8191 - 16 - 8 * line.length, "w")], 1],
    [[`GET /${"p".repeat(1018)}`], 1],
    [[`GET /${"p".repeat(1019)}`], 0],
    [["GET / HTTP/1.1\r\nHost: a\r\n\r\n"], 1],
    [["GET / HTTP/2.0\r\n"], 0],
    [["GET / HTTP/1.1\r\nno colon\r\n"], 0],
    [["POST / HTTP/1"], 1],
    [["POST / HTTP/1.1"], 0]
  ] as const) {
    const { observer, open, send } = observe(10)
    open(1)
    let at = 0
    for (const payload of payloads) {
      send(1, at, payload)
      at += payload.length
    }
    expect([payloads.at(-1)!.slice(0, 30), payloads.length, observer.counts.flows]).toEqual([
      payloads.at(-1)!.slice(0, 30),
      payloads.length,
      flows
    ])
  }
})

test("names of header lines are letters, digits, dashes and underscores", () => {
  const isName = (byte: number): boolean => /^[-A-Za-z0-9_]$/.test(String.fromCharCode(byte))
  for (let byte = 0x21; byte < 0x7f; byte++) {
    const { observer, open, send } = observe(10)
    open(1)
    // A colon ends the name.
    send(1, 0, `GET / HTTP/1.1\r\nX${String.fromCharCode(byte)}Y: a\r\n\r\n`)
    expect([byte, observer.counts.httpRequests]).toEqual([byte, isName(byte) || byte === 0x3a ? 1 : 0])
  }
})
