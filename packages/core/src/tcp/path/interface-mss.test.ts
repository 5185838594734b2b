import { expect, test } from "bun:test"
import {
  clampedInterfaceMss,
  INTERFACE_MSS,
  INTERFACES_IPV4,
  INTERFACES_IPV6,
  interfaceOfMss
} from "./interface-mss.ts"
import { largestMssMultiple } from "../signature/signature.ts"

test("Ethernet of either family comes first, then jumbo frames, PPPoE and Google Cloud", () => {
  expect(INTERFACES_IPV4).toEqual([1460, 1440, 8961, 8960, 8856, 1452, 1420])
  expect(INTERFACES_IPV6).toEqual([1440, 1460, 8941, 8940, 8836, 1432, 1400])
})

test("each has a name, and a window of its own", () => {
  expect(INTERFACE_MSS.map((mss) => interfaceOfMss(mss)?.mtu)).not.toContain(undefined)
  expect(new Set(INTERFACE_MSS.map((mss) => largestMssMultiple(mss))).size).toBe(INTERFACE_MSS.length)
  expect(interfaceOfMss(1380)).toBeUndefined()
})

const WINDOWS: ReadonlyArray<readonly [what: string, win: number, mss: number, interfaceMss: number]> = [
  ["OpenVPN on Ethernet", 64240, 1369, 1460],
  ["the same over IPv6", 64800, 1349, 1440],
  ["a VPN behind PPPoE", 65340, 1400, 1452],
  ["EC2 behind a transit gateway", 62727, 8373, 8961],
  ["Google Cloud", 65320, 1380, 1420],
  ["the same over IPv6", 64400, 1349, 1400],
  ["jumbo frames of Google Cloud", 61992, 8000, 8856],
  ["the same over IPv6", 61852, 1349, 8836],
  ["Ethernet itself", 64240, 1460, 0],
  ["WireGuard: its own interface", 64860, 1380, 0],
  ["a larger MSS than the interface's", 64240, 8960, 0],
  ["the largest window says nothing", 65535, 1400, 0],
  ["no MSS", 64240, 0, 0],
  ["an old fixed window", 8192, 1400, 0]
]
for (const [what, win, mss, interfaceMss] of WINDOWS) {
  test(`${what}: window ${win}, MSS ${mss}`, () => {
    expect(clampedInterfaceMss(win, mss)).toBe(interfaceMss)
  })
}
