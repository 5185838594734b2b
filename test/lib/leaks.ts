/**
 * Descriptors and memory mappings of a process, compared before and after work that must release everything.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs"

export interface Held {
  /** Descriptor -> what it is (`socket:[1234]`, a path). */
  readonly descriptors: ReadonlyMap<string, string>
  /** Mappings of a file, a device or a socket: `/usr/lib/libpcap.so.1.10.3`, `socket:[1234]` with their number of pieces. */
  readonly mappings: ReadonlyMap<string, number>
}

export function held(): Held {
  const descriptors = new Map<string, string>()
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      descriptors.set(fd, readlinkSync(`/proc/self/fd/${fd}`))
    } catch {
      // The descriptor by which the directory itself was read.
    }
  }
  const mappings = new Map<string, number>()
  for (const line of readFileSync("/proc/self/maps", "latin1").split("\n")) {
    const name = line.split(/\s+/).slice(5).join(" ")
    if (name !== "" && !name.startsWith("[")) mappings.set(name, (mappings.get(name) ?? 0) + 1)
  }
  return { descriptors, mappings }
}

/** Resources in `after` that were not in `before`, one line each. */
export function leaks(before: Held, after: Held): ReadonlyArray<string> {
  const lines: Array<string> = []
  for (const [fd, what] of after.descriptors) {
    if (before.descriptors.get(fd) !== what) lines.push(`descriptor ${fd}: ${what}`)
  }
  for (const [name, pieces] of after.mappings) {
    const more = pieces - (before.mappings.get(name) ?? 0)
    if (more > 0) lines.push(`${more} mappings of ${name}`)
  }
  return lines
}
