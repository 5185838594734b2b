/**
 * What an interface is, in the network namespace of this process: index, driver, and the interface of the default route.
 */
import { ptr } from "bun:ffi"
import { readFileSync } from "node:fs"
import type { Libc } from "./libc.ts"

const AF_INET = 2
const SOCK_DGRAM = 2
const SIOCETHTOOL = 0x8946
const ETHTOOL_GDRVINFO = 3
/** struct ethtool_drvinfo: cmd u32, driver 32 bytes at 4, version, fw_version, bus_info 32 bytes at 100, ... */
const DRVINFO_BYTES = 196
/** struct ifreq: name 16 bytes, then here a pointer. */
const IFREQ_BYTES = 40

export interface Driver {
  readonly name: string
  /** PCI address and the like; empty for what is no device. */
  readonly bus: string
}

/** By ethtool, which follows the network namespace; /sys/class/net shows the namespace it was mounted in. */
export function driverOf(c: Libc, name: string): Driver | undefined {
  const socket = c.socket(AF_INET, SOCK_DGRAM, 0)
  if (socket < 0) return undefined
  const info = new Uint8Array(new ArrayBuffer(DRVINFO_BYTES))
  const request = new Uint8Array(new ArrayBuffer(IFREQ_BYTES))
  new DataView(info.buffer).setUint32(0, ETHTOOL_GDRVINFO, true)
  request.set(new TextEncoder().encode(name).subarray(0, 15))
  // Both arrays have an ArrayBuffer of their own, and the address is used in the next call only.
  new DataView(request.buffer).setBigUint64(16, BigInt(ptr(info)), true)
  const result = c.ioctl(socket, SIOCETHTOOL as never, request)
  c.close(socket)
  return result < 0 ? undefined : { name: text(info, 4, 32), bus: text(info, 100, 32) }
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const part = bytes.subarray(at, at + length)
  const end = part.indexOf(0)
  return new TextDecoder().decode(end < 0 ? part : part.subarray(0, end))
}

/** Interfaces of the default routes, IPv4 first; from /proc/net, which follows the namespace. */
export function defaultInterfaces(): ReadonlyArray<string> {
  const found = new Set<string>()
  // Iface Destination Gateway Flags RefCnt Use Metric Mask ...
  for (const line of lines("/proc/net/route").slice(1)) {
    const [name, destination, , , , , , mask] = line.split(/\s+/)
    if (name !== undefined && destination === "00000000" && mask === "00000000") found.add(name)
  }
  // destination prefix source prefix next-hop metric refcnt use flags interface
  for (const line of lines("/proc/net/ipv6_route")) {
    const words = line.trim().split(/\s+/)
    const name = words.at(-1)
    if (/^0{32}$/.test(words[0] ?? "") && words[1] === "00" && name !== undefined && name !== "lo") found.add(name)
  }
  return [...found]
}

/** Every interface of this network namespace. */
export function interfaceNames(): ReadonlyArray<string> {
  return lines("/proc/net/dev")
    .slice(2)
    .map((line) => line.slice(0, line.indexOf(":")).trim())
    .filter((name) => name !== "")
}

function lines(path: string): ReadonlyArray<string> {
  try {
    return readFileSync(path, "latin1").split("\n")
  } catch {
    return []
  }
}
