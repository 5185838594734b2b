import { expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { readImportGraph } from "./import-graph.ts"

const FILES: Readonly<Record<string, string>> = {
  "packages/core/package.json": `{ "name": "@x/core", "exports": { ".": { "bun": "./src/index.ts", "default": "./dist/index.js" }, "./testing": "./src/testing/index.ts" } }`,
  "packages/core/src/index.ts": `export { a } from "./a.ts"\nexport type { T } from "./types.ts"`,
  "packages/core/src/testing/index.ts": `export * from "../worker.ts"`,
  "packages/core/src/a.ts": `import type { T } from "./types.ts"\nexport const a = 1`,
  "packages/core/src/types.ts": "export type T = 1",
  "packages/core/src/worker.ts": "export const w = 1",
  "packages/core/src/a.test.ts": `import { a } from "./a.ts"`,
  "packages/core/src/b.test.ts": `import { a } from "./a.ts"`,
  "packages/core/src/c.test.ts": `new Worker(new URL("./worker.ts", import.meta.url))`,
  "packages/proxy/package.json": `{ "name": "@x/proxy" }`,
  "packages/proxy/src/p.ts": `const { a } = await import("@x/core")`,
  "packages/proxy/src/p.test.ts": `import "./p.ts"\nimport { w } from "@x/core/testing"`
}

test("tests of a source, nearest first: beside it, by path, by package name, by import() and new URL()", () => {
  const root = mkdtempSync(join(tmpdir(), "synprint-graph-"))
  try {
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
    const sources = Object.keys(FILES).filter((name) => name.endsWith(".ts"))
    const graph = readImportGraph(root, sources)
    expect(graph.testsOf("packages/core/src/a.ts")).toEqual([
      { test: "packages/core/src/a.test.ts", distance: 0 },
      { test: "packages/core/src/b.test.ts", distance: 1 },
      { test: "packages/proxy/src/p.test.ts", distance: 3 }
    ])
    expect(graph.testsOf("packages/core/src/worker.ts").map(({ test: name }) => name)).toEqual([
      "packages/core/src/c.test.ts",
      "packages/proxy/src/p.test.ts"
    ])
    expect(graph.testsOf("packages/core/src/types.ts")).toEqual([])
  } finally {
    rmSync(root, { recursive: true })
  }
})
