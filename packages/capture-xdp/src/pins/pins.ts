/**
 * The directory of pins, which the agent leaves in a bpf file system for readers and for its own next start.
 *
 *   PIN/v1/syns        the map of SYNs               PIN/v1/link_tc_eth0     a link per hook and target
 *   PIN/v1/config      filter, key, layout version
 *   PIN/v1/counters
 *
 * `v1` is the layout version: a reader finds its own layout, or reports that there is another. Names in a bpf file system have no dots.
 */
import { readdirSync, statSync } from "node:fs"
import type { Hook } from "../attach/hook-choice.ts"
import type { MapName } from "../program/object.ts"
import { LAYOUT_VERSION } from "../map/record.ts"

export function pinDirectory(pin: string, layout: number = LAYOUT_VERSION): string {
  return `${pin}/v${layout}`
}

export function mapPin(pin: string, name: MapName): string {
  return `${pinDirectory(pin)}/${name}`
}

/** Encodes a name for a pin: `eth0.77` becomes `eth0%2e77`, a slash of a cgroup `%2f`. */
export function linkPin(pin: string, hook: Hook, name: string): string {
  const encoded = name.replaceAll("%", "%25").replaceAll(".", "%2e").replaceAll("/", "%2f")
  return `${pinDirectory(pin)}/link_${hook}_${encoded}`
}

/** Paths of the pinned links. */
export function linkPins(pin: string): ReadonlyArray<string> {
  return pinsIn(pinDirectory(pin)).filter((path) => /\/link_[^/]*$/.test(path))
}

/** Paths of all pins in a directory; none if the directory does not exist. */
export function pinsIn(directory: string): ReadonlyArray<string> {
  try {
    return readdirSync(directory).map((name) => `${directory}/${name}`)
  } catch {
    return []
  }
}

/** Layout versions that are pinned. */
export function pinnedLayouts(pin: string): ReadonlyArray<number> {
  try {
    return readdirSync(pin)
      .filter((name) => /^v\d+$/.test(name))
      .map((name) => Number(name.slice(1)))
  } catch {
    return []
  }
}

/** Inode that identifies a pinned object; 0: there is none, or it can't be seen. */
export function pinIdentity(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino ?? 0
  } catch {
    return 0
  }
}
