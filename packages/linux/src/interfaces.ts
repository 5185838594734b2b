/**
 * The network interfaces in the network namespace of this process, from /proc/net, which follows the namespace (/sys shows the one in which
 * it was mounted).
 */
import { readFileSync } from "node:fs"

/** All interfaces, also those that are down or have no address. */
export function interfaceNames(): ReadonlyArray<string> {
  return parseProcNetDev(read("/proc/net/dev"))
}

/** Parses /proc/net/dev: two lines of heading, then `  name: counters`. */
export function parseProcNetDev(text: string): ReadonlyArray<string> {
  return text
    .split("\n")
    .slice(2)
    .map((line) => line.slice(0, line.indexOf(":")).trim())
    .filter((name) => name !== "")
}

/** Interfaces of the default routes, IPv4 first: from the texts of /proc/net/route and /proc/net/ipv6_route. */
export function defaultInterfaces(
  ipv4: string = read("/proc/net/route"),
  ipv6: string = read("/proc/net/ipv6_route")
): ReadonlyArray<string> {
  const found = new Set<string>()
  // Iface Destination Gateway Flags RefCnt Use Metric Mask ...
  for (const line of ipv4.split("\n").slice(1)) {
    const [name, destination, , , , , , mask] = line.split(/\s+/)
    if (name !== undefined && destination === "00000000" && mask === "00000000") found.add(name)
  }
  // destination prefix source prefix next-hop metric refcnt use flags interface
  for (const line of ipv6.split("\n")) {
    const words = line.trim().split(/\s+/)
    const name = words.at(-1)
    if (/^0{32}$/.test(words[0] ?? "") && words[1] === "00" && name !== undefined && name !== "lo") found.add(name)
  }
  return [...found]
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}
