/**
 * The network interfaces of this network namespace, also those that are down or have no address.
 */
import { readFileSync } from "node:fs"

/** From /proc/net/dev, which follows the namespace of the process (/sys shows that of its mount). */
export function interfaceNames(): ReadonlyArray<string> {
  try {
    return parseProcNetDev(readFileSync("/proc/net/dev", "latin1"))
  } catch {
    return []
  }
}

/** Two lines of heading, then `  name: counters`. */
export function parseProcNetDev(text: string): ReadonlyArray<string> {
  return text
    .split("\n")
    .slice(2)
    .map((line) => line.slice(0, line.indexOf(":")).trim())
    .filter((name) => name !== "")
}
