import { expect, test } from "bun:test"
import { EMPTY_HASH, hashByte, hashBytes, hashWord } from "./hash.ts"

const bytes = new TextEncoder().encode("-foobar-")

test("FNV-1a of 32 bits, by the vectors of its authors", () => {
  expect(hashBytes(bytes, 1, 1) >>> 0).toBe(0x811c9dc5)
  expect(hashBytes(new TextEncoder().encode("a"), 0, 1) >>> 0).toBe(0xe40c292c)
  expect(hashBytes(bytes, 1, 7) >>> 0).toBe(0xbf9cf968)
  expect(hashByte(EMPTY_HASH, 0x61) >>> 0).toBe(0xe40c292c)
})

test("every bit of every word counts, and so does their order", () => {
  const hashes = new Set<number>()
  for (let word = 0; word < 3; word++)
    for (let bit = 0; bit < 32; bit++) {
      let hash = 0
      for (let at = 0; at < 3; at++) hash = hashWord(hash, at === word ? 1 << bit : 0)
      hashes.add(hash)
    }
  expect(hashes.size).toBe(96)
  expect(hashWord(hashWord(0, 1), 2)).not.toBe(hashWord(hashWord(0, 2), 1))
})
