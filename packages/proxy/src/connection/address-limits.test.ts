import { expect, test } from "bun:test"
import { AddressLimits, TOO_MANY, UNLIMITED } from "./address-limits.ts"

const address = (...bytes: ReadonlyArray<number>) => Uint8Array.from({ length: 16 }, (_, n) => bytes[n] ?? 0)

test("connections of one address over threads", () => {
  const buffer = AddressLimits.allocate(64, 2)
  const [a, b] = [new AddressLimits(buffer, 2, 0), new AddressLimits(buffer, 2, 1)]
  const client = address(192, 0, 2, 1)
  const slot = a.connect(4, client, 3, 1)
  expect(slot).toBeGreaterThan(0)
  expect(b.connect(4, client, 3, 1)).toBe(slot)
  expect(a.connect(4, client, 3, 1)).toBe(slot)
  expect(b.connect(4, client, 3, 1)).toBe(TOO_MANY)
  expect(b.connect(4, address(192, 0, 2, 2), 3, 1)).toBeGreaterThan(0)
  a.disconnect(slot)
  expect(b.connect(4, client, 3, 1)).toBe(slot)
  // The thread of `b` ends: its two are no more.
  a.drop(1)
  expect([a.connect(4, client, 3, 1), a.connect(4, client, 3, 1), a.connect(4, client, 3, 1)]).toEqual([
    slot,
    slot,
    TOO_MANY
  ])
})

test("an IPv6 client is its /64", () => {
  const limits = new AddressLimits(AddressLimits.allocate(64, 1), 1, 0)
  const slot = limits.connect(6, address(0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 5), 1, 1)
  expect(slot).toBeGreaterThan(0)
  expect(limits.connect(6, address(0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9), 1, 1)).toBe(TOO_MANY)
  expect(limits.connect(6, address(0x20, 1, 0xd, 0xb8, 0, 0, 0, 2), 1, 1)).toBeGreaterThan(0)
})

test("requests in a second", () => {
  const limits = new AddressLimits(AddressLimits.allocate(64, 1), 1, 0)
  const slot = limits.connect(4, address(1), 0, 7)
  expect([1, 2, 3].map(() => limits.request(slot, 2, 7))).toEqual([true, true, false])
  expect(limits.request(slot, 2, 8)).toBe(true)
})

test("a full table limits nobody, and gives its slots back", () => {
  const limits = new AddressLimits(AddressLimits.allocate(8, 1), 1, 0)
  const slots = Array.from({ length: 8 }, (_, n) => limits.connect(4, address(n), 1, 1))
  expect(new Set(slots).size).toBe(8)
  expect(limits.connect(4, address(99), 1, 1)).toBe(UNLIMITED)
  limits.disconnect(slots[3]!)
  expect(limits.connect(4, address(99), 1, 2)).toBe(slots[3]!)
})

/**
 * Eight threads, more than there are processors, so that holders of the lock are preempted. SYNPRINT_TEST_OPERATIONS=10000000 makes it
 * longer.
 */
test("requests of one address from eight threads: not one too many, none lost", async () => {
  const threads = 8
  const rounds = Math.ceil(Number(process.env["SYNPRINT_TEST_OPERATIONS"] ?? 400_000) / threads)
  const most = (rounds * threads) >> 1
  const buffer = AddressLimits.allocate(64, threads)
  const slot = new AddressLimits(buffer, threads, 0).connect(4, address(192, 0, 2, 9), 0, 1)
  const counts = await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      const worker = new Worker(new URL("../testing/limits-worker.ts", import.meta.url))
      worker.onerror = ({ message }) => reject(new Error(message))
      worker.onmessage = ({ data }: MessageEvent<number>) => {
        worker.terminate()
        resolve(data)
      }
      worker.postMessage({ buffer, threads, thread, slot, most, rounds })
      return promise
    })
  )
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(most)
})

test("a thread that ended with the lock of a bucket in its hand stops nobody", () => {
  const buffer = AddressLimits.allocate(8, 2)
  const limits = new AddressLimits(buffer, 2, 0)
  // The only bucket's lock, held by thread 1.
  new Int32Array(buffer)[2] = 2
  limits.drop(1)
  expect(limits.connect(4, address(192, 0, 2, 1), 1, 1)).toBeGreaterThan(0)
})
