import { describe, expect, test } from "bun:test"
import { latin1, bytesOf } from "../http1/byte-classes.ts"
import { HeaderLines } from "../http1/header-lines.ts"
import { settingsOf } from "../testing/running-proxy.ts"
import { TimingLines } from "./timing-lines.ts"

const ROUTE = '[[routes]]\nupstream = "http://127.0.0.1:1"\n'
/** `block` with the lines behind it. */
function appended(lines: TimingLines, block: string, rtt: number, helloDelay: number, tlsRtt: number): string {
  const headers = new HeaderLines()
  headers.add(bytesOf(block))
  lines.append({ rtt, helloDelay, tlsRtt }, headers)
  return latin1(headers.take())
}
const linesOf = (text: string): TimingLines => new TimingLines(settingsOf(text + ROUTE).headers)

describe("timing lines", () => {
  test("follow the block, what isn't known is left out, 0 is sent", () => {
    const lines = linesOf("")
    expect(appended(lines, "x-tcp-nat: 1\r\n", 104, 0, 99_999_999)).toBe(
      "x-tcp-nat: 1\r\nx-tcp-rtt: 104\r\nx-tls-chello-delay: 0\r\nx-tls-rtt: 99999999\r\n"
    )
    expect(appended(lines, "", -1, 10, -1)).toBe("x-tls-chello-delay: 10\r\n")
    expect(appended(lines, "x-tcp-nat: 1\r\n", -1, -1, -1)).toBe("x-tcp-nat: 1\r\n")
    for (const value of [9, 10, 11, 99, 100, 101, 999_999, 1_000_000, 120_000_000])
      expect(appended(lines, "", value, -1, -1)).toBe(`x-tcp-rtt: ${value}\r\n`)
  })

  test("have the names that the operator gave, or none", () => {
    expect(appended(linesOf('[headers]\nrtt = "x-round-trip"\n'), "", 5, -1, 6)).toBe(
      "x-round-trip: 5\r\nx-tls-rtt: 6\r\n"
    )
    expect(linesOf('[headers]\npreset = "seed"\n').isEmpty).toBe(true)
    expect(linesOf("").isEmpty).toBe(false)
  })
})
