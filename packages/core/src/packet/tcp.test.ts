import { describe, expect, test } from "bun:test"
import { printLayout } from "../tcp/signature/option-layout.ts"
import { hex, tcp, tcpOptions } from "../testing/packets.ts"
import type { PacketFields } from "../testing/packets.ts"
import { decodeIpv4, decodeIpv6 } from "./ip.ts"
import { Packet, TCP_ACK, TCP_SYN } from "./packet.ts"
import { printQuirks } from "./quirks.ts"
import { decodeTcp, walkOptions } from "./tcp.ts"
import { VERDICT_OTHER, VERDICT_TCP } from "./verdict.ts"

/** Options as p0f prints them, then the quirks they gave. */
function walk(options: Uint8Array, imitate = false, type = TCP_SYN): string {
  const packet = new Packet()
  packet.type = type
  const quirks = printQuirks(walkOptions(options, 0, options.length, packet, imitate))
  return `${printLayout(packet.layout.subarray(0, packet.layoutLength), packet.pad)} ${quirks}`.trim()
}

describe("option walk, as p0f's process.c", () => {
  const nop = (count: number): string => Array<string>(count).fill("nop").join(",")
  test.each([
    // The examples that were confirmed against p0f 3.09b (C-03).
    ["04 03 01 01", "sok,nop,nop bad"],
    ["05 09 00 00 00 00 00 00 00 01 01 01", "sack bad"],
    ["01".repeat(40), `${nop(24)} bad`],
    ["01".repeat(24), nop(24)],
    ["1e 02 01 01", "?30,nop,nop"],
    ["01 01 02 04", "nop,nop,mss bad"],
    // MSS: fewer than 3 bytes abort, another length goes on and takes 3.
    ["02 04 05 b4", "mss"],
    ["02 06 05 b4 01 01 01 01", `mss,${nop(4)} bad`],
    ["01 02 04 05", "nop,mss bad"],
    // Window scale.
    ["03 03 07 01", "ws,nop"],
    ["03 04 07 01", "ws,nop bad"],
    ["03 03 0e 01", "ws,nop"],
    ["03 03 0f 01", "ws,nop exws"],
    ["01 01 03 03", "nop,nop,ws bad"],
    // SACK permitted.
    ["04 02 01 01", "sok,nop,nop"],
    ["01 01 01 04", "nop,nop,nop,sok bad"],
    // SACK: 10 to 34, and within the header.
    ["05 0a 00 00 00 01 00 00 00 02 01 01", "sack,nop,nop"],
    ["05 23 00 00 00 01 00 00 00 02 01 01", "sack bad"],
    ["05 0a 00 00 00 01 00 00", "sack bad"],
    ["01 01 01 05", "nop,nop,nop,sack bad"],
    // Timestamps: fewer than 9 bytes abort.
    ["08 0a 00 00 00 01 00 00 00 00 01 01", "ts,nop,nop"],
    ["08 0b 00 00 00 01 00 00 00 00 01 01", "ts,nop,nop bad"],
    ["08 0a 00 00 00 00 00 00 00 00 01 01", "ts,nop,nop ts1-"],
    ["08 0a 00 00 00 01 00 00 00 02 01 01", "ts,nop,nop ts2+"],
    ["08 0a 00 00 00 01 00 00", "ts bad"],
    // Unknown kinds: 2 to 40, and within the header.
    ["22 02 01 01", "?34,nop,nop"],
    ["22 00 01 01", "?34 bad"],
    ["22 01 01 01", "?34 bad"],
    ["22 05 01 01", "?34 bad"],
    ["22 04 01 01", "?34"],
    ["01 01 01 22", "nop,nop,nop,?34 bad"],
    [`fe 29 ${"00".repeat(38)}`, "?254 bad"],
    [`fe 28 ${"00".repeat(38)}`, "?254"],
    // EOL ends the walk.
    ["02 04 05 b4 00 00 00 00", "mss,eol+3"],
    ["02 04 05 b4 01 01 01 00", "mss,nop,nop,nop,eol+0"],
    ["00 02 04 05", "eol+3 opt+"],
    // Repeated options count twice in the layout.
    ["02 04 05 b4 02 04 05 78", "mss,mss"]
  ])("%s", (bytes, expected) => {
    expect(walk(hex(bytes))).toBe(expected)
  })

  test("non-zero padding: every byte counts, p0f overlooks the last one (C-02)", () => {
    for (const [pad, modern, p0f] of [
      ["00 00 00", false, false],
      ["01 00 00", true, true],
      ["00 01 00", true, true],
      ["00 00 01", true, false]
    ] as const) {
      const options = hex(`02 04 05 b4 00 ${pad}`)
      expect(walk(options)).toBe(modern ? "mss,eol+3 opt+" : "mss,eol+3")
      expect(walk(options, true)).toBe(p0f ? "mss,eol+3 opt+" : "mss,eol+3")
    }
  })

  test("a peer timestamp is a quirk of a SYN alone", () => {
    expect(walk(tcpOptions("ts=1:2"), false, TCP_SYN)).toBe("ts ts2+")
    expect(walk(tcpOptions("ts=1:2"), false, TCP_SYN | TCP_ACK)).toBe("ts")
  })

  test("the last value of a repeated option wins", () => {
    const packet = new Packet()
    const options = tcpOptions("mss=1460,mss=1400,ws=3,ws=7,ts=5,ts=4294967295")
    walkOptions(options, 0, options.length, packet, false)
    expect([packet.mss, packet.wscale, packet.ts1 >>> 0]).toEqual([1400, 7, 4294967295])
  })
})

/** Quirks of a built packet, header and options together. */
function quirksOf(fields: PacketFields, imitate = false): string {
  const packet = new Packet()
  // A quirk that is left over from the packet before must not show.
  packet.quirks = -1
  const { bytes } = tcp({ options: "mss=1460", ...fields })
  const ipBytes = bytes[0]! >> 4 === 4 ? (bytes[0]! & 15) * 4 : 40
  if (ipBytes === 40 && bytes[0]! >> 4 === 6) decodeIpv6(bytes, 0, packet)
  else decodeIpv4(bytes, 0, packet)
  expect(decodeTcp(bytes, ipBytes, (bytes[ipBytes + 12]! >> 4) * 4, packet, imitate)).toBe(VERDICT_TCP)
  return printQuirks(packet.quirks)
}

describe("quirks of the headers, each with and without", () => {
  test.each<[PacketFields, string]>([
    [{ df: true, id: 0 }, "df"],
    [{ df: true, id: 1 }, "df,id+"],
    [{ df: true, id: 256 }, "df,id+"],
    [{ df: false, id: 0 }, "id-"],
    [{ df: false, id: 1 }, ""],
    [{ id: 0, mbz: true }, "df,0+"],
    [{ id: 0, tos: 1 }, "df,ecn"],
    [{ id: 0, tos: 2 }, "df,ecn"],
    [{ id: 0, tos: 0xb8 }, "df"],
    [{ id: 0, flags: "SE" }, "df,ecn"],
    [{ id: 0, flags: "SC" }, "df,ecn"],
    [{ id: 0, flags: "SN" }, "df,ecn"],
    [{ id: 0, seq: 0 }, "df,seq-"],
    [{ id: 0, ack: 1 }, "df,ack+"],
    [{ id: 0, flags: "SA", ack: 1 }, "df"],
    [{ id: 0, flags: "SA", ack: 0 }, "df,ack-"],
    [{ id: 0, flags: "R", ack: 1 }, "df"],
    [{ id: 0, urg: 1 }, "df,uptr+"],
    [{ id: 0, urg: 256 }, "df,uptr+"],
    [{ id: 0, flags: "SU", urg: 1 }, "df,urgf+"],
    [{ id: 0, flags: "SU" }, "df,urgf+"],
    [{ id: 0, flags: "SP" }, "df,pushf+"],
    [{ ver: 6 }, ""],
    [{ ver: 6, flowLabel: 1 }, "flow"],
    [{ ver: 6, flowLabel: 0xfffff }, "flow"],
    [{ ver: 6, tos: 1 }, "ecn"],
    [{ ver: 6, tos: 0xfc }, ""]
  ])("%o", (fields, expected) => {
    expect(quirksOf(fields)).toBe(expected)
  })

  test("p0f tests one bit of the acknowledgement number (C-01)", () => {
    for (const ack of [1, 0x02000000, 0x00ffffff]) {
      expect(quirksOf({ id: 0, ack })).toBe("df,ack+")
      expect(quirksOf({ id: 0, ack }, true)).toBe("df")
    }
    for (const ack of [0x01000000, 0x03000000, 0xff000000]) {
      expect(quirksOf({ id: 0, ack })).toBe("df,ack+")
      expect(quirksOf({ id: 0, ack }, true)).toBe("df,ack+")
    }
  })

  test("flag sets that p0f drops", () => {
    const packet = new Packet()
    for (const flags of ["", "P", "U", "PUECN", "SF", "SR", "FR", "SFR", "SAF", "AFR"]) {
      const { bytes } = tcp({ flags })
      expect(decodeTcp(bytes, 20, 20, packet, false)).toBe(VERDICT_OTHER)
    }
    for (const flags of ["S", "SA", "A", "PA", "F", "FA", "R", "RA", "SPUEC"]) {
      const { bytes } = tcp({ flags })
      expect(decodeTcp(bytes, 20, 20, packet, false)).toBe(VERDICT_TCP)
    }
  })
})
