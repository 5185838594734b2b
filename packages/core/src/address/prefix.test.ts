import { describe, expect, test } from "bun:test"
import { seededRandom } from "../testing/random.ts"
import { printAddress } from "./address.ts"
import { parsePrefixes, PrefixSet } from "./prefix.ts"

function set(...texts: ReadonlyArray<string>): PrefixSet {
  const parsed = parsePrefixes(texts)
  if (!(parsed instanceof PrefixSet)) throw new Error(parsed.join("; "))
  return parsed
}

describe("prefixes", () => {
  test("contains", () => {
    const prefixes = set("10.0.0.0/8", "192.0.2.1", "2001:db8::/33", "::1", "::ffff:172.16.0.0/108", "203.0.113.128/25")
    for (const inside of [
      "10.0.0.0",
      "10.255.255.255",
      "192.0.2.1",
      "2001:db8:7fff::1",
      "::1",
      "172.31.0.1",
      "203.0.113.128",
      "::ffff:10.1.1.1"
    ])
      expect([inside, prefixes.containsAddress(inside)]).toEqual([inside, true])
    for (const outside of [
      "11.0.0.0",
      "9.255.255.255",
      "192.0.2.2",
      "2001:db8:8000::",
      "::2",
      "172.32.0.0",
      "203.0.113.127",
      "::a00:1",
      "x"
    ])
      expect([outside, prefixes.containsAddress(outside)]).toEqual([outside, false])
    expect(prefixes.print()).toEqual([
      "10.0.0.0/8",
      "192.0.2.1/32",
      "2001:db8::/33",
      "::1/128",
      "172.16.0.0/12",
      "203.0.113.128/25"
    ])
  })

  test("everything of a family, and nothing", () => {
    expect(set("0.0.0.0/0").containsAddress("255.1.2.3")).toBe(true)
    expect(set("0.0.0.0/0").containsAddress("::1")).toBe(false)
    expect(set("::/0").containsAddress("ffff::1")).toBe(true)
    expect(set("::/0").containsAddress("1.2.3.4")).toBe(false)
    expect(set().containsAddress("1.2.3.4")).toBe(false)
    expect(set().size).toBe(0)
  })

  test("each text that is none gets a message of its own", () => {
    expect(
      parsePrefixes([
        "10.0.0.0/8",
        "example.com",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "2001:db8::1/64",
        "::/129",
        "::ffff:0:0/95",
        "10.0.0.0/",
        "1.2.3.4/+1"
      ])
    ).toEqual([
      '"example.com": not an IPv4 or IPv6 address (write 10.0.0.0/8 or 2001:db8::/32)',
      '"10.0.0.0/33": the prefix length must be a number from 0 to 32',
      '"10.0.0.1/8": address bits are set beyond the prefix (write 10.0.0.0/8, or the address alone)',
      '"2001:db8::1/64": address bits are set beyond the prefix (write 2001:db8::/64, or the address alone)',
      '"::/129": the prefix length must be a number from 0 to 128',
      '"::ffff:0:0/95": a v4-mapped prefix needs a length from 96 to 128 (or write the IPv4 prefix)',
      '"10.0.0.0/": the prefix length must be a number from 0 to 32',
      '"1.2.3.4/+1": the prefix length must be a number from 0 to 32'
    ])
  })

  test("printed prefixes are read back, and hold exactly what shares their bits", () => {
    const random = seededRandom(3)
    for (let round = 0; round < 5000; round++) {
      const family = random.chance(50) ? 4 : 6
      const bits = family === 4 ? 32 : 128
      const length = random.between(0, bits)
      const network = random.bytes(16)
      if (family === 4) network.fill(0, 4)
      for (let bit = length; bit < bits; bit++) network[bit >> 3]! &= ~(0x80 >> (bit & 7))
      const text = `${printAddress(family, network)}/${length}`
      const prefix = set(text)
      expect(prefix.print()).toEqual([text])
      const other = network.slice()
      for (let flips = random.below(3); flips > 0; flips--) {
        const bit = random.below(bits)
        other[bit >> 3]! ^= 0x80 >> (bit & 7)
      }
      const shares = Array.from(
        { length },
        (_, bit) => ((other[bit >> 3]! ^ network[bit >> 3]!) >> (7 - (bit & 7))) & 1
      ).every((bit) => bit === 0)
      expect(prefix.containsBytes(family, other)).toBe(shares)
    }
  })
})

test("a union holds every prefix of its sets, in their order", () => {
  const sets = [set("10.0.0.0/8", "2001:db8::/32"), set(), set("192.0.2.1"), set("::1", "172.16.0.0/12")]
  expect(PrefixSet.union(sets).print()).toEqual(sets.flatMap((one) => one.print()))
  expect(PrefixSet.union(sets).size).toBe(5)
  expect(PrefixSet.union([]).print()).toEqual([])
})
