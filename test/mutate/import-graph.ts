/** Import graph: finds the tests that load a source, directly or through others, nearest first. */
import { readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { packageNames } from "../lib/product-files.ts"
import { parseSource } from "../lib/source.ts"

export interface RelatedTest {
  readonly test: string
  /** 0: it lies beside the source and has its name. 1: it imports the source, 2: it imports a source that does, and so on. */
  readonly distance: number
}

export interface ImportGraph {
  readonly testsOf: (file: string) => ReadonlyArray<RelatedTest>
}

/** `@synprint/core/testing` is `packages/core/src/testing/index.ts`, by the exports of the packages. */
function readExports(root: string): ReadonlyMap<string, string> {
  const exports = new Map<string, string>()
  for (const name of packageNames(root)) {
    const json = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")) as {
      readonly name: string
      readonly exports?: Readonly<Record<string, string | { readonly bun: string }>>
    }
    for (const [path, target] of Object.entries(json.exports ?? {}))
      exports.set(
        join(json.name, path),
        normalize(join("packages", name, typeof target === "string" ? target : target.bun))
      )
  }
  return exports
}

/** `files`: sources and tests, as paths from the root. */
export function readImportGraph(root: string, files: ReadonlyArray<string>): ImportGraph {
  const exports = readExports(root)
  const importers = new Map<string, Array<string>>()
  for (const file of files) {
    for (const module of parseSource(file, readFileSync(join(root, file), "utf8")).imports) {
      const target = module.startsWith(".") ? normalize(join(dirname(file), module)) : exports.get(module)
      if (target === undefined) continue
      const known = importers.get(target)
      if (known === undefined) importers.set(target, [file])
      else known.push(file)
    }
  }
  return {
    testsOf: (file) => {
      const distances = new Map([[file, 0]])
      const queue = [file]
      for (const at of queue) {
        for (const importer of importers.get(at) ?? []) {
          if (distances.has(importer)) continue
          distances.set(importer, distances.get(at)! + 1)
          queue.push(importer)
        }
      }
      const own = file.replace(/\.ts$/, ".test.ts")
      return [...distances]
        .filter(([name]) => name.endsWith(".test.ts"))
        .map(([test, distance]) => ({ test, distance: test === own ? 0 : distance }))
        .sort((a, b) => a.distance - b.distance || (a.test < b.test ? -1 : 1))
    }
  }
}
