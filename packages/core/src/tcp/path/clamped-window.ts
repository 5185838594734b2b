/**
 * Clamped window: a stack that opens its window by the MSS (`mss*max`: Linux >= 4.20, Windows 10/11) does so by the MTU of its own
 * interface. When a router, VPN or carrier lowers the MSS option of its SYN on the way, the window still tells the interface.
 */
import { INTERFACE_MSS } from "./interface-mss.ts"
import { largestMssMultiple } from "../signature/signature.ts"

/** Windows of usual interfaces under the rule, of either family for both: a translator (NAT64, 464XLAT) turns one into the other. */
const WINDOWS: ReadonlyArray<number> = INTERFACE_MSS.map((mss) => largestMssMultiple(mss))

/** The interface MSS above `mss` that `win` was opened for; 0 when there is none, or the window fits `mss` itself. */
export function clampedInterfaceMss(win: number, mss: number): number {
  const at = WINDOWS.indexOf(win)
  if (at < 0 || mss === 0) return 0
  const interfaceMss = INTERFACE_MSS[at]!
  return interfaceMss > mss && win !== largestMssMultiple(mss) ? interfaceMss : 0
}
