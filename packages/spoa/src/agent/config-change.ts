/**
 * What a reload can't change: keys whose new value waits for a restart, for the log.
 */
import type { Config } from "@synprint/service"

/** Taken over by a running agent, by their paths in Config. Databases are compared by `watchConfig`, they have no key of their own here. */
const RELOADED = new Set([
  "file",
  "fingerprint.databases",
  "spoa.variables",
  "hints",
  "capture.ports",
  "capture.addresses",
  "reload.watch",
  // Other programs' tables.
  "proxy",
  "routes",
  "headers"
])

/** Paths that differ and are not taken over, in the spelling of the file as far as it is the same. */
export function needsRestart(running: Config, next: Config): ReadonlyArray<string> {
  const found: Array<string> = []
  compare(running as unknown as Tree, next as unknown as Tree, "", found)
  return found
}

type Tree = Readonly<Record<string, unknown>>

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value)

function compare(running: Tree, next: Tree, path: string, found: Array<string>): void {
  for (const name of new Set([...Object.keys(running), ...Object.keys(next)])) {
    const at = path === "" ? name : `${path}.${name}`
    if (RELOADED.has(at)) continue
    const [before, after] = [running[name], next[name]]
    if (isTree(before) && isTree(after)) compare(before, after, at, found)
    else if (JSON.stringify(before) !== JSON.stringify(after)) found.push(snake(at))
  }
}

/** `maxFrameSize` -> `max_frame_size`; a unit at the end of a name is ours, not the file's. */
const snake = (path: string): string =>
  path.replace(/(?:Ms|Bytes)$/, "").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
