/** @synprint/core exports a name for a reason: product code of another package imports it, or the document of the SDK uses it. */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { packageNames, productFiles } from "../lib/product-files.ts"

const ROOT = join(import.meta.dir, "../..")
const read = (name: string): string => readFileSync(join(ROOT, name), "utf8")

/** Names in the braces of `export { a, type B } from`, or of `import { a as c } from`: those of the module that is imported from. */
const namesIn = (braces: string): ReadonlyArray<string> =>
  braces
    .split(",")
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type /, "")
          .split(" as ")[0]!
    )
    .filter((name) => name !== "")

const namesOf = (text: string, statement: RegExp): ReadonlyArray<string> =>
  [...text.matchAll(statement)].flatMap(([, braces]) => namesIn(braces!))

const FROM_CORE = /(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"@synprint\/core"/g

test("every name is imported by another package or used by docs/sdk.md, and each once", () => {
  const exported = namesOf(read("packages/core/src/index.ts"), /export\s+(?:type\s+)?\{([^}]*)\}/g)
  const others = packageNames(ROOT).filter((name) => name !== "core")
  const used = new Set([
    ...others.flatMap((name) => productFiles(ROOT, name)).flatMap((file) => namesOf(read(file), FROM_CORE)),
    ...namesOf(read("docs/sdk.md"), FROM_CORE)
  ])
  expect(used.size).toBeGreaterThan(50)
  expect(exported.filter((name) => !used.has(name))).toEqual([])
  expect(exported.filter((name, at) => exported.indexOf(name) !== at)).toEqual([])
})
