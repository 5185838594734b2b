import { describe, expect, test } from "bun:test"
import { writePcap, writePcapng } from "../../testing/capture-writer.ts"
import type { CapturePacket, PcapngInterface } from "../../testing/capture-writer.ts"
import { synFrame } from "../../testing/layers.ts"
import { concat, hex } from "../../testing/packets.ts"
import { seededRandom } from "../../testing/random.ts"
import { CaptureReader } from "./capture-file.ts"
import type { CaptureProblem } from "./capture-file.ts"
import type { CaptureReaderOptions } from "./record-reader.ts"

interface Seen {
  readonly bytes: string
  readonly wire: number
  readonly linkType: number
  readonly sec: number
  readonly usec: number
}

interface Reading {
  readonly packets: ReadonlyArray<Seen>
  readonly problem: CaptureProblem | undefined
  readonly offset: number
}

function readAll(
  file: Uint8Array,
  chunk: (at: number) => number = () => file.length,
  options: CaptureReaderOptions = {}
): Reading {
  const packets: Array<Seen> = []
  const reader = new CaptureReader(({ bytes, at, captured, wire, linkType, sec, usec }) => {
    packets.push({ bytes: bytes.slice(at, at + captured).toHex(), wire, linkType, sec, usec })
  }, options)
  for (let at = 0; at < file.length;) {
    const end = Math.min(file.length, at + chunk(at))
    // A chunk of its own, overwritten afterwards: the reader must not keep what it was given.
    const given = file.slice(at, end)
    reader.push(given)
    given.fill(0xee)
    at = end
  }
  return { packets, problem: reader.end(), offset: reader.offset }
}

const frames: ReadonlyArray<CapturePacket> = [
  { bytes: synFrame({ options: "mss=1460" }), sec: 1_700_000_000, nsec: 123_456_000 },
  { bytes: new Uint8Array(0), wire: 60, sec: 1_700_000_000, nsec: 999_999_000 },
  { bytes: synFrame({ ver: 6 }).slice(0, 61), wire: 74, sec: 1_700_000_001, nsec: 0 },
  { bytes: new Uint8Array(9001).fill(7), sec: 4_294_967_295, nsec: 1000 },
  { bytes: Uint8Array.of(1, 2, 3), sec: 0, nsec: 0 }
]

function expected(packets: ReadonlyArray<CapturePacket>, linkTypes: ReadonlyArray<number> = [1]): ReadonlyArray<Seen> {
  return packets.map((packet) => ({
    bytes: packet.bytes.toHex(),
    wire: packet.wire ?? packet.bytes.length,
    linkType: linkTypes[packet.interface ?? 0]!,
    sec: packet.sec,
    usec: Math.floor((packet.nsec ?? 0) / 1000)
  }))
}

describe("pcap", () => {
  test.each([
    ["little-endian", {}],
    ["big-endian", { bigEndian: true }],
    ["nanoseconds", { nanoseconds: true }],
    ["nanoseconds, big-endian", { nanoseconds: true, bigEndian: true }],
    ["Kuznetzov's", { modified: true }],
    ["Kuznetzov's, big-endian", { modified: true, bigEndian: true }],
    ["version 2.2, lengths swapped", { minor: 2 }],
    ["version 2.3", { minor: 3 }],
    ["snaplen 0", { snaplen: 0 }],
    ["RAW with FCS bits above the link type", { linkType: 0x1400_0065 }]
  ])("%s", (_name, options) => {
    const linkType = (options as { linkType?: number }).linkType === undefined ? 1 : 101
    const file = writePcap(frames, options)
    const reading = readAll(file)
    expect(reading).toEqual({ packets: expected(frames, [linkType]), problem: undefined, offset: file.length })
  })

  test("version 2.3 with lengths swapped", () => {
    const file = writePcap(frames, { minor: 3 })
    const view = new DataView(file.buffer)
    const at = 24 + 16 + frames[0]!.bytes.length
    view.setUint32(at + 8, 60, true)
    view.setUint32(at + 12, 0, true)
    expect(readAll(file).packets).toEqual(expected(frames))
  })

  test("records longer than the snaplen are cut to it, as libpcap cuts them", () => {
    const { packets, problem } = readAll(writePcap(frames, { snaplen: 50 }))
    expect(problem).toBeUndefined()
    expect(packets.map((packet) => packet.bytes.length / 2)).toEqual([50, 0, 50, 50, 3])
    expect(packets[0]!.wire).toBe(58)
  })

  test("nanoseconds are cut to microseconds", () => {
    const { packets } = readAll(writePcap([{ ...frames[0]!, nsec: 999_999_999 }], { nanoseconds: true }))
    expect(packets[0]!.usec).toBe(999_999)
  })
})

const interfaces: ReadonlyArray<PcapngInterface> = [
  {},
  { linkType: 113, resolution: 9, snaplen: 65535 },
  { linkType: 101, resolution: 0x80 | 20 },
  { linkType: 276, resolution: 11, offsetSec: 1_600_000_000 },
  { linkType: 228, resolution: 0 },
  { linkType: 0, resolution: 0x80 | 36, offsetSec: 1_600_000_000 },
  { linkType: 9, offsetSec: -3600 },
  { linkType: 12, resolution: 10, offsetSec: 1_600_000_000 },
  { linkType: 104, resolution: 3 }
]
const linkTypes = interfaces.map((one) => one.linkType ?? 1)

/** Packets of every interface; 10^0 and 10^-3 hold whole seconds and milliseconds only. */
const many: ReadonlyArray<CapturePacket> = interfaces.flatMap((_, index) =>
  [1_700_000_000, 1_700_000_005, 1_600_000_000].map((sec, i) => ({
    bytes: synFrame({ sport: 1000 * index + i }),
    sec,
    nsec: index === 4 ? 0 : index === 8 ? 17_000_000 : i * 123_457_000,
    interface: index
  }))
)

describe("pcapng", () => {
  test.each([
    ["little-endian", {}],
    ["big-endian", { bigEndian: true }],
    ["with options, statistics and unknown blocks", { noise: true }],
    ["obsolete packet blocks", { block: "obsolete" as const, bigEndian: true }]
  ])("%s: interfaces with link type, resolution and offset of their own", (_name, options) => {
    const file = writePcapng(many, { interfaces, ...options })
    const reading = readAll(file)
    expect(reading.problem).toBeUndefined()
    expect(reading.packets).toEqual(expected(many, linkTypes))
    expect(reading.offset).toBe(file.length)
  })

  test("simple packet blocks: no time, cut to the snaplen of interface 0", () => {
    for (const bigEndian of [false, true]) {
      const cut: CapturePacket = { bytes: frames[0]!.bytes.slice(0, 40), wire: 58, sec: 0 }
      const file = writePcapng([cut], { block: "simple", bigEndian, interfaces: [{ snaplen: 40, linkType: 101 }] })
      expect(readAll(file).packets).toEqual([
        { bytes: frames[0]!.bytes.slice(0, 40).toHex(), wire: 58, linkType: 101, sec: 0, usec: 0 }
      ])
    }
  })

  test("a new section has its own byte order and interfaces", () => {
    const file = concat(
      writePcapng(frames, { interfaces: [{ linkType: 113 }] }),
      writePcapng(frames, { bigEndian: true, interfaces: [{ linkType: 101, resolution: 9 }] }),
      writePcapng(many, { interfaces })
    )
    const reading = readAll(file)
    expect(reading.problem).toBeUndefined()
    expect(reading.packets).toEqual([
      ...expected(frames, [113]),
      ...expected(frames, [101]),
      ...expected(many, linkTypes)
    ])
    const orphan = concat(
      writePcapng(many, { interfaces }),
      writePcapng([{ ...many[8]!, interface: 1 }], { interfaces: [{}] })
    )
    expect(readAll(orphan).problem?.message).toContain("names interface 1, of 1 described")
  })

  test("as libpcap: it ends at an interface that differs from the first", () => {
    const first = writePcapng(frames, { interfaces: [{}] })
    const same = concat(first, writePcapng(frames))
    expect(readAll(same, undefined, { asLibpcap: true })).toMatchObject({ packets: { length: 10 }, problem: undefined })
    for (const other of [{ linkType: 113 }, { snaplen: 96 }]) {
      const mixed = concat(first, writePcapng(frames, { interfaces: [other] }))
      const reading = readAll(mixed, undefined, { asLibpcap: true })
      expect(reading.packets).toEqual(expected(frames))
      expect(reading.problem).toMatchObject({ kind: "corrupt", offset: first.length + 28 })
      expect(readAll(mixed).packets).toHaveLength(10)
    }
  })
})

const files: ReadonlyArray<[string, Uint8Array, number]> = [
  ["pcap", writePcap(frames), frames.length],
  ["pcap, big-endian, nanoseconds", writePcap(frames, { bigEndian: true, nanoseconds: true }), frames.length],
  [
    "pcapng",
    concat(writePcapng(many, { interfaces, noise: true }), writePcapng(frames, { bigEndian: true })),
    many.length + frames.length
  ]
]

describe("chunks", () => {
  test.each(files)("%s: any split gives the same packets", (_name, file, count) => {
    const whole = readAll(file)
    expect(whole.packets).toHaveLength(count)
    for (const size of [1, 2, 3, 5, 7, 16, 23, 24, 25, 64, 90, 1000, 4096])
      expect(readAll(file, () => size)).toEqual(whole)
    const random = seededRandom(9)
    for (let round = 0; round < 200; round++)
      expect(readAll(file, () => random.pick([0, 1, 2, 15, 16, 17, 100, random.between(1, 12_000)]) || 1)).toEqual(
        whole
      )
    for (let cut = 0; cut < Math.min(600, file.length); cut++)
      expect(readAll(file, (at) => (at === 0 ? cut || file.length : file.length))).toEqual(whole)
  })

  test.each(files)("%s: cut at every byte, everything before is kept and the tail is reported", (_name, file) => {
    const whole = readAll(file).packets
    // The long packet is cut at a few places only.
    for (let length = 1; length < file.length; length += length > 400 && length % 512 !== 0 ? 37 : 1) {
      const { packets, problem, offset } = readAll(file.subarray(0, length), () => 50)
      expect(packets).toEqual(whole.slice(0, packets.length))
      if (problem === undefined) {
        expect(offset).toBe(length)
      } else {
        expect(problem.kind).toBe(length < 4 ? "format" : "truncated")
        expect(problem.offset).toBeLessThanOrEqual(length)
        if (length >= 4)
          expect(problem.message).toMatch(
            /^the file ends inside a record, \d+ or more bytes are missing, at byte \d+; /
          )
      }
    }
  })
})

describe("what is no capture, or lies", () => {
  const messageOf = (bytes: Uint8Array): string | undefined => readAll(bytes, () => 3).problem?.message
  test("the first bytes are named, and what to do", () => {
    expect(messageOf(hex("1f 8b 08 00 00"))).toBe(
      "not a pcap or pcapng file: first bytes 1f 8b 08 00 (gzip: decompress it first, as in zcat FILE | synprint read -)"
    )
    expect(messageOf(hex("28 b5 2f fd 00"))).toContain("zstd")
    expect(messageOf(new TextEncoder().encode("hello world"))).toBe(
      "not a pcap or pcapng file: first bytes 68 65 6c 6c (give a capture written by tcpdump -w, or convert it with editcap -F pcap)"
    )
    expect(messageOf(new Uint8Array(0))).toContain("it is empty")
    expect(messageOf(Uint8Array.of(0xd4))).toContain("first bytes d4 ")
    const reader = new CaptureReader(() => {})
    expect(reader.push(hex("00 01 02 03 04"))?.kind).toBe("format")
    expect(reader.push(writePcap(frames))?.kind).toBe("format")
  })

  test("pcap: absurd lengths and other versions are refused, not buffered", () => {
    const file = writePcap(frames.slice(0, 2))
    const view = new DataView(file.buffer)
    const second = 24 + 16 + frames[0]!.bytes.length
    view.setUint32(second + 8, 262_145, true)
    const reading = readAll(file)
    expect(reading.packets).toHaveLength(1)
    expect(reading.problem).toEqual({
      kind: "corrupt",
      offset: second,
      message: `a packet claims 262145 captured bytes, more than 262144, at byte ${second}; everything before it was read`
    })
    view.setUint32(second + 8, 0xffffffff, true)
    expect(readAll(file, () => 1).problem?.kind).toBe("corrupt")
    view.setUint16(4, 3, true)
    expect(readAll(file).problem?.message).toContain("pcap version 3.4, only 2.x can be read")
  })

  test("pcapng: lengths that can't be", () => {
    const section = writePcapng([], {})
    const withBlock = (...words: ReadonlyArray<number>): string | undefined => {
      const bytes = new Uint8Array(words.length * 4)
      words.forEach((word, i) => new DataView(bytes.buffer).setUint32(4 * i, word, true))
      return messageOf(concat(section, bytes))
    }
    expect(withBlock(6, 8, 0)).toContain("claims a length of 8")
    expect(withBlock(6, 33, 0)).toContain("claims a length of 33")
    expect(withBlock(6, 28, 0, 0, 0, 0, 0)).toContain("packet block claims a length of 28")
    expect(withBlock(6, 36, 0, 0, 0, 8, 8, 1, 36)).toContain("claims 8 captured bytes in a block of 36")
    expect(withBlock(6, 0x7ffffffc, 0, 0, 0, 300_000, 300_000)).toContain("claims 300000 captured bytes")
    expect(withBlock(6, 36, 7, 0, 0, 4, 4, 1, 36)).toContain("names interface 7, of 1 described")
    expect(withBlock(1, 0x7ffffffc, 1)).toContain("interface description claims a length of")
    expect(withBlock(0x0a0d0d0a, 28, 0x12345678)).toContain("without byte-order magic")
    // A block that isn't needed may be as long as it likes: it is skipped, not kept.
    expect(withBlock(0xbad, 0x7ffffffc, 1)).toContain(
      "the file ends inside a record, 2147483632 or more bytes are missing"
    )
  })

  test("random changes never throw, and never hand out bytes that aren't there", () => {
    const random = seededRandom(77)
    for (const [, file] of files) {
      for (let round = 0; round < 400; round++) {
        const bytes = file.slice()
        for (let changes = random.between(1, 6); changes > 0; changes--)
          bytes[random.below(random.chance(50) ? 200 : bytes.length)] = random.word() & 255
        const reader = new CaptureReader(({ bytes: given, at, captured, wire, sec }) => {
          if (at < 0 || captured < 0 || captured > 262_144 || at + captured > given.length || wire < 0 || sec < 0)
            throw new Error(`packet at ${at}, ${captured} of ${given.length}`)
        })
        for (let at = 0; at < bytes.length; at += 700) reader.push(bytes.subarray(at, at + 700))
        expect(reader.end()?.kind ?? "none").toBeOneOf(["none", "format", "truncated", "corrupt"])
      }
    }
  })
})
