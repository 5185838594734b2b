import { expect, test } from "bun:test"
import { clampedInterfaceMss } from "./clamped-window.ts"

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
