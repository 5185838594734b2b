import { expect, test } from "bun:test"
import { isLocal, parseListenAddress, printListenAddress } from "./listen-address.ts"

const tcp = (host: string, port: number) => ({ kind: "tcp", host, port }) as const

test("every form, and its text again", () => {
  for (const [text, address, printed] of [
    ["127.0.0.1:9000", tcp("127.0.0.1", 9000), "127.0.0.1:9000"],
    ["localhost:0", tcp("127.0.0.1", 0), "127.0.0.1:0"],
    ["*:65535", tcp("0.0.0.0", 65_535), "0.0.0.0:65535"],
    ["[2001:db8::1]:80", tcp("2001:db8::1", 80), "[2001:db8::1]:80"],
    ["[::]:1", tcp("::", 1), "[::]:1"],
    ["unix:/run/a.sock", { kind: "unix", path: "/run/a.sock" }, "unix:/run/a.sock"],
    [`unix:/${"a".repeat(106)}`, { kind: "unix", path: `/${"a".repeat(106)}` }, `unix:/${"a".repeat(106)}`]
  ] as const) {
    const parsed = parseListenAddress(text)
    expect(parsed).toEqual(address)
    expect(typeof parsed === "string" ? "" : printListenAddress(parsed)).toBe(printed)
  }
})

test("what is wrong with a text", () => {
  const expected = 'expected "host:port", "[v6]:port" or "unix:PATH"'
  for (const [text, message] of [
    ["unix:", `${expected}: the path is empty`],
    [`unix:/${"a".repeat(107)}`, "a unix socket's path may have 107 bytes at most"],
    [`unix:/${"ü".repeat(54)}`, "a unix socket's path may have 107 bytes at most"],
    ["9000", expected],
    ["127.0.0.1:", expected],
    ["127.0.0.1:123456", expected],
    ["2001:db8::1", `${expected}: write [2001:db8::1]:PORT`],
    ["127.0.0.1:65536", `${expected}: port 65536 is above 65535`],
    ["[127.0.0.1]:80", `${expected}: "127.0.0.1" is not an IPv6 address`],
    ["[]:80", `${expected}: "" is not an IPv6 address`],
    ["example.com:80", `${expected}: "example.com" is not an IP address`],
    [":80", `${expected}: "" is not an IP address`]
  ] as const)
    expect([text, parseListenAddress(text)]).toEqual([text, message])
})

test("addresses that this host alone can reach", () => {
  const local = ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "unix:/a"]
  const others = ["0.0.0.0:1", "192.0.2.1:1", "[::]:1", "[2001:db8::1]:1"]
  for (const text of [...local, ...others]) {
    const address = parseListenAddress(text)
    expect([text, typeof address !== "string" && isLocal(address)]).toEqual([text, local.includes(text)])
  }
})
