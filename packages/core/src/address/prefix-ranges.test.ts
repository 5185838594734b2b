import { expect, test } from "bun:test"
import { seededRandom } from "../testing/random.ts"
import { parseAddress, printAddress } from "./address.ts"
import { parsePrefixes, PrefixSet } from "./prefix.ts"

function set(texts: ReadonlyArray<string>): PrefixSet {
  const parsed = parsePrefixes(texts)
  if (!(parsed instanceof PrefixSet)) throw new Error(parsed.join("; "))
  return parsed
}

test("a long set says what its prefixes say one by one, whatever their order and however they nest", () => {
  const random = seededRandom(4632)
  for (let round = 0; round < 60; round++) {
    const texts: Array<string> = []
    for (let n = 17 + random.below(120); n > 0; n--) {
      const family = random.chance(50) ? 4 : 6
      const bytes = new Uint8Array(16)
      // Few different bits, so that prefixes nest, touch and repeat.
      const bits = family === 4 ? 32 : 128
      const length = random.chance(5) ? 0 : 1 + random.below(bits)
      for (let bit = 0; bit < length; bit++) {
        const isSet = bit < 6 || bit > length - 4 ? random.chance(50) : (bit & 3) === 1
        if (isSet) bytes[bit >> 3]! |= 0x80 >> (bit & 7)
      }
      texts.push(`${printAddress(family, bytes)}/${length}`)
    }
    const long = set(texts)
    const single = texts.map((text) => set([text]))
    for (let asked = 0; asked < 300; asked++) {
      // An address that begins as one of them, to some bit.
      const text = random.pick(texts).split("/")[0]!
      const bytes = new Uint8Array(16)
      const family = text.includes(":") ? 6 : 4
      const size = family === 4 ? 4 : 16
      for (let at = 0; at < size; at++) bytes[at] = random.below(256)
      const known = bytesOf(text)
      const keep = random.below(size * 8 + 1)
      for (let bit = 0; bit < keep; bit++) {
        const mask = 0x80 >> (bit & 7)
        bytes[bit >> 3] = (bytes[bit >> 3]! & ~mask) | (known[bit >> 3]! & mask)
      }
      const wanted = single.some((one) => one.containsBytes(family, bytes))
      expect([printAddress(family, bytes), long.containsBytes(family, bytes)]).toEqual([
        printAddress(family, bytes),
        wanted
      ])
    }
  }
})

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(16)
  parseAddress(text, bytes)
  return bytes
}

test("a quarter of a million networks: an address is looked up in less than a millisecond", () => {
  const texts: Array<string> = []
  for (let n = 0; n < 250_000; n++) texts.push(`172.${(n >> 14) & 255}.${(n >> 6) & 255}.${(n & 63) * 4}/31`)
  const many = set(texts)
  const before = performance.now()
  let found = 0
  for (let n = 0; n < 10_000; n++) if (many.contains(4, (172 << 24) | (n * 331), 0, 0, 0)) found++
  expect(found).toBeGreaterThan(1000)
  expect((performance.now() - before) / 10_000).toBeLessThan(1)
})
