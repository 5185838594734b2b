import { expect, test } from "bun:test"
import { ConnectionInfo, fieldOf, type TcpFingerprint } from "@synprint/core"
import { isReservedHeader } from "@synprint/core/testing"
import type { HeadersConfig } from "../config/headers.ts"
import { HeaderEncoder } from "./header-encoder.ts"
import { HeaderLines } from "../http1/header-lines.ts"
import { latin1 } from "../http1/byte-classes.ts"

const fingerprint = {
  os: "Linux 5.x",
  osMatchQ: 0,
  dist: 0,
  link: "Ethernet or modem",
  linkMtu: 1500,
  mss: 1460,
  rawSignature: "4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0",
  encoded: undefined
} as unknown as TcpFingerprint

const headers = (preset: HeadersConfig["preset"], names: Record<string, string> = {}): HeadersConfig => ({
  preset,
  names: new Map(Object.entries(names))
})
function answered(change: (answer: ConnectionInfo) => void): ConnectionInfo {
  const answer = new ConnectionInfo()
  answer.reset("ok")
  answer.fingerprint = { ...fingerprint }
  change(answer)
  return answer
}
function connectionText(block: HeaderEncoder, answer: ConnectionInfo): string {
  const lines = new HeaderLines()
  block.appendConnectionHeaders(answer, lines)
  return latin1(lines.take())
}
function text(block: HeaderEncoder, answer: ConnectionInfo): string {
  return latin1(block.fingerprintHeaders(answer)) + connectionText(block, answer)
}

test("x-tcp: what is known, a known 0 too", () => {
  const answer = answered((each) => {
    each.hasHost = true
    each.uptimeMinutes = 0
    each.nat = true
  })
  expect(text(new HeaderEncoder(headers("x-tcp")), answer)).toBe(
    "x-tcp-status: ok\r\nx-tcp-os: Linux 5.x\r\nx-tcp-matchq: 0\r\nx-tcp-dist: 0\r\nx-tcp-link: Ethernet or modem\r\nx-tcp-mtu: 1500\r\nx-tcp-mss: 1460\r\n" +
      "x-tcp-sig: 4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0\r\nx-tcp-uptime: 0\r\nx-tcp-nat: 1\r\n"
  )
})

test("the other presets, and single names of the operator's", () => {
  const answer = answered(() => undefined)
  expect(text(new HeaderEncoder(headers("seed")), answer)).toBe(
    "x_tcp_os: Linux 5.x\r\nx-tcp-matchq: 0\r\nx_tcp_dist: 0\r\nx_tcp_link: Ethernet or modem\r\nx-tcp-mtu: 1500\r\nx-tcp-mss: 1460\r\n"
  )
  expect(text(new HeaderEncoder(headers("huginn")), answer)).toBe(
    `x-huginn-net-tcp: ${fingerprint.rawSignature}\r\nx-tcp-p0f: ${fingerprint.rawSignature}\r\n`
  )
  expect(text(new HeaderEncoder(headers("x-p0f", { sig: "my-sig" })), answer)).toEndWith(
    `my-sig: ${fingerprint.rawSignature}\r\n`
  )
})

test("without a SYN: the status alone, or what is known of the address", () => {
  const block = new HeaderEncoder(headers("x-tcp"))
  const answer = new ConnectionInfo()
  for (const status of ["syncookie", "via_proxy", "not_captured", "disabled"] as const) {
    answer.reset(status)
    expect(text(block, answer)).toBe(`x-tcp-status: ${status}\r\n`)
  }
  answer.reset("by_address")
  answer.hasHost = true
  answer.hostOs = "Windows NT kernel"
  answer.hostDist = 4
  expect(text(block, answer)).toBe(
    "x-tcp-status: by_address\r\nx-tcp-os: Windows NT kernel\r\nx-tcp-matchq: 0\r\nx-tcp-dist: 4\r\n"
  )
})

test("a fingerprint is encoded once, and again by an encoder with other names", () => {
  const answer = answered(() => undefined)
  const block = new HeaderEncoder(headers("x-tcp"))
  const first = block.fingerprintHeaders(answer)
  expect(block.fingerprintHeaders(answer).buffer).toBe(first.buffer)
  expect(latin1(new HeaderEncoder(headers("huginn")).fingerprintHeaders(answer))).toStartWith("x-huginn")
  expect(latin1(block.fingerprintHeaders(answer))).toBe(latin1(first))
})

test("a label can't end its line", () => {
  const answer = answered((each) => {
    each.fingerprint = { ...fingerprint, os: "Evil\r\nx-admin: 1\u007f" }
  })
  expect(text(new HeaderEncoder(headers("x-tcp")), answer)).toContain("x-tcp-os: Evil??x-admin: 1?\r\n")
})

test("every name of every preset is one that clients can't send", () => {
  const answer = answered((each) => {
    Object.assign(each, {
      hasHost: true,
      uptimeMinutes: 1,
      nat: true,
      badSw: 1,
      httpName: "a",
      httpFlavor: "b",
      language: "c"
    })
    Object.assign(each, { firstSeen: 1, lastSeen: 1, totalConn: 1, lastNat: 1, lastChg: 1, upModDays: 1 })
  })
  for (const preset of ["x-tcp", "x-p0f", "seed", "huginn"] as const) {
    const names = text(new HeaderEncoder(headers(preset)), answer)
      .split("\r\n")
      .slice(0, -1)
      .map((line) => line.split(":")[0]!)
    expect(names.length).toBeGreaterThan(1)
    expect(names.filter((name) => !isReservedHeader(name))).toEqual([])
  }
})

test("a field that is added to the table is a header line", () => {
  const extra = { ...fieldOf("retransmits"), name: "extra", read: () => 42 }
  const encoder = new HeaderEncoder(headers("x-tcp"), [
    { ...extra, headers: { ...extra.headers, "x-tcp": ["x-tcp-extra"] } }
  ])
  expect(connectionText(encoder, new ConnectionInfo())).toBe("x-tcp-extra: 42\r\n")
})
