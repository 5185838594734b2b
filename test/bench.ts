/**
 * `bun run bench [NAME...] [--check] [--against CHECKOUT]`: benchmarks beside their peer in the same run.
 *
 * A benchmark is packages/PACKAGE/bench/NAME.ts, or test/bench/NAME.ts when it needs namespaces and programs; files there that
 * export something, or are named *-process.ts, belong to one. Each prints ratios; with --check it fails when a budget is exceeded.
 * --against measures the same program of another checkout in turns with this one (engine, spoa, proxy).
 */
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"

const ROOT = resolve(import.meta.dir, "..")

interface Bench {
  readonly name: string
  readonly file: string
  /** First sentence of its header. */
  readonly about: string
}

const benches: ReadonlyArray<Bench> = ["packages/*/bench/*.ts", "test/bench/*.ts"]
  .flatMap((pattern) => Array.from(new Bun.Glob(pattern).scanSync({ cwd: ROOT })))
  .filter((file) => !file.endsWith("-process.ts") && !/^export /m.test(readFileSync(join(ROOT, file), "utf8")))
  .map((file) => {
    const [, owner, name] = /^(?:packages\/)?([^/]+)\/bench\/(.+)\.ts$/.exec(file)!
    const header = /^\/\*\*[\s*]*([^]*?)\*\//.exec(readFileSync(join(ROOT, file), "utf8"))?.[1] ?? ""
    const about = header
      .replaceAll(/\s*\n \* ?/g, " ")
      .split(/(?<=[.:])\s/)[0]!
      .trim()
    return { name: `${owner}/${name}`, file, about }
  })
  .sort((a, b) => (a.name < b.name ? -1 : 1))

const words = process.argv.slice(2)
const againstAt = words.indexOf("--against")
const against = againstAt < 0 ? [] : words.splice(againstAt, 2)
if (against.length === 1) {
  console.error("bench: --against needs the directory of another checkout")
  process.exit(64)
}
const flags = words.filter((word) => word.startsWith("-"))
const names = words.filter((word) => !word.startsWith("-"))
const list = benches.map(({ name, about }) => `  ${name.padEnd(24)} ${about}`).join("\n")

if (flags.includes("--help") || flags.includes("--list")) {
  console.log(`usage: bun run bench [NAME...] [--check] [--against CHECKOUT]\nexample: bun run bench engine\n\n${list}`)
  process.exit(0)
}
const unknownFlags = flags.filter((flag) => flag !== "--check")
const chosen =
  names.length === 0
    ? benches
    : benches.filter(({ name }) => names.some((word) => name === word || name.endsWith(`/${word}`)))
const unknown = names.filter((word) => !benches.some(({ name }) => name === word || name.endsWith(`/${word}`)))
if (unknown.length > 0 || unknownFlags.length > 0) {
  console.error(`bench: there is no ${[...unknown, ...unknownFlags].join(", ")}; there are\n${list}`)
  process.exit(64)
}

const failed: Array<string> = []
for (const { name, file, about } of chosen) {
  console.log(`\n== ${name}: ${about}`)
  const child = Bun.spawn(
    [process.execPath, file, ...flags, ...against.map((word) => (word === "--against" ? word : resolve(word)))],
    { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] }
  )
  if ((await child.exited) !== 0) failed.push(name)
}
if (failed.length > 0) {
  console.error(`\nbench: failed: ${failed.join(", ")}`)
  process.exitCode = 1
}
