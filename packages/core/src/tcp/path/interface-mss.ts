/**
 * Interface MSS: the MSS that usual interfaces announce when nothing on the path lowers it. A stack that opens its window by the MSS
 * (`mss*max`: Linux >= 4.20, Windows 10/11) does so by the MTU of its own interface: when a router, VPN or carrier lowers the MSS option
 * of its SYN on the way, the window still shows the interface.
 */
import { largestMssMultiple } from "../signature/signature.ts"

export interface UsualInterface {
  readonly name: string
  readonly mtu: number
}

const ETHERNET: UsualInterface = { name: "Ethernet", mtu: 1500 }

/** Likely ones first. */
const USUAL: ReadonlyArray<UsualInterface> = [
  ETHERNET,
  { name: "jumbo frames of EC2", mtu: 9001 },
  { name: "jumbo frames", mtu: 9000 },
  { name: "jumbo frames of Google Cloud", mtu: 8896 },
  { name: "PPPoE", mtu: 1492 },
  { name: "Google Cloud", mtu: 1460 }
]

/** IP and TCP without options. */
const HEADERS_IPV4 = 40
const HEADERS_IPV6 = 60

/** MSS of Ethernet by family: nothing on an ordinary path has a reason to lower it, and no small interface shows in it. */
export const ETHERNET_MSS_IPV4 = ETHERNET.mtu - HEADERS_IPV4
export const ETHERNET_MSS_IPV6 = ETHERNET.mtu - HEADERS_IPV6

const [, ...OTHERS] = USUAL

/**
 * MSS values of the interfaces that a packet of this family may come from, likely ones first: 1460, 1440, 8961 ... and 1440, 1460,
 * 8941 ... Ethernet of the other family is among them, since NAT64 and 464XLAT translate the packet and leave its window unchanged.
 */
export const INTERFACES_IPV4: ReadonlyArray<number> = [
  ETHERNET_MSS_IPV4,
  ETHERNET_MSS_IPV6,
  ...OTHERS.map(({ mtu }) => mtu - HEADERS_IPV4)
]
export const INTERFACES_IPV6: ReadonlyArray<number> = [
  ETHERNET_MSS_IPV6,
  ETHERNET_MSS_IPV4,
  ...OTHERS.map(({ mtu }) => mtu - HEADERS_IPV6)
]

/** MSS values of common interfaces over IPv4 and IPv6. */
export const INTERFACE_MSS: ReadonlyArray<number> = [...new Set([...INTERFACES_IPV4, ...INTERFACES_IPV6])]

/** The interface that has this MSS over IPv4 or IPv6. */
export const interfaceOfMss = (mss: number): UsualInterface | undefined =>
  USUAL.find(({ mtu }) => mtu - HEADERS_IPV4 === mss || mtu - HEADERS_IPV6 === mss)

/** Windows of INTERFACE_MSS by `mss*max`. Both families are in one list: a translator (NAT64, 464XLAT) turns one into the other. */
const WINDOWS: ReadonlyArray<number> = INTERFACE_MSS.map((mss) => largestMssMultiple(mss))

/** The interface MSS above `mss` that `win` was opened for; 0 when there is none, or the window fits `mss` itself. */
export function clampedInterfaceMss(win: number, mss: number): number {
  const at = WINDOWS.indexOf(win)
  if (at < 0 || mss === 0) return 0
  const interfaceMss = INTERFACE_MSS[at]!
  return interfaceMss > mss && win !== largestMssMultiple(mss) ? interfaceMss : 0
}
