/**
 * p0f's API replies for every host of the shared live captures, byte for byte.
 */
import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { P0F_FRIENDLY_REPLY_BYTES, P0F_QUERY_BYTES, P0F_REPLY_BYTES, P0fResponder, parseAddress } from "@synprint/core"
import { SHARED, sharedFile } from "@synprint/core/testing"
import { limitsOf, loadMatcher, P0F_DATABASE, replay } from "./replay.ts"

const isThere = existsSync(P0F_DATABASE) && sharedFile("vectors/p0f/api") !== undefined

/** A whole query: magic, type, address. */
function query(address: string): Uint8Array {
  const bytes = new Uint8Array(P0F_QUERY_BYTES)
  bytes.set([0x01, 0x46, 0x30, 0x50])
  const family = parseAddress(address, bytes, 5)
  if (family === 0) throw new Error(`not an address: ${address}`)
  bytes[4] = family
  return bytes
}

test.skipIf(!isThere)("replies as p0f does about every host it saw", () => {
  const matcher = loadMatcher()
  let replies = 0
  for (let number = 20; number <= 27; number++) {
    const name = join(SHARED, `vectors/p0f/api/api${number}`)
    const { observer } = replay(readFileSync(`${name}.pcap`), matcher, limitsOf([]))
    const hosts = JSON.parse(readFileSync(`${name}.json`, "utf8")) as Array<{ ip: string; hex: string }>
    for (const { ip, hex } of hosts) {
      const out = new Uint8Array(P0F_REPLY_BYTES)
      expect(new P0fResponder(observer, "p0f").reply(query(ip), 0, 0, out, 0)).toBe(232)
      expect(`${number} ${ip} ${Buffer.from(out).toString("hex")}`).toBe(`${number} ${ip} ${hex}`)
      replies++
    }
  }
  expect(replies).toBe(96)
})

test.skipIf(!isThere)("refuses bad queries and knows no strangers", () => {
  const { observer } = replay(readFileSync(join(SHARED, "vectors/p0f/api/api20.pcap")), loadMatcher(), limitsOf([]))
  const status = (bytes: Uint8Array): number => {
    const out = new Uint8Array(P0F_FRIENDLY_REPLY_BYTES).fill(0xff)
    const length = new P0fResponder(observer, "friendly").reply(bytes, 0, 0, out, 0)
    expect(length).toBe(236)
    expect([...out.subarray(0, 4)]).toEqual([0x02, 0x46, 0x30, 0x50])
    if (out[4] !== 0x10) expect(out.subarray(8).every((byte) => byte === 0)).toBe(true)
    return out[4]!
  }
  expect(status(query("10.0.0.1"))).toBe(0x10)
  expect(status(query("192.0.2.99"))).toBe(0x20)
  const mapped = new Uint8Array(P0F_QUERY_BYTES)
  mapped.set(query("10.0.0.1"))
  mapped[4] = 6
  mapped.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1], 5)
  expect(status(mapped)).toBe(0x20)
  const wrongType = query("10.0.0.1")
  wrongType[4] = 5
  expect(status(wrongType)).toBe(0x00)
  const wrongMagic = query("10.0.0.1")
  wrongMagic[0] = 2
  expect(status(wrongMagic)).toBe(0x00)
})
