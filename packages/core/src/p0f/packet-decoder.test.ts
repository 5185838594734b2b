import { describe, expect, test } from "bun:test"
import { chdlc, ethernet, loopback, ppp, pppoe, sll, sll2, synFrame, vlan } from "../testing/layers.ts"
import { concat, hex, tcp } from "../testing/packets.ts"
import type { PacketFields } from "../testing/packets.ts"
import { randomCapture } from "../testing/random-capture.ts"
import { seededRandom } from "../testing/random.ts"
import { passesP0fFilter } from "./filter.ts"
import { P0fPacketDecoder } from "./packet-decoder.ts"
import { Packet } from "../packet/packet.ts"
import { printQuirks } from "../packet/quirks.ts"
import {
  VERDICT_FRAGMENT,
  VERDICT_MALFORMED,
  VERDICT_OTHER,
  VERDICT_TCP,
  VERDICT_TRUNCATED,
  VERDICT_UNSUPPORTED
} from "../packet/verdict.ts"

const packet = new Packet()
const fields: PacketFields = { options: "mss=1460,sok,ts=1:0,nop,ws=7" }

function read(bytes: Uint8Array, linkType = 1, captured = bytes.length, intake = new P0fPacketDecoder()): number {
  return intake.decode(bytes, 0, captured, bytes.length, linkType, packet)
}

describe("link layer (process.c: find_offset)", () => {
  test("one offset per link type; LOOP and PPP_HDLC are off by four (C-12)", () => {
    for (const layer of [tcp(fields), tcp({ ...fields, ver: 6 })]) {
      expect(read(ethernet(layer).bytes)).toBe(VERDICT_TCP)
      expect(read(layer.bytes, 101)).toBe(VERDICT_TCP)
      expect(read(layer.bytes, 12)).toBe(VERDICT_TCP)
      expect(read(loopback(layer, false, 30), 0)).toBe(VERDICT_TCP)
      expect(read(ppp(layer), 9)).toBe(VERDICT_TCP)
      expect(read(pppoe(layer).bytes, 51)).toBe(VERDICT_TCP)
      expect(read(sll(layer), 113)).toBe(VERDICT_TCP)
      expect(read(loopback(layer, true, 30), 108)).not.toBe(VERDICT_TCP)
      expect(read(ppp(layer), 50)).not.toBe(VERDICT_TCP)
    }
    const data = concat(hex("08 01"), new Uint8Array(22), hex("aa aa 03 00 00 00 08 00"), tcp(fields).bytes)
    expect(read(data, 105)).toBe(VERDICT_TCP)
  })

  test("other types are guessed once and for all", () => {
    for (const layer of [tcp(fields), tcp({ ...fields, ver: 6 })]) {
      const intake = new P0fPacketDecoder()
      expect(read(sll2(layer), 276, undefined, intake)).toBe(VERDICT_TCP)
      expect(intake.linkOffset).toBe(20)
      expect(read(layer.bytes, layer.etherType === 0x0800 ? 228 : 229)).toBe(VERDICT_TCP)
      expect(read(chdlc(layer), 104)).toBe(VERDICT_TCP)
    }
  })

  test("nothing found: read at 0, and guessed again on the next packet", () => {
    const intake = new P0fPacketDecoder()
    const short = sll2(tcp({})).slice(0, 50)
    expect(read(short, 276, undefined, intake)).toBe(VERDICT_OTHER)
    expect([intake.linkOffset, intake.offsetWarned, intake.unknownVersion]).toEqual([-1, true, 0])
    expect(read(sll2(tcp(fields)), 276, undefined, intake)).toBe(VERDICT_TCP)
    expect([intake.linkOffset, intake.packets]).toEqual([20, 2])
    // Found at 20 it stays there.
    expect(read(tcp(fields).bytes, 276, undefined, intake)).toBe(VERDICT_UNSUPPORTED)
  })

  test("an 802.1Q tag in front of a guessed offset is taken off it", () => {
    const intake = new P0fPacketDecoder()
    const tagged = sll2(vlan(5, tcp(fields)))
    tagged.set([0x08, 0x00], 0)
    tagged.set([0x81, 0x00], 20)
    // The filter looks at byte 29 for the protocol; the tagged packet has its own four bytes further.
    tagged[29] = 6
    read(tagged, 276, undefined, intake)
    expect(intake.linkOffset).toBe(20)
  })

  test("802.1Q on Ethernet passes the filter and is dropped (C-11)", () => {
    const intake = new P0fPacketDecoder()
    expect(read(ethernet(vlan(5, tcp(fields))).bytes, 1, undefined, intake)).toBe(VERDICT_OTHER)
    expect([intake.packets, intake.unknownVersion]).toEqual([1, 0])
  })
})

describe("the filter that libpcap applies for it", () => {
  test("TCP of both families, through one fragment header, behind one tag", () => {
    const passes = (bytes: Uint8Array, linkType = 1, captured = bytes.length): boolean =>
      passesP0fFilter(bytes, 0, captured, linkType)
    expect(passes(synFrame())).toBe(true)
    expect(passes(synFrame({ ver: 6 }))).toBe(true)
    expect(passes(synFrame({ ver: 6, extensions: [{ kind: "fragment" }] }))).toBe(true)
    expect(passes(synFrame({ ver: 6, extensions: [{ kind: "destination" }] }))).toBe(false)
    expect(passes(synFrame({ protocol: 17 }))).toBe(false)
    expect(passes(synFrame({ ver: 6, protocol: 17 }))).toBe(false)
    expect(passes(synFrame({ mf: true, fragmentOffset: 8 }))).toBe(true)
    expect(passes(ethernet(vlan(1, tcp({})), 0).bytes)).toBe(true)
    expect(passes(ethernet(vlan(1, vlan(1, tcp({})))).bytes)).toBe(false)
    expect(passes(sll(vlan(1, tcp({}))), 113)).toBe(false)
    expect(passes(synFrame(), 1, 24)).toBe(true)
    expect(passes(synFrame(), 1, 23)).toBe(false)
    expect(passes(synFrame(), 127)).toBe(false)
    expect(passes(tcp({}).bytes, 101)).toBe(true)
    expect(passes(loopback(tcp({ ver: 6 }), false, 10), 0)).toBe(false)
  })

  test("what doesn't pass isn't counted", () => {
    const intake = new P0fPacketDecoder()
    expect(read(synFrame({ protocol: 17 }), 1, undefined, intake)).toBe(VERDICT_UNSUPPORTED)
    expect(intake.packets).toBe(0)
  })
})

describe("drop rules (process.c: parse_packet)", () => {
  test.each<[PacketFields, number]>([
    [{}, VERDICT_TCP],
    [{ ipLength: 1500 }, VERDICT_TRUNCATED],
    [{ ipLength: 39 }, VERDICT_TRUNCATED],
    [{ ipLength: 0 }, VERDICT_TRUNCATED],
    [{ ihl: 4 }, VERDICT_MALFORMED],
    [{ ihl: 15 }, VERDICT_TRUNCATED],
    [{ mf: true }, VERDICT_FRAGMENT],
    [{ fragmentOffset: 1, df: true }, VERDICT_FRAGMENT],
    [{ df: false, mbz: true }, VERDICT_TCP],
    [{ doff: 4 }, VERDICT_MALFORMED],
    [{ doff: 11 }, VERDICT_TRUNCATED],
    [{ flags: "SF" }, VERDICT_OTHER],
    [{ flags: "" }, VERDICT_OTHER],
    [{ flags: "PU" }, VERDICT_OTHER],
    [{ ver: 6 }, VERDICT_TCP],
    [{ ver: 6, ipLength: 0 }, VERDICT_TRUNCATED],
    [{ ver: 6, ipLength: 41 }, VERDICT_TRUNCATED],
    [{ ver: 6, ipLength: 39 }, VERDICT_TRUNCATED],
    [{ ver: 6, extensions: [{ kind: "fragment" }] }, VERDICT_OTHER]
  ])("%o", (odd, verdict) => {
    expect(read(synFrame({ ...fields, ...odd }))).toBe(verdict)
  })

  test("40 bytes of IPv4 are enough, 60 of IPv6; a tail beyond the IP length is none of it", () => {
    expect(read(synFrame())).toBe(VERDICT_TCP)
    expect(read(synFrame({ ver: 6 }))).toBe(VERDICT_TCP)
    expect(read(ethernet(tcp({ payload: "x" }), 100).bytes)).toBe(VERDICT_TCP)
    expect([packet.payloadLength, packet.totHdr]).toEqual([1, 40])
    expect(read(synFrame({ ...fields, payload: "12345" }), 1, 78)).toBe(VERDICT_TRUNCATED)
  })

  test("ack+ and opt+ as p0f gets them wrong (C-01, C-02)", () => {
    const quirks = (odd: PacketFields): string => {
      expect(read(synFrame({ id: 0, ...odd }))).toBe(VERDICT_TCP)
      return printQuirks(packet.quirks)
    }
    expect(quirks({ ack: 1 })).toBe("df")
    expect(quirks({ ack: 0x01000000 })).toBe("df,ack+")
    expect(quirks({ options: hex("00 00 00 01") })).toBe("df")
    expect(quirks({ options: hex("00 00 01 00") })).toBe("df,opt+")
  })
})

test("cut at every length and with random bytes it never throws", () => {
  const random = seededRandom(8)
  const linkTypes = [0, 1, 9, 12, 50, 51, 101, 104, 105, 108, 113, 228, 229, 276, 127, 999]
  for (const { bytes } of randomCapture({ seed: 2, events: 60, faultPercent: 50 })) {
    const intake = new P0fPacketDecoder()
    for (let length = 0; length <= bytes.length; length += random.between(1, 9)) {
      expect(intake.decode(bytes.slice(0, length), 0, bytes.length, bytes.length, 1, packet)).toBeWithin(0, 6)
      const noise = random.bytes(random.below(90))
      expect(new P0fPacketDecoder().decode(noise, 0, noise.length, 1500, random.pick(linkTypes), packet)).toBeWithin(
        0,
        6
      )
    }
  }
})
