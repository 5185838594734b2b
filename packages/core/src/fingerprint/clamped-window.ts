/**
 * Clamped window: a stack that opens its window by the MSS (`mss*max`: Linux >= 4.20, Windows 10/11) does so by the MTU of its own
 * interface. When a router, VPN or carrier lowers the MSS option of its SYN on the way, the window still tells the interface.
 */
import { largestMssMultiple } from "./signature.ts"

/**
 * MSS of usual interfaces over IPv4 and IPv6: Ethernet, PPPoE, jumbo frames of 9001 (AWS) and 9000 bytes. A translator (NAT64, 464XLAT)
 * turns one IP version into the other, so each stands for both.
 */
export const INTERFACE_MSS: ReadonlyArray<number> = [1460, 1440, 1452, 1432, 8961, 8941, 8960, 8940]

/** Their windows under the rule. */
const WINDOWS: ReadonlyArray<number> = INTERFACE_MSS.map((mss) => largestMssMultiple(mss))

/** The interface MSS above `mss` that `win` was opened for; 0 when there is none, or the window fits `mss` itself. */
export function clampedInterfaceMss(win: number, mss: number): number {
  const at = WINDOWS.indexOf(win)
  if (at < 0 || mss === 0) return 0
  const interfaceMss = INTERFACE_MSS[at]!
  return interfaceMss > mss && win !== largestMssMultiple(mss) ? interfaceMss : 0
}
