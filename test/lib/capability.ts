/**
 * Runs a program as uid 65534 with exactly the capabilities given, as a service manager would.
 */
import * as path from "node:path"

/** Command words; `capabilities` in setpriv's spelling ("net_raw"). Without any, every set is empty. */
export function asNobody(capabilities: ReadonlyArray<string>, words: ReadonlyArray<string>): ReadonlyArray<string> {
  const set = ["-all", ...capabilities.map((name) => `+${name}`)].join(",")
  return [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    `--inh-caps=${set}`,
    `--ambient-caps=${set}`,
    `--bounding-set=${set}`,
    "--no-new-privs",
    ...words
  ]
}

/**
 * Bundles a TypeScript program into one file of `directory` that uid 65534 can read: a checkout, or the package cache that its
 * node_modules point to, may lie below a home directory.
 */
export async function bundle(entry: string, directory: string): Promise<string> {
  const built = await Bun.build({ entrypoints: [entry], target: "bun", outdir: directory })
  if (!built.success) throw new Error(`cannot bundle ${entry}: ${built.logs.join("\n")}`)
  return path.join(directory, `${path.basename(entry, ".ts")}.js`)
}
