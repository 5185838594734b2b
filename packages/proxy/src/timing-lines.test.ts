import { describe, expect, test } from "bun:test"
import { latin1, octets } from "./http/octets.ts"
import { settingsOf } from "./testing/running-proxy.ts"
import { TimingLines } from "./timing-lines.ts"

const ROUTE = '[[routes]]\nupstream = "http://127.0.0.1:1"\n'
const linesOf = (text: string): TimingLines => new TimingLines(settingsOf(text + ROUTE).headers)

describe("timing lines", () => {
  test("follow the block, what isn't known is left out, 0 is told", () => {
    const lines = linesOf("")
    expect(latin1(lines.append(octets("x-tcp-nat: 1\r\n"), 104, 0, 99_999_999))).toBe(
      "x-tcp-nat: 1\r\nx-tcp-rtt: 104\r\nx-tls-chello-delay: 0\r\nx-tls-rtt: 99999999\r\n"
    )
    expect(latin1(lines.append(octets(""), -1, 10, -1))).toBe("x-tls-chello-delay: 10\r\n")
    expect(latin1(lines.append(octets("x-tcp-nat: 1\r\n"), -1, -1, -1))).toBe("x-tcp-nat: 1\r\n")
    for (const value of [9, 10, 11, 99, 100, 101, 999_999, 1_000_000, 120_000_000])
      expect(latin1(lines.append(octets(""), value, -1, -1))).toBe(`x-tcp-rtt: ${value}\r\n`)
  })

  test("have the names that the operator gave, or none", () => {
    expect(latin1(linesOf('[headers]\nrtt = "x-round-trip"\n').append(octets(""), 5, -1, 6))).toBe(
      "x-round-trip: 5\r\nx-tls-rtt: 6\r\n"
    )
    expect(linesOf('[headers]\npreset = "seed"\n').isEmpty).toBe(true)
    expect(linesOf("").isEmpty).toBe(false)
  })
})
