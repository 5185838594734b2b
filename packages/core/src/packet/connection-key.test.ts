import { describe, expect, test } from "bun:test"
import { synFrame } from "../testing/layers.ts"
import { hex } from "../testing/packets.ts"
import { seededRandom } from "../testing/random.ts"
import { parseAddress } from "../address/address.ts"
import {
  encodeConnectionKey,
  equalConnectionKeys,
  hashConnectionKey,
  KEY_SERVER,
  KEY_SERVER_PORT,
  KeyWords,
  makeConnectionKey,
  parseConnectionKey,
  printConnectionKey,
  putConnectionKey
} from "./connection-key.ts"
import { decodeFrame } from "./frame.ts"
import { Packet } from "./packet.ts"

const words = (key: Uint8Array): Int32Array => new KeyWords().of(key)

describe("connection key", () => {
  test("the bytes of the eBPF map key", () => {
    const key = makeConnectionKey().fill(0xee)
    expect(parseConnectionKey("192.0.2.1", 49152, "198.51.100.7", 443, key)).toBe(true)
    expect(key).toEqual(hex(`04 000000 c000 01bb c0000201 ${"00".repeat(12)} c6336407 ${"00".repeat(12)}`))
    expect(printConnectionKey(key)).toBe("192.0.2.1:49152 > 198.51.100.7:443")
    parseConnectionKey("2001:db8::1", 1, "2001:db8::7", 65535, key)
    expect(key).toEqual(hex("06 000000 0001 ffff 20010db8000000000000000000000001 20010db8000000000000000000000007"))
    expect(printConnectionKey(key)).toBe("[2001:db8::1]:1 > [2001:db8::7]:65535")
  })

  test("text, raw addresses and a packet give the same key; v4-mapped is IPv4", () => {
    const [text, raw, packetKey, mapped] = [
      makeConnectionKey(),
      makeConnectionKey(),
      makeConnectionKey(),
      makeConnectionKey()
    ]
    const packet = new Packet()
    for (const [client, server] of [
      ["192.0.2.9", "198.51.100.7"],
      ["2001:db8::9", "2001:db8::7"]
    ] as const) {
      const frame = synFrame({ src: client, dst: server, sport: 4242, dport: 80 })
      decodeFrame(frame, 0, frame.length, frame.length, 1, packet)
      putConnectionKey(packet, packetKey)
      expect(parseConnectionKey(client, 4242, server, 80, text)).toBe(true)
      const bytes = new Uint8Array(32)
      const length = parseAddress(client, bytes) === 4 ? 4 : 16
      parseAddress(server, bytes, 16)
      expect(encodeConnectionKey(bytes.slice(0, length), 4242, bytes.slice(16, 16 + length), 80, raw)).toBe(true)
      expect([raw, packetKey]).toEqual([text, text])
      if (length === 16) continue
      expect(parseConnectionKey(`::ffff:${client}`, 4242, `::ffff:${server}`, 80, mapped)).toBe(true)
      expect(mapped).toEqual(text)
      const six = synFrame({ ver: 6, src: client, dst: server, sport: 4242, dport: 80 })
      decodeFrame(six, 0, six.length, six.length, 1, packet)
      putConnectionKey(packet, mapped.fill(0xee))
      expect(mapped).toEqual(text)
    }
  })

  test("what makes no key", () => {
    const key = makeConnectionKey()
    expect(parseConnectionKey("192.0.2.1", 1, "2001:db8::1", 2, key)).toBe(false)
    expect(parseConnectionKey("192.0.2.1", 1, "nowhere", 2, key)).toBe(false)
    expect(parseConnectionKey("192.0.2.1", -1, "192.0.2.2", 2, key)).toBe(false)
    expect(parseConnectionKey("192.0.2.1", 1, "192.0.2.2", 65536, key)).toBe(false)
    expect(parseConnectionKey("192.0.2.1", 1.5, "192.0.2.2", 6, key)).toBe(false)
    expect(encodeConnectionKey(new Uint8Array(4), 1, new Uint8Array(16), 2, key)).toBe(false)
    expect(encodeConnectionKey(new Uint8Array(5), 1, new Uint8Array(5), 2, key)).toBe(false)
  })

  test("the client's half", () => {
    const key = makeConnectionKey()
    const other = makeConnectionKey()
    parseConnectionKey("192.0.2.1", 5, "198.51.100.7", 443, key)
    parseConnectionKey("192.0.2.1", 5, "10.0.0.1", 8443, other)
    expect(equalConnectionKeys(words(key), 0, words(other), 0)).toBe(false)
    // As `[capture] key = "client"` stores them.
    for (const each of [key, other]) {
      each.fill(0, KEY_SERVER_PORT, KEY_SERVER_PORT + 2)
      each.fill(0, KEY_SERVER)
    }
    expect(equalConnectionKeys(words(key), 0, words(other), 0)).toBe(true)
    expect(printConnectionKey(key)).toBe("192.0.2.1:5 > *")
  })

  test("every byte counts for equality; equal keys hash alike, neighbours spread, the seed decides", () => {
    const random = seededRandom(1)
    const key = random.bytes(40)
    key[0] = 6
    key.fill(0, 1, 4)
    for (const at of [0, 4, 5, 6, 7, 8, 23, 24, 39]) {
      const other = key.slice()
      other[at]! ^= 1
      expect(equalConnectionKeys(words(key), 0, words(other), 0)).toBe(false)
      expect(hashConnectionKey(words(key), 0, 9)).not.toBe(hashConnectionKey(words(other), 0, 9))
    }
    expect(hashConnectionKey(words(key), 0, 9)).toBe(hashConnectionKey(words(key.slice()), 0, 9))
    expect(hashConnectionKey(words(key), 0, 9)).not.toBe(hashConnectionKey(words(key), 0, 10))
    const buckets = new Uint16Array(1024)
    const asked = new KeyWords()
    for (let port = 0; port < 65536; port++) {
      parseConnectionKey("10.1.2.3", port, "198.51.100.7", 443, key)
      buckets[hashConnectionKey(asked.of(key), 0, 7) & 1023]!++
    }
    // 64 on average; a Poisson tail beyond 120 has odds below 10^-9.
    expect(Math.max(...buckets)).toBeLessThan(120)
    expect(Math.min(...buckets)).toBeGreaterThan(24)
  })
})
