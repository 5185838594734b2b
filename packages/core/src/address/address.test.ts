import { describe, expect, test } from "bun:test"
import { rounds, seededRandom } from "../testing/random.ts"
import { parseAddress, printAddress, printAddressLong, printIpv4, printIpv6 } from "./address.ts"

const bytes = new Uint8Array(18).fill(0xaa)

function canonical(text: string): string | undefined {
  const family = parseAddress(text, bytes, 1)
  return family === 0 ? undefined : printAddress(family, bytes, 1)
}

describe("addresses", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    // RFC 5952 §4.2: the longest run, the first of two, never a single group.
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["fe80::1%eth0", "fe80::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:c000:0201", "192.0.2.1"],
    ["::192.0.2.1", "::c000:201"]
  ])("%s is %s", (text, expected) => {
    expect(canonical(text)).toBe(expected)
    expect([bytes[0], bytes[17]]).toEqual([0xaa, 0xaa])
  })

  test.each(
    "|1|1.2.3|1.2.3.4.5|1.2.3.256|01.2.3.4|1.2.3.|.1.2.3|1..2.3|1.2.3.4 | 1.2.3.4|1.2.3.a|-1.2.3.4|:|:::|1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9|1::2::3|12345::|g::|:1::2|1:2:|1:2:3:4:5:6:7:1.2.3.4|::1.2.3|fe80::1%|1:2:3:4:5:6:7:8::|::1:2:3:4:5:6:7:8|example.com|[::1]"
      .split("|")
      .map((text) => [text])
  )("%j is none", (text) => {
    expect(parseAddress(text, bytes)).toBe(0)
  })

  test("p0f's long form", () => {
    const family = parseAddress("2001:db8::a:0:1", bytes)
    expect(family).toBe(6)
    expect(printAddressLong(6, bytes)).toBe("2001:db8:0:0:0:a:0:1")
    parseAddress("192.0.2.1", bytes)
    expect(printAddressLong(4, bytes)).toBe("192.0.2.1")
  })

  test("every printed address is read back, and IPv6 is what the platform prints", () => {
    const random = seededRandom(4)
    for (let round = 0; round < rounds(20_000); round++) {
      const word = random.word()
      expect(canonical(printIpv4(word))).toBe(printIpv4(word))
      const words = [0, 1, 2, 3].map(() =>
        random.chance(40) ? 0 : random.chance(50) ? random.word() & 0xffff : random.word()
      )
      const text = printIpv6(words[0]!, words[1]!, words[2]!, words[3]!)
      expect(parseAddress(text, bytes)).toBe(text.includes(".") ? 4 : 6)
      if (!text.includes(".")) {
        expect(canonical(text)).toBe(text)
        expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`)
      }
      expect(canonical(printAddressLong(6, bytes, 1))).toBe(canonical(text) ?? "")
    }
  })

  test("no text throws", () => {
    const random = seededRandom(5)
    for (let round = 0; round < rounds(20_000); round++) {
      const text = Array.from({ length: random.below(24) }, () => random.pick([..."0123456789abcdefF:.:.%x "])).join("")
      const family = parseAddress(text, bytes, 1)
      if (family !== 0) expect(canonical(printAddress(family, bytes, 1))).toBe(printAddress(family, bytes, 1))
    }
  })
})
