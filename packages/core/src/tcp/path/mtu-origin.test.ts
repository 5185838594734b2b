import { expect, test } from "bun:test"
import { Packet } from "../../packet/packet.ts"
import { rounds, seededRandom } from "../../testing/random.ts"
import { signaturePacket } from "../../testing/signature-packet.ts"
import { type MtuReading, readMtuOrigin } from "./mtu-origin.ts"
import { KEY_WORDS, writeKey } from "../matching/fingerprint-key.ts"
import { type Direction, REQUEST, RESPONSE } from "../direction.ts"
import { largestMssMultiple } from "../signature/signature.ts"

const key = new Int32Array(KEY_WORDS)

const LAYOUTS = {
  linux: "mss,sok,ts,nop,ws",
  "linux without timestamps": "mss,nop,nop,sok,nop,ws",
  "linux, Fast Open": "mss,sok,ts,nop,ws,?34,nop,nop",
  "linux, timestamps blanked": "mss,sok,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,ws",
  windows: "mss,nop,ws,nop,nop,sok",
  "windows without scaling": "mss,nop,nop,sok",
  apple: "mss,nop,ws,nop,nop,ts,sok,eol+1"
} as const
type Layout = keyof typeof LAYOUTS

interface Syn {
  readonly ver?: 4 | 6
  readonly layout?: Layout
  readonly scale?: number
  readonly direction?: Direction
}

function read(
  mss: number,
  win: number,
  { ver = 4, layout = "linux", scale = 7, direction = REQUEST }: Syn = {}
): MtuReading {
  const hasScale = LAYOUTS[layout].includes("ws")
  const packet = signaturePacket(
    `${ver}:64:0:${mss}:${win},${hasScale ? scale : 0}:${LAYOUTS[layout]}:${ver === 6 ? "" : "df"}:0`
  )
  writeKey(packet, direction, 0, key, 0)
  return readMtuOrigin(key, 0)!
}

const READINGS: ReadonlyArray<
  readonly [what: string, mss: number, win: number, syn: Syn, origin: string, interfaceMss: number]
> = [
  ["Linux, MTU 1420", 1380, 64_860, {}, "interface", 1380],
  ["Linux, MTU 1420 over IPv6", 1360, 65_280, { ver: 6 }, "interface", 1360],
  ["Windows, MTU 1400", 1360, 65_280, { layout: "windows" }, "interface", 1360],
  ["Linux, clamped", 1353, 64_240, {}, "clamped", 1460],
  ["Linux, clamped over IPv6", 1333, 64_800, { ver: 6 }, "clamped", 1440],
  ["Windows, PPPoE router", 1452, 64_240, { layout: "windows" }, "clamped", 1460],
  ["Fast Open, clamped", 1353, 64_240, { layout: "linux, Fast Open" }, "clamped", 1460],
  ["timestamps blanked, clamped", 1353, 64_240, { layout: "linux, timestamps blanked" }, "clamped", 1460],
  ["full size says nothing of a clamp", 1460, 64_240, {}, "unknown", 1460],
  ["full size over IPv6", 1440, 64_800, { ver: 6 }, "unknown", 1440],
  ["EC2, jumbo", 8961, 62_727, {}, "interface", 8961],
  ["EC2 behind a gateway of 8500", 8460, 62_727, {}, "clamped", 8961],
  ["EC2 behind a gateway of 1500", 1460, 62_727, {}, "clamped", 8961],
  ["EC2, Linux 4.14", 8961, 26_883, {}, "interface", 8961],
  ["loopback", 65_495, 65_495, {}, "interface", 65_495],
  ["loopback over IPv6", 65_476, 65_476, { ver: 6 }, "interface", 65_476],
  ["NAT64", 1440, 64_800, {}, "interface", 1440],
  ["NAT64 and a clamp", 1400, 64_800, {}, "clamped", 1440],
  ["IPv4 Ethernet translated to IPv6", 1440, 64_240, { ver: 6 }, "clamped", 1460],
  ["Linux 6.8", 1380, 31_740, {}, "interface", 1380],
  ["Linux 6.8, clamped", 1353, 32_120, {}, "clamped", 1460],
  ["Linux 4.15", 1380, 27_600, {}, "interface", 1380],
  ["Linux 4.15, clamped", 1353, 29_200, {}, "clamped", 1460],
  ["Linux 3.2, clamped", 1353, 14_600, {}, "clamped", 1460],
  ["Linux 2.6, clamped", 1412, 5840, {}, "clamped", 1460],
  ["tcp_rmem 87380", 1380, 42_780, {}, "interface", 1380],
  ["tcp_rmem 87380, clamped", 1353, 42_340, {}, "clamped", 1460],
  ["SO_RCVBUF", 1380, 9660, {}, "interface", 1380],
  ["SO_RCVBUF, clamped", 1353, 10_220, {}, "clamped", 1460],
  ["gVisor, Tailscale", 1380, 27_520, {}, "interface", 1380],
  ["gVisor, clamped", 1400, 29_184, {}, "clamped", 1460],
  ["Windows 2000", 1452, 17_424, { layout: "windows without scaling" }, "interface", 1452],
  ["Linux 6.18 answers", 1380, 64_296, { direction: RESPONSE }, "interface", 1380],
  ["Linux 6.18 answers, clamped", 1353, 65_160, { direction: RESPONSE }, "clamped", 1460],
  ["Linux 4.15 answers", 1380, 27_360, { direction: RESPONSE }, "interface", 1380],
  ["fits Ethernet and the MSS", 1350, 64_800, { ver: 6 }, "either", 1440],
  ["fits both, and the MSS is too small for an IPv6 interface", 1200, 64_800, { ver: 6 }, "clamped", 1440],
  ["fits a translated Ethernet as well, which is rarer", 1350, 64_800, {}, "interface", 1350],
  ["10 * 584 or 4 * 1460", 584, 5840, {}, "either", 1460],
  ["phones", 1380, 65_535, { layout: "apple" }, "unknown", 0],
  ["Windows 7", 1400, 8192, { layout: "windows" }, "unknown", 0],
  ["a window of 65535 that the MSS divides", 1285, 65_535, {}, "unknown", 0],
  ["powers of two", 1024, 16_384, {}, "unknown", 0],
  ["a multiple of nothing", 1400, 40_000, {}, "unknown", 0],
  ["a multiple, but Windows does not count so", 1400, 29_200, { layout: "windows" }, "unknown", 0],
  ["window 0", 1400, 0, {}, "unknown", 0],
  ["an absurd MSS", 1, 65_535, {}, "unknown", 0]
]
for (const [what, mss, win, syn, origin, interfaceMss] of READINGS) {
  test(`${what}: MSS ${mss}, window ${win}`, () => {
    expect(read(mss, win, syn)).toEqual({ origin: origin as MtuReading["origin"], interfaceMss })
  })
}

test("a SYN without MSS has no origin", () => {
  writeKey(new Packet(), REQUEST, 0, key, 0)
  expect(readMtuOrigin(key, 0)).toBeUndefined()
})

test("every MTU from 576 up is its own interface's, whatever clamps it further is a clamp or unknown", () => {
  const random = seededRandom(11)
  for (const ver of [4, 6] as const) {
    const headers = ver === 6 ? 60 : 40
    for (let mtu = ver === 6 ? 1280 : 576; mtu <= 9216; mtu++) {
      const mss = mtu - headers
      const win = largestMssMultiple(mss)
      const own = read(mss, win, { ver })
      if (win !== 65_535 && own.origin !== "interface") {
        // Full size, and what jumbo frames or Ethernet of either family would show as well.
        expect([mss, ["unknown", "either"].includes(own.origin)]).toEqual([mss, true])
      }
      const lower = random.between(500, mss)
      const clamped = read(lower, win, { ver })
      if (clamped.origin === "interface") expect(lower === mss || win % lower === 0).toBe(true)
    }
  }
})

test("whatever the words of a key: no throw, and a clamp only ever lowers", () => {
  const random = seededRandom(12)
  let clamped = 0
  for (let turn = 0; turn < rounds(200_000); turn++) {
    for (let at = 0; at < KEY_WORDS; at++) key[at] = random.word()
    if (turn & 1) key[4] = 0x01080402
    const mss = key[1]! >>> 16
    const reading = readMtuOrigin(key, 0)
    if (mss === 0) {
      expect(reading).toBeUndefined()
      continue
    }
    const { origin, interfaceMss } = reading!
    if (origin === "clamped" || origin === "either") {
      clamped++
      expect(interfaceMss).toBeGreaterThan(mss)
    } else if (origin === "interface") {
      expect(interfaceMss).toBe(mss)
    } else {
      expect([0, mss]).toContain(interfaceMss)
    }
  }
  // Random windows hardly ever look like somebody's rule.
  expect(clamped).toBeLessThan(1000)
})

test.each([
  ["mss", "clamped"],
  // Old Windows or a Linux without timestamps and scaling.
  ["mss,sok", "clamped"],
  ["mss,ws", "clamped"],
  ["mss,nop,ws", "clamped"],
  ["mss,ts", "clamped"],
  ["mss,ts,ws", "clamped"],
  ["mss,sok,ts", "clamped"],
  ["mss,sok,ts,ws", "clamped"],
  ["mss,sok,ws", "clamped"],
  ["mss,sok,ts,ws,?34", "clamped"],
  ["mss,sok,ws,?30", "clamped"],
  ["?19,mss,sok,ws", "clamped"],
  // Neither Linux nor an old Windows writes these.
  ["mss,ws,sok", "unknown"],
  ["ts,mss", "unknown"],
  ["mss,ts,sok,ws", "unknown"],
  ["mss,sok,ts,?34", "unknown"]
])("Linux begins with twenty segments of its interface: %s is %s", (layout, origin) => {
  const packet = signaturePacket(`4:64:0:1353:29200,${layout.includes("ws") ? 7 : 0}:${layout}:df:0`)
  writeKey(packet, REQUEST, 0, key, 0)
  expect(readMtuOrigin(key, 0)).toEqual({
    origin: origin as MtuReading["origin"],
    interfaceMss: origin === "clamped" ? 1460 : 0
  })
})
