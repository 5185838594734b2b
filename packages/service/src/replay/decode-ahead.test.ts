import { afterAll, expect, setDefaultTimeout, test } from "bun:test"
import { mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { JsonLog, Matcher, Observer, readDatabases } from "@synprint/core"
import { type CapturePacket, randomCapture, synFrame, writePcap, writePcapng } from "@synprint/core/testing"
import { BatchRing } from "./batch-ring.ts"
import { DecodeAhead } from "./decode-ahead.ts"
import type { DecodeRequest } from "./decode-worker.ts"
import { replay } from "./replay.ts"

setDefaultTimeout(30_000)

const directory = mkdtempSync(join(tmpdir(), "synprint-ahead-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const file = (name: string, bytes: Uint8Array): string => {
  const path = join(directory, name)
  writeFileSync(path, bytes)
  return path
}

const { database } = readDatabases([{ name: "none.fp", text: "classes = unix\n" }], "modern")
/** Few fingerprints are remembered: each SYN may make another one forgotten. */
const FINGERPRINTS = 16
/** So large that no flow or host is lost for its hash: hash seeds are random. */
const HISTORY = { maxFlows: 65_536, maxHosts: 65_536, flowAgeSeconds: 30, hostIdleMinutes: 30 }
const observe = () => {
  const lines: Array<string> = []
  const log = new JsonLog((text) => lines.push(text))
  const matcher = new Matcher(database!, "modern", FINGERPRINTS)
  return { observer: new Observer({ ...HISTORY, mode: "modern", matcher, log }), log, lines }
}

/** Results for a file, decoded by this thread and by another. */
async function both(path: string) {
  const reported = []
  for (const isAhead of [false, true]) {
    const { observer, log, lines } = observe()
    const ahead = isAhead ? DecodeAhead.open(path, false, 1) : undefined
    expect(ahead !== undefined).toBe(isAhead)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const problem = await replay(path, observer, { ahead })
    log.flush()
    reported.push({ problem, counts: observer.counts, text: lines.join("") })
  }
  return reported
}

/** Descriptors of this process that are open on the file. */
const openOn = (path: string): number =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  }).length

const traffic = (seed: number): ReadonlyArray<CapturePacket> =>
  randomCapture({ seed, link: "ethernet", events: 4000, clients: 200, faultPercent: 12 })

test.each([
  ["pcap", () => writePcap(traffic(1))],
  ["pcapng", () => writePcapng(traffic(2))],
  ["a big-endian file of nanoseconds", () => writePcap(traffic(3), { bigEndian: true, nanoseconds: true })],
  ["a record that is cut", () => writePcap(traffic(4)).subarray(0, -7)],
  [
    "a record that claims too much",
    () => Uint8Array.from([...writePcap(traffic(5).slice(0, 20)), ...new Uint8Array(16).fill(0x7f)])
  ],
  ["no capture at all", () => new TextEncoder().encode("this is no capture\n")],
  ["no packet", () => writePcap([])]
])("%s: the same lines, counts and problem", async (name, make) => {
  const path = file(`${name}.pcap`, make())
  const [itself, ahead] = await both(path)
  expect(ahead!.counts).toEqual(itself!.counts)
  expect(ahead!.problem).toEqual(itself!.problem)
  expect(ahead!.text === itself!.text).toBe(true)
  expect(openOn(path)).toBe(0)
})

test("many batches of payload: what HTTP is read from arrives whole", async () => {
  const data = new Uint8Array(1400).fill(0x61)
  const frames = Array.from({ length: 3000 }, (_, n) => ({
    bytes: synFrame({ src: `10.1.${n >> 8}.${n & 255}`, dst: "10.0.0.1", dport: 80, payload: data }),
    sec: n
  }))
  const [itself, ahead] = await both(file("payload.pcap", writePcap(frames)))
  expect(itself!.counts.packets).toBe(3000)
  expect(ahead!.counts).toEqual(itself!.counts)
  expect(ahead!.text === itself!.text).toBe(true)
})

test("more fingerprints than have a number", async () => {
  const frames = Array.from({ length: 20_000 }, (_, n) => ({
    bytes: synFrame({
      src: `10.1.${(n >> 8) & 7}.${n & 255}`,
      dst: "10.0.0.1",
      win: 1 + (n % 9000),
      options: "mss=1460"
    }),
    sec: n >> 10
  }))
  const [itself, ahead] = await both(file("fingerprints.pcap", writePcap(frames)))
  expect(ahead!.counts).toEqual(itself!.counts)
  expect(ahead!.text === itself!.text).toBe(true)
})

test("a batch carries the position up to which the file was read", async () => {
  const bytes = writePcap(Array.from({ length: 4 }, (_, n) => traffic(20 + n)).flat())
  const path = file("far.pcap", bytes)
  const ahead = DecodeAhead.open(path, false, 1)!
  const offsets: Array<number> = []
  for await (const { offset } of ahead.batches()) offsets.push(offset)
  ahead.close()
  expect(offsets.length).toBeGreaterThan(8)
  expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
  // The first chunk, 256 KiB, is several batches.
  expect(new Set(offsets).size).toBeGreaterThan(2)
  expect(offsets.at(-1)).toBe(bytes.length)
})

test("who stops early leaves no descriptor behind", async () => {
  const path = file("early.pcap", writePcap(Array.from({ length: 5 }, (_, n) => traffic(10 + n)).flat()))
  const ahead = DecodeAhead.open(path, false, 1)!
  const stop = new Error("enough")
  const taking = (async () => {
    for await (const batch of ahead.batches()) if (batch.records > 0) throw stop
  })()
  expect(await taking.catch((cause: unknown) => cause)).toBe(stop)
  ahead.close()
  for (let wait = 0; openOn(path) > 0 && wait < 500; wait++) await Bun.sleep(10)
  expect(openOn(path)).toBe(0)
})

test("what another thread can't help with is left to this one", () => {
  const short = file("short.pcap", writePcap(traffic(6).slice(0, 10)))
  expect(DecodeAhead.open(short, false)).toBeUndefined()
  expect(DecodeAhead.open("-", false, 0)).toBeUndefined()
  expect(DecodeAhead.open(join(directory, "absent.pcap"), false, 0)).toBeUndefined()
  expect(DecodeAhead.open(directory, false, 0)).toBeUndefined()
})

test("a decoder that sleeps because nothing is taken ends when it is closed", async () => {
  const packets = traffic(30)
  const path = file("asleep.pcap", writePcap(Array.from({ length: 6 }, () => packets).flat()))
  const ahead = DecodeAhead.open(path, false, 1)!
  const batches = ahead.batches()
  await batches.next()
  /** Positions up to which descriptors on the file were read. */
  const positions = (): string =>
    readdirSync("/proc/self/fd")
      .map((fd) => {
        try {
          if (readlinkSync(`/proc/self/fd/${fd}`) !== path) return ""
          return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").split("\n")[0]!
        } catch {
          return ""
        }
      })
      .join("")
  // It reads on until the batches are full.
  for (let before = "", same = 0; same < 5; before = positions()) {
    // oxlint-disable-next-line no-await-in-loop -- it waits
    await Bun.sleep(10)
    same = positions() === before ? same + 1 : 0
  }
  expect(openOn(path)).toBe(1)
  ahead.close()
  for (let wait = 0; openOn(path) > 0 && wait < 100; wait++) await Bun.sleep(10)
  expect(openOn(path)).toBe(0)
})

test("the thread ends when it has decoded its file", async () => {
  const path = file("thread.pcap", writePcap(traffic(7).slice(0, 10)))
  const worker = new Worker(new URL("./decode-worker.ts", import.meta.url).href, { ref: false })
  const closed = new Promise((resolve) => worker.addEventListener("close", resolve))
  const request: DecodeRequest = { descriptor: openSync(path, "r"), isP0fMode: false, memory: new BatchRing().memory }
  worker.postMessage(request)
  await closed
  expect(openOn(path)).toBe(0)
})
