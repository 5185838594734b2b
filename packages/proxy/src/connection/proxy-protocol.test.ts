import { expect, test } from "bun:test"
import { printAddress } from "@synprint/core"
import { seededRandom } from "@synprint/core/testing"
import { bytesOf } from "../http1/byte-classes.ts"
import { BROKEN, decodeProxyHeader, INCOMPLETE, ProxyHeader } from "./proxy-protocol.ts"

const header = new ProxyHeader()
const decode = (bytes: Uint8Array) => decodeProxyHeader(bytes, 0, bytes.length, header)
const decoded = () =>
  header.family === 0
    ? "none"
    : `${printAddress(header.family, header.client)} ${header.clientPort} ${printAddress(header.family, header.server)} ${header.serverPort}`

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
const zeros = (length: number) => Array.from({ length }, () => 0)
const v2 = (command: number, family: number, body: ReadonlyArray<number>) =>
  Uint8Array.from([...SIGNATURE, command, family, body.length >> 8, body.length & 255, ...body])
const IPV4 = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0x01, 0xbb]

test.each([
  ["PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", "192.0.2.1 56324 198.51.100.7 443"],
  ["PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", "2001:db8::1 1 2001:db8::2 65535"],
  ["PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", "192.0.2.1 1 192.0.2.2 2"],
  ["PROXY UNKNOWN\r\n", "none"],
  ["PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "none"]
])("version 1: %j", (text, wanted) => {
  const bytes = bytesOf(`${text}GET / HTTP/1.1\r\n`)
  expect(decode(bytes)).toBe(text.length)
  expect(decoded()).toBe(wanted)
  for (let end = 0; end < text.length; end++) expect(decode(bytes.subarray(0, end))).toBe(INCOMPLETE)
})

test.each([
  "GET / HTTP/1.1\r\n",
  "PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n",
  "PROXY TCP4 192.0.2.1 198.51.100.7 56324 65536\r\n",
  "PROXY TCP4 192.0.2.1 198.51.100.7 056 443\r\n",
  "PROXY TCP4 192.0.2.256 198.51.100.7 56 443\r\n",
  "PROXY TCP4 ::1 ::2 56 443\r\n",
  "PROXY TCP6 192.0.2.1 192.0.2.2 56 443\r\n",
  "PROXY TCP4  192.0.2.1 198.51.100.7 56324 443\r\n",
  "PROXY UDP4 192.0.2.1 198.51.100.7 56324 443\r\n",
  "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\rX",
  `PROXY UNKNOWN ${"a".repeat(200)}`
])("version 1, broken: %j", (text) => {
  expect(decode(bytesOf(text))).toBe(BROKEN)
})

test("version 2", () => {
  const ipv4 = v2(0x21, 0x11, [...IPV4, 0x04, 0, 1, 0])
  expect(decode(ipv4)).toBe(ipv4.length)
  expect(decoded()).toBe("192.0.2.1 56324 198.51.100.7 443")
  const ipv6 = v2(0x21, 0x21, [...zeros(15), 1, ...zeros(15), 2, 0, 80, 1, 187])
  expect(decode(ipv6)).toBe(ipv6.length)
  expect(decoded()).toBe("::1 80 ::2 443")
  // LOCAL, UNSPEC, unix: the connection is the balancer's own.
  for (const [command, family] of [
    [0x20, 0x11],
    [0x21, 0],
    [0x21, 0x31]
  ] as const) {
    expect(decode(v2(command, family, [...IPV4, ...zeros(204)]))).toBe(16 + 216)
    expect(decoded()).toBe("none")
  }
  for (let end = 0; end < ipv4.length; end++) expect(decode(ipv4.subarray(0, end))).toBe(INCOMPLETE)
  expect(decode(v2(0x11, 0x11, IPV4))).toBe(BROKEN)
  expect(decode(v2(0x22, 0x11, IPV4))).toBe(BROKEN)
  expect(decode(v2(0x21, 0x11, IPV4.slice(1)))).toBe(BROKEN)
  expect(decode(v2(0x21, 0x11, zeros(2049)))).toBe(BROKEN)
})

test("random bytes are INCOMPLETE, BROKEN or a length within them", () => {
  const random = seededRandom(2)
  for (let n = 0; n < 20_000; n++) {
    const bytes = random.once(2)
      ? v2(0x21, random.word() & 255, [...random.bytes(random.below(60))])
      : bytesOf(`PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n`)
    bytes[random.below(bytes.length)] = random.word()
    const length = decode(bytes)
    expect(length === INCOMPLETE || length === BROKEN || (length > 0 && length <= bytes.length)).toBe(true)
  }
})
