import { expect, test } from "bun:test"
import { rounds, seededRandom } from "../../testing/random.ts"
import { SET_SHIFT, setsFor, tagsOf, wayOf, WAYS, waysWith } from "./host-sets.ts"

test("the ways with a tag: the lowest bit is one of them, and none of them is missing", () => {
  const random = seededRandom(1)
  const sets = new Int32Array(3 << SET_SHIFT)
  const bytes = new Uint8Array(sets.buffer)
  const at = 1 << SET_SHIFT
  for (let round = 0; round < rounds(50_000); round++) {
    // Few values, so that tags are equal, neighbours and free.
    for (let byte = 0; byte < bytes.length; byte++) bytes[byte] = random.once(3) ? random.below(256) : random.below(3)
    const tag = random.once(2) ? random.below(3) : random.below(256)
    const reported = new Set<number>()
    let first = -1
    for (let ways = waysWith(sets, at, Math.imul(tag, 0x01010101)); ways !== 0; ways &= ways - 1) {
      if (first < 0) first = wayOf(ways)
      reported.add(wayOf(ways))
    }
    const expected = Array.from({ length: WAYS }, (_, way) => way).filter((way) => bytes[(at << 2) + way] === tag)
    if (expected.some((way) => !reported.has(way))) throw new Error(`round ${round}: a way is missing`)
    if (first >= 0 !== expected.length > 0 || (first >= 0 && !expected.includes(first)))
      throw new Error(`round ${round}: way ${first} has another tag`)
    for (const way of reported) if (way >= WAYS) throw new Error(`round ${round}: way ${way}`)
  }
})

test("tags are 1 to 255, the same in all bytes, and as frequent as each other", () => {
  const times = new Int32Array(256)
  for (let hash = 0; hash < 4096; hash++) {
    const tags = tagsOf(hash - 2048)
    expect(tags).toBe(Math.imul(tags & 255, 0x01010101))
    times[tags & 255]!++
  }
  expect(times[0]).toBe(0)
  expect(Math.min(...times.subarray(1))).toBe(16)
  expect(Math.max(...times)).toBe(17)
})

test("sets: at least one, and two ways per host", () => {
  for (const maxHosts of [1, 12, 1000, 65_536, 1 << 24])
    expect(setsFor(maxHosts) * WAYS).toBeGreaterThanOrEqual(maxHosts * 2)
})
