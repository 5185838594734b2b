/**
 * Facts about an interface from its driver, by the SIOCETHTOOL ioctl (linux/ethtool.h) in the network namespace of this process
 * (/sys/class/net shows the namespace in which it was mounted). No capability is needed.
 */
import { ptr } from "bun:ffi"
import { cString } from "@synprint/core"
import type { Libc } from "../libc.ts"

const AF_INET = 2
const SOCK_DGRAM = 2
const SIOCETHTOOL = 0x8946
/** struct ifreq: a name of 16 bytes, then a pointer. */
const IFREQ_BYTES = 40
const ETHTOOL_GDRVINFO = 0x03
const ETHTOOL_GSTRINGS = 0x1b
const ETHTOOL_GSSET_INFO = 0x37
const ETHTOOL_GFEATURES = 0x3a
/** struct ethtool_drvinfo: cmd u32, driver 32 bytes at 4, version, fw_version, bus_info 32 bytes at 100, ... */
const DRVINFO_BYTES = 196
const ETH_SS_FEATURES = 4
/** ETH_GSTRING_LEN. */
const NAME_BYTES = 32
/** More features than any kernel has. */
const FEATURES_MAX = 1024

export interface Driver {
  readonly name: string
  /** PCI address or the like; empty for a virtual interface. */
  readonly bus: string
}

export function driverOf(c: Libc, name: string): Driver | undefined {
  const info = command(ETHTOOL_GDRVINFO, DRVINFO_BYTES)
  return call(c, name, info) ? { name: text(info.bytes, 4, 32), bus: text(info.bytes, 100, 32) } : undefined
}

/**
 * Offloads that are switched on, by ethtool's feature names (`rx-lro`); undefined: the interface does not report them.
 *
 *   ethtool_sset_info  cmd, reserved, mask u64, length of each set
 *   ethtool_gstrings   cmd, set, length, 32 bytes each
 *   ethtool_gfeatures  cmd, words, then per 32 features: available, requested, active, never_changed
 */
export function offloadsOf(c: Libc, name: string): ReadonlySet<string> | undefined {
  const info = command(ETHTOOL_GSSET_INFO, 20)
  info.view.setBigUint64(8, 1n << BigInt(ETH_SS_FEATURES), true)
  if (!call(c, name, info)) return undefined
  const count = info.view.getUint32(16, true)
  if (count === 0 || count > FEATURES_MAX) return undefined
  const names = command(ETHTOOL_GSTRINGS, 12 + count * NAME_BYTES)
  names.view.setUint32(4, ETH_SS_FEATURES, true)
  names.view.setUint32(8, count, true)
  const words = Math.ceil(count / 32)
  const features = command(ETHTOOL_GFEATURES, 8 + words * 16)
  features.view.setUint32(4, words, true)
  if (!call(c, name, names) || !call(c, name, features)) return undefined
  const active = new Set<string>()
  for (let i = 0; i < count; i++) {
    const word = features.view.getUint32(8 + (i >> 5) * 16 + 8, true)
    if ((word >>> (i & 31)) & 1) active.add(text(names.bytes, 12 + i * NAME_BYTES, NAME_BYTES))
  }
  return active
}

interface Command {
  readonly bytes: Uint8Array
  readonly view: DataView
}

function command(number: number, length: number): Command {
  const bytes = new Uint8Array(new ArrayBuffer(length))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, number, true)
  return { bytes, view }
}

function call(c: Libc, name: string, { bytes }: Command): boolean {
  const socket = c.socket(AF_INET, SOCK_DGRAM, 0)
  if (socket < 0) return false
  const request = new Uint8Array(new ArrayBuffer(IFREQ_BYTES))
  request.set(new TextEncoder().encode(name).subarray(0, 15))
  // Both arrays have their own ArrayBuffer, and the address is used in the next call only.
  new DataView(request.buffer).setBigUint64(16, BigInt(ptr(bytes)), true)
  const result = c.ioctl(socket, SIOCETHTOOL as never, request)
  c.close(socket)
  return result >= 0
}

const text = (bytes: Uint8Array, at: number, length: number): string =>
  new TextDecoder().decode(cString(bytes, at, length))
