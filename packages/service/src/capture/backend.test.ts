import { expect, test } from "bun:test"
import { makeRawSyn } from "./backend.ts"

test("a SYN that nothing filled: no headers, nothing known of where it came by, room for 512 bytes", () => {
  expect(makeRawSyn()).toEqual({
    bytes: new Uint8Array(512),
    ip: 0,
    ipCaptured: 0,
    tcp: 0,
    tcpCaptured: 0,
    tcpDistance: 0,
    seenAtMs: 0,
    retransmits: 0,
    vlan: -1,
    interfaceIndex: 0
  })
  expect(makeRawSyn(8).bytes).toHaveLength(8)
})
