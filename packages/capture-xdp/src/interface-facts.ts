/**
 * The interfaces in the network namespace of this process, and those of the default routes.
 */
import { readFileSync } from "node:fs"

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
