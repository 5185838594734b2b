/**
 * Blocks of pcapng at their limits, written word by word (draft-ietf-opsawg-pcapng §4).
 */
import { expect, test } from "bun:test"
import { concat } from "../../testing/packets.ts"
import { CaptureReader } from "./capture-file.ts"
import { makeClock } from "./pcapng-clock.ts"

type Seen = readonly [captured: number, wire: number, linkType: number, sec: number, usec: number]

/** Writes blocks in one byte order. */
function writer(bigEndian: boolean) {
  const little = !bigEndian
  const words = (...values: ReadonlyArray<number>): Uint8Array => {
    const bytes = new Uint8Array(4 * values.length)
    const view = new DataView(bytes.buffer)
    values.forEach((value, n) => view.setUint32(4 * n, value >>> 0, little))
    return bytes
  }
  const halves = (a: number, b: number): number => (little ? (b << 16) | a : (a << 16) | b) >>> 0
  /** A block of this length, or of what its body needs; the body is followed by zeros. */
  const block = (type: number, body: Uint8Array, length = 12 + ((body.length + 3) & ~3)): Uint8Array =>
    concat(words(type, length), body, new Uint8Array(Math.max(0, length - 12 - body.length)), words(length))
  const option = (code: number, bytes: ReadonlyArray<number>, size = bytes.length): Uint8Array =>
    concat(words(halves(code, size)), Uint8Array.from(bytes), new Uint8Array((4 - (bytes.length & 3)) & 3))
  return {
    words,
    block,
    option,
    section: (length?: number): Uint8Array => block(0x0a0d0d0a, words(0x1a2b3c4d, halves(1, 0), -1, -1), length),
    interface: (linkType = 1, snaplen = 0, options: Uint8Array = new Uint8Array(0), length?: number): Uint8Array =>
      block(1, concat(words(halves(linkType, 0), snaplen), options), length),
    /** An enhanced packet block. */
    packet: (id: number, high: number, low: number, captured: number, wire: number, length?: number): Uint8Array =>
      block(6, concat(words(id, high, low, captured, wire), new Uint8Array(captured)), length),
    obsolete: (id: number, low: number, captured: number): Uint8Array =>
      block(2, concat(words(halves(id, 0xffff), 0, low, captured, captured), new Uint8Array(captured))),
    simple: (wire: number, bytes: number): Uint8Array => block(3, concat(words(wire), new Uint8Array(bytes)))
  }
}

function read(
  asLibpcap: boolean,
  ...parts: ReadonlyArray<Uint8Array>
): readonly [ReadonlyArray<Seen>, string | undefined] {
  const seen: Array<Seen> = []
  const reader = new CaptureReader(
    ({ captured, wire, linkType, sec, usec }) => void seen.push([captured, wire, linkType, sec, usec]),
    { asLibpcap }
  )
  reader.push(concat(...parts))
  return [seen, reader.end()?.message.replace(/, at byte.*/, "")]
}

test.each([false, true])("the shortest and longest blocks that are read; big-endian: %p", (bigEndian) => {
  const make = writer(bigEndian)
  const front = [make.section(), make.interface()]
  // No packet bytes at all.
  expect(read(false, ...front, make.packet(0, 0, 5, 0, 60))).toEqual([[[0, 60, 1, 0, 5]], undefined])
  expect(read(false, ...front, make.simple(60, 0))).toEqual([[[0, 60, 1, 0, 0]], undefined])
  expect(read(false, ...front, make.obsolete(0, 7, 0))).toEqual([[[0, 0, 1, 0, 7]], undefined])
  expect(read(false, ...front, make.words(3, 12, 12))[1]).toBe("a pcapng packet block claims a length of 12")
  expect(read(false, ...front, make.words(2, 28, 0, 0, 0, 0, 28))[1]).toBe(
    "a pcapng packet block claims a length of 28"
  )
  // Captured bytes: as many as the block has room for, and 262,144.
  expect(read(false, ...front, make.packet(0, 0, 0, 4, 4))[0]).toHaveLength(1)
  expect(read(false, ...front, make.words(6, 36, 0, 0, 0, 5, 5, 0, 36))[1]).toBe(
    "a pcapng packet claims 5 captured bytes in a block of 36"
  )
  expect(read(false, ...front, make.packet(0, 0, 0, 262_144, 262_144))[0]).toEqual([[262_144, 262_144, 1, 0, 0]])
  expect(read(false, ...front, make.packet(0, 0, 0, 262_145, 262_145))[1]).toBe(
    "a pcapng packet claims 262145 captured bytes in a block of 262180"
  )
  // A section of 28 bytes; it may be longer, with options.
  expect(read(false, make.section(32), make.interface(), make.packet(0, 0, 0, 0, 0))[0]).toHaveLength(1)
  expect(read(false, make.words(0x0a0d0d0a, 24, 0x1a2b3c4d, 0, 0, 24))[1]).toBe(
    "a pcapng section header claims a length of 24"
  )
  // An interface of 20 to 65,536 bytes.
  expect(read(false, make.section(), make.words(1, 16, 1, 16))[1]).toBe(
    "a pcapng interface description claims a length of 16"
  )
  expect(
    read(false, make.section(), make.interface(1, 0, undefined, 65_536), make.packet(0, 0, 0, 0, 0))[0]
  ).toHaveLength(1)
  expect(read(false, make.section(), make.interface(1, 0, undefined, 65_540))[1]).toBe(
    "a pcapng interface description claims a length of 65540"
  )
  // Any block has 12 bytes, in fours.
  expect(read(false, ...front, make.words(0xbad, 12, 12), make.packet(0, 0, 0, 0, 0))).toEqual([
    [[0, 0, 1, 0, 0]],
    undefined
  ])
  expect(read(false, ...front, make.words(0xbad, 8, 8))[1]).toBe("a pcapng block of type 0xbad claims a length of 8")
  expect(read(false, ...front, make.words(0xbad, 14, 8, 8))[1]).toBe(
    "a pcapng block of type 0xbad claims a length of 14"
  )
})

test.each([false, true])(
  "a packet names its interface by number, up to 65,536 of them; big-endian: %p",
  (bigEndian) => {
    const make = writer(bigEndian)
    const many = Array.from({ length: 65_536 }, (_, n) => make.interface(n === 0x0102 || n === 65_535 ? 113 : 1))
    const packets = [
      make.packet(0x0102, 0, 0, 0, 0),
      make.obsolete(0x0102, 0, 0),
      make.obsolete(0xffff, 0, 0),
      make.packet(0x0201, 0, 0, 0, 0)
    ]
    expect(read(false, make.section(), ...many, ...packets)).toEqual([
      [
        [0, 0, 113, 0, 0],
        [0, 0, 113, 0, 0],
        [0, 0, 113, 0, 0],
        [0, 0, 1, 0, 0]
      ],
      undefined
    ])
    expect(read(false, make.section(), ...many, make.interface())[1]).toBe("more than 65536 interfaces in a section")
    expect(read(false, make.section(), make.interface(), make.packet(1, 0, 0, 0, 0))[1]).toBe(
      "a pcapng packet names interface 1, of 1 described"
    )
    expect(read(false, make.section(), make.simple(60, 0))[1]).toBe("a pcapng packet names interface 0, of 0 described")
  }
)

test("a simple packet is cut to the snaplen, to its block and to its length on the wire", () => {
  const make = writer(false)
  const cut = (snaplen: number, wire: number, bytes: number): number =>
    read(false, make.section(), make.interface(1, snaplen), make.simple(wire, bytes))[0][0]![0]
  expect(cut(0, 60, 60)).toBe(60)
  expect(cut(40, 60, 60)).toBe(40)
  expect(cut(262_144, 60, 40)).toBe(40)
  expect(cut(0xffffffff, 60, 60)).toBe(60)
  expect(cut(64, 57, 60)).toBe(57)
})

test("as libpcap: interfaces must agree on link type and on the snaplen that is believed", () => {
  const make = writer(false)
  const both = (a: Uint8Array, b: Uint8Array): string | undefined => read(true, make.section(), a, b)[1]
  expect(both(make.interface(1, 0), make.interface(1, 262_144))).toBeUndefined()
  expect(both(make.interface(1, 0), make.interface(1, 0xffffffff))).toBeUndefined()
  expect(both(make.interface(1, 96), make.interface(1, 96))).toBeUndefined()
  expect(both(make.interface(1, 96), make.interface(1, 97))).toBe(
    "an interface has another link type or snaplen than the first (1, 97)"
  )
  expect(both(make.interface(1, 96), make.interface(113, 96))).toBe(
    "an interface has another link type or snaplen than the first (113, 96)"
  )
})

test.each([false, true])("options of an interface: resolution and offset of its times; big-endian: %p", (bigEndian) => {
  const make = writer(bigEndian)
  const long = (value: bigint): ReadonlyArray<number> => {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigInt64(0, value, !bigEndian)
    return [...bytes]
  }
  /** Second and microsecond of a packet that says 1 * 2^32 + 2,000,000. */
  const timeWith = (...options: ReadonlyArray<Uint8Array>): readonly [number, number] => {
    const [seen, problem] = read(
      false,
      make.section(),
      make.interface(1, 0, concat(...options)),
      make.packet(0, 1, 2_000_003, 0, 0)
    )
    expect(problem).toBeUndefined()
    return [seen[0]![3], seen[0]![4]]
  }
  const plain = [4296, 967_299] as const
  expect(timeWith()).toEqual(plain)
  expect(timeWith(make.option(9, [6]))).toEqual(plain)
  expect(timeWith(make.option(9, [9]))).toEqual([4, 296_967])
  expect(timeWith(make.option(9, [0x80 | 22]))).toEqual([1024, Math.floor((2_000_003 * 1e6) / 2 ** 22)])
  expect(timeWith(make.option(14, long(100n)))).toEqual([4396, 967_299])
  expect(timeWith(make.option(14, long(-4296n)))).toEqual([0, 967_299])
  expect(timeWith(make.option(14, long(-4297n)))).toEqual([4_294_967_295, 967_299])
  expect(timeWith(make.option(14, long((3n << 32n) + 5n)))).toEqual([4301, 967_299])
  // Behind others of any length, and one after the other.
  expect(timeWith(make.option(2, [1, 2, 3, 4, 5]), make.option(9, [9]), make.option(14, long(1n)))).toEqual([
    5, 296_967
  ])
  expect(timeWith(make.option(2, [1, 2, 3, 4]), make.option(9, [9]))).toEqual([4, 296_967])
  // Options of another size are none; nothing counts behind the end, or behind an option that is too long.
  expect(timeWith(make.option(9, [9, 9]))).toEqual(plain)
  expect(timeWith(make.option(14, [1, 2, 3, 4]))).toEqual(plain)
  expect(timeWith(make.option(0, []), make.option(9, [9]))).toEqual(plain)
  expect(timeWith(make.option(2, [1], 65_535), make.option(9, [9]))).toEqual(plain)
  expect(timeWith(make.option(9, [9], 5))).toEqual(plain)
  // As long as what is there.
  expect(timeWith(make.option(9, [9]), make.option(2, [1, 2, 3, 4]))).toEqual([4, 296_967])
})

test("a clock divides ticks by its resolution, in decimal and binary parts of a second", () => {
  const at = (resolution: number, offsetSec: number, high: number, low: number): readonly [number, number] => {
    const clock = makeClock(resolution, offsetSec)
    // Another reading in between, as of a packet 71 minutes before.
    clock.set(high === 0 ? 1 : high - 1, 17)
    clock.set(high, low)
    return [clock.sec, clock.usec]
  }
  for (const [resolution, units] of [
    ...[0, 1, 3, 6, 9, 10, 12, 18].map((digits) => [digits, 10n ** BigInt(digits)] as const),
    ...[0, 1, 10, 20, 32, 33, 34, 40, 60].map((bits) => [0x80 | bits, 1n << BigInt(bits)] as const)
  ]) {
    for (const [high, low] of [
      [0, 0],
      [0, 1],
      [0, 0xffffffff],
      [1, 0],
      [0x5f5e0ff, 0x9abcdef0],
      [0xffffffff, 0xffffffff]
    ] as const) {
      for (const offset of [0, 1_600_000_000, -3600]) {
        const ticks = (BigInt(high) << 32n) | BigInt(low)
        const sec = Number(BigInt.asUintN(32, ticks / units + BigInt(offset)))
        const usec = Number(((ticks % units) * 1_000_000n) / units)
        expect([resolution, high, low, offset, ...at(resolution, offset, high, low)]).toEqual([
          resolution,
          high,
          low,
          offset,
          sec,
          usec
        ])
      }
    }
  }
})
