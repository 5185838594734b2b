/** @synprint/core as a package for others: packed by npm, installed into an empty project, used by plain node and checked by tsc, as docs/sdk.md tells. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run } from "../lib/process.ts"

const ROOT = join(import.meta.dir, "../..")
const CORE = join(ROOT, "packages/core")
const project = mkdtempSync(join(tmpdir(), "synprint-sdk-"))
afterAll(() => rmSync(project, { recursive: true, force: true }))

const document = readFileSync(join(ROOT, "docs/sdk.md"), "utf8")
const example = /^```ts\n([^]*?)^```/m.exec(document)?.[1] ?? ""

beforeAll(async () => {
  await run(["npm", "pack", "--silent", "--pack-destination", project], { cwd: CORE })
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "of-a-user", private: true, type: "module" }))
  const archive = join(project, "synprint-core-0.1.0.tgz")
  await run(["npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", archive], { cwd: project })
}, 60_000)

test("node decodes a SYN, prints its signature and the line that matches", async () => {
  writeFileSync(join(project, "example.js"), example)
  const output = await run(["node", "example.js"], { cwd: project })
  expect(output).toBe("4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0\nLinux 4.20 or newer 0 Ethernet\n")
}, 30_000)

test("the example type-checks against the declarations that the package brings, and not when it uses a name that is not there", async () => {
  const source = join(project, "src")
  mkdirSync(source)
  const check = async (text: string): Promise<string> => {
    writeFileSync(join(source, "example.ts"), text)
    const options = ["--noEmit", "--strict", "--target", "esnext", "--module", "nodenext", "--lib", "esnext,dom"]
    const words = [process.execPath, "x", "tsc", "--ignoreConfig", ...options, join(source, "example.ts")]
    return run(words, { cwd: ROOT }).then(
      () => "",
      (error: unknown) => String(error)
    )
  }
  expect(await check(example)).toBe("")
  expect(await check(example.replaceAll("rawSignature", "raw"))).toContain("Property 'raw' does not exist")
}, 60_000)

test("the package has nothing in it but the sources, what was made of them, and no dependency", async () => {
  const listed = await run(["npm", "pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: CORE })
  const [{ files }] = JSON.parse(listed) as [{ files: ReadonlyArray<{ path: string }> }]
  const odd = files.map(({ path }) => path).filter((path) => !/^(package\.json|(src|dist)\/)/.test(path))
  expect(odd).toEqual([])
  expect(files.some(({ path }) => /\.test\.ts$|testing\//.test(path))).toBe(false)
  const installed = JSON.parse(
    readFileSync(join(project, "node_modules/@synprint/core/package.json"), "utf8")
  ) as object
  expect(installed).not.toHaveProperty("dependencies")
})
