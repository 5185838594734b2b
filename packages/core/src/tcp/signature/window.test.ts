import { expect, test } from "bun:test"
import { detectMultiplier, NO_MULTIPLIER } from "./window.ts"

const mss = (n: number): number => n * 2
const mtu = (n: number): number => n * 2 + 1

/** win, mss, timestamp, version, header bytes, MSS of the peer's SYN -> multiplier (p0f's detect_win_multi). */
const CASES: ReadonlyArray<readonly [string, [number, number, boolean, number, number, number], number]> = [
  ["a multiple of the MSS", [29200, 1460, true, 4, 60, 0], mss(20)],
  ["MSS 1400, by 1460", [64240, 1400, true, 4, 60, 0], mss(44)],
  ["timestamps: MSS - 12", [13880, 1400, true, 4, 60, 0], mss(10)],
  ["no timestamp: not MSS - 12", [13880, 1400, false, 4, 60, 0], NO_MULTIPLIER],
  ["1448 without timestamp", [65160, 1400, false, 4, 60, 0], mss(45)],
  ["1440 in IPv6 goes before MSS + 40", [14400, 1400, false, 6, 80, 0], mss(10)],
  ["in IPv4 the same is MSS + 40", [14400, 1400, false, 4, 60, 0], mtu(10)],
  ["1428 in IPv6", [14280, 1220, false, 6, 80, 0], mss(10)],
  ["not 1440 in IPv4", [14400, 1221, false, 4, 60, 0], NO_MULTIPLIER],
  ["MSS + 40", [2880, 1400, false, 4, 44, 0], mtu(2)],
  ["MSS + headers", [2888, 1400, false, 4, 44, 0], mtu(2)],
  ["MSS + 60 in IPv6", [2560, 1220, false, 6, 80, 0], mtu(2)],
  ["not MSS + 60 in IPv4", [2560, 1220, false, 4, 80, 0], NO_MULTIPLIER],
  ["1500", [3000, 1460, true, 4, 60, 0], mtu(2)],
  ["MSS goes before 1500", [3000, 100, true, 4, 60, 0], mss(30)],
  ["the peer's MSS", [2626, 536, true, 4, 60, 1313], mss(2)],
  ["the peer's MSS - 12", [2602, 536, true, 4, 60, 1313], mss(2)],
  ["a peer of 12 has no MSS - 12", [8191, 536, true, 4, 60, 12], NO_MULTIPLIER],
  ["a peer of 1 wraps s16", [40961, 536, true, 4, 60, 1], mss(40961 - 65536)],
  ["a peer below 12 goes negative", [8197, 536, true, 4, 60, 5], mss(-1171)],
  ["window 0", [0, 1460, true, 4, 60, 1460], NO_MULTIPLIER],
  ["MSS below 100", [990, 99, false, 4, 60, 0], NO_MULTIPLIER],
  ["nothing fits", [8192, 1460, false, 4, 60, 0], NO_MULTIPLIER],
  ["coincidence: MSS 1285", [65535, 1285, true, 4, 60, 0], mss(51)]
]

test.each(CASES)("%s", (_, fields, expected) => {
  expect(detectMultiplier(...fields)).toBe(expected)
})
