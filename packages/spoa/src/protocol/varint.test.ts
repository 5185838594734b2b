import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { sharedFile } from "@synprint/core/testing"
import { Cursor, readVarint, readVarint64, skipVarint, writeVarint, writeVarint64 } from "./varint.ts"

const path = sharedFile("vectors/spop.json")

function encode(value: bigint): Uint8Array {
  const out = new Uint8Array(16)
  return out.slice(0, writeVarint64(out, 0, value))
}

function cursorOver(bytes: Uint8Array): Cursor {
  const cursor = new Cursor()
  cursor.reset(bytes, 0, bytes.length)
  return cursor
}

test.skipIf(path === undefined)("vectors of HAProxy's own encoder, both ways", () => {
  const { varints } = JSON.parse(readFileSync(path!, "utf8")) as { varints: Array<{ value: string; hex: string }> }
  expect(varints.length).toBeGreaterThanOrEqual(25)
  for (const { value, hex } of varints) {
    const wanted = BigInt(value)
    expect(Buffer.from(encode(wanted)).toString("hex")).toBe(hex)
    const cursor = cursorOver(Buffer.from(hex, "hex"))
    expect(readVarint64(cursor)).toBe(wanted)
    expect(cursor.at).toBe(hex.length / 2)
    if (wanted > BigInt(Number.MAX_SAFE_INTEGER)) continue
    const out = new Uint8Array(16)
    const end = writeVarint(out, 0, Number(wanted))
    expect(Buffer.from(out.subarray(0, end)).toString("hex")).toBe(hex)
    expect(readVarint(cursorOver(out.subarray(0, end)))).toBe(Number(wanted))
  }
})

test("every length boundary and its neighbours, and random values, survive the round trip", () => {
  const values: Array<bigint> = [0n]
  let boundary = 240n
  for (let shift = 11n; shift < 64n; shift += 7n) {
    values.push(boundary - 1n, boundary, boundary + 1n)
    boundary += 1n << shift
  }
  values.push((1n << 64n) - 1n, 1n << 63n, (1n << 31n) - 1n, 1n << 31n, 0x7ffffffen, (1n << 53n) - 1n)
  let state = 88172645463325252n
  for (let count = 0; count < 5000; count++) {
    state = BigInt.asUintN(64, state ^ (state << 13n))
    state ^= state >> 7n
    state = BigInt.asUintN(64, state ^ (state << 17n))
    values.push(state >> BigInt(count % 64))
  }
  for (const value of values) {
    const bytes = encode(value)
    expect(bytes.length).toBeLessThanOrEqual(10)
    expect(readVarint64(cursorOver(bytes))).toBe(value)
    const double = readVarint(cursorOver(bytes))
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) expect(double).toBe(Number(value))
    else expect(double / Number(value)).toBeCloseTo(1, 12)
    const skipped = cursorOver(bytes)
    skipVarint(skipped)
    expect(skipped.at).toBe(bytes.length)
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) {
      const out = new Uint8Array(16)
      expect(out.slice(0, writeVarint(out, 0, Number(value))).toHex()).toBe(bytes.toHex())
    }
    for (let cut = 0; cut < bytes.length; cut++) {
      for (const read of [readVarint, readVarint64, skipVarint]) {
        const cursor = cursorOver(bytes.subarray(0, cut))
        read(cursor)
        expect(cursor.failed).toBe(true)
      }
    }
  }
})

test("a negative value is its 64-bit two's complement", () => {
  expect(Buffer.from(encode(-5n)).toString("hex")).toBe("fbf0fefefefefefefe0e")
})

test("ten bytes are read, the eleventh is refused", () => {
  const ten = Uint8Array.of(0xff, 0xf0, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0x0e)
  expect(readVarint64(cursorOver(ten))).toBe((1n << 64n) - 1n)
  for (const read of [readVarint, readVarint64, skipVarint]) {
    const cursor = cursorOver(new Uint8Array(32).fill(0xff))
    read(cursor)
    expect(cursor.failed).toBe(true)
    const long = cursorOver(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01))
    read(long)
    expect(long.failed).toBe(true)
  }
})
