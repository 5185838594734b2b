/**
 * `bun run mutate`: random small changes of product code, each in a copy of the tree, and whether the tests notice.
 *
 * A library would have been StrykerJS 10. It wants Node 22 and the programming interface of TypeScript 5 beside our compiler, has no
 * runner for `bun test` (its command runner can neither take a sample nor choose tests by imports), and doesn't change numbers.
 */
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { isProductFile, packageNames, productFiles } from "./lib/product-files.ts"
import { parseSource } from "./lib/source.ts"
import { readImportGraph } from "./mutate/import-graph.ts"
import { killAll } from "./mutate/limited-process.ts"
import { type Durations, loadsCopy, measureTests, tryMutation, type Verdict } from "./mutate/mutant.ts"
import { linesOf, type Mutation, mutationsOf } from "./mutate/mutations.ts"
import { randomFrom, sample } from "./mutate/sample.ts"
import { copyTree, type TreeCopy } from "./mutate/tree-copy.ts"

const ROOT = resolve(import.meta.dir, "..")
const PACKAGES = packageNames(ROOT)

const USAGE = `usage: bun run mutate [options]

  --package P   product code of one package (${PACKAGES.join(", ")})
  -n N          mutations to draw (20); with --line: all of the line
  --seed S      the same seed draws the same mutations (printed when it is drawn)
  --file F      one source, from the root of the repository
  --line L      one line of --file
  --with TEXT   with --line: the line is replaced by TEXT, one mutation of your own
  --deep        when unit tests don't notice: other packages' unit tests, then the directories of test/ for the package
                (they make namespaces and take minutes)
  --jobs J      mutations at the same time, each in a copy of its own (1)
  --least N     exit code 0 if N % are killed (100)
  --list        print the mutations and try none
  --format      text, or json: an object for each mutation, one per line

Exit code: 1 if more survive than --least allows, 64 for a wrong option.
examples: bun run mutate --package proxy -n 100 --seed 1
          bun run mutate --file packages/proxy/src/http1/chunked.ts --line 124`

/** Directories of test/ that prove what a package does, the quickest first. */
const DEEP: Readonly<Record<string, ReadonlyArray<string>>> = {
  "capture-pcap": ["test/capture-pcap"],
  "capture-xdp": ["test/capture-xdp"],
  cli: ["test/cli"],
  core: ["test/database", "test/history", "test/parity"],
  linux: ["test/spoa", "test/proxy"],
  proxy: ["test/proxy"],
  service: ["test/cli", "test/spoa"],
  spoa: ["test/spoa", "test/e2e"]
}

function fail(reason: string): never {
  console.error(`mutate: ${reason}\n\n${USAGE}`)
  process.exit(64)
}

const { values } = (() => {
  try {
    return parseArgs({
      options: {
        package: { type: "string" },
        n: { type: "string", short: "n" },
        seed: { type: "string" },
        file: { type: "string" },
        line: { type: "string" },
        with: { type: "string" },
        deep: { type: "boolean", default: false },
        jobs: { type: "string", default: "1" },
        least: { type: "string", default: "100" },
        list: { type: "boolean", default: false },
        format: { type: "string", default: "text" },
        help: { type: "boolean", default: false }
      }
    })
  } catch (error) {
    return fail((error as Error).message)
  }
})()
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least || number > most)
    fail(`${name} is a whole number from ${least} to ${most}, not ${text}`)
  return number
}

const seed = numberOf("--seed", values.seed ?? `${Date.now() % 1_000_000}`, 0, 2 ** 32 - 1)
const count = values.n === undefined ? undefined : numberOf("-n", values.n, 1, 1_000_000)
const line = values.line === undefined ? undefined : numberOf("--line", values.line, 1, 1_000_000)
const jobs = numberOf("--jobs", values.jobs, 1, 64)
const least = numberOf("--least", values.least, 0, 100)
const file = values.file?.replace(/^\.\//, "")
if (values.format !== "text" && values.format !== "json") fail(`--format is text or json, not ${values.format}`)
if (values.package !== undefined && !PACKAGES.includes(values.package)) fail(`there is no package ${values.package}`)
if (line !== undefined && file === undefined) fail("--line needs --file")
if (values.with !== undefined && line === undefined) fail("--with needs --line")
if (file !== undefined && (!isProductFile(file) || !(await Bun.file(join(ROOT, file)).exists())))
  fail(`${file} is no source of a package`)

const packageOf = (name: string): string => name.split("/")[1]!
const textOf = (name: string): string => readFileSync(join(ROOT, name), "utf8")

/** The mutation that replaces a whole line by the text of `--with`. */
function ownMutation(name: string, number: number, replacement: string): Mutation {
  const lines = textOf(name).split("\n")
  const before = lines[number - 1]
  if (before === undefined) return fail(`${name} has no line ${number}`)
  const start = lines.slice(0, number - 1).reduce((sum, text) => sum + text.length + 1, 0)
  return { file: name, line: number, start, end: start + before.length, replacement, change: "own" }
}

function chooseMutations(): ReadonlyArray<Mutation> {
  if (values.with !== undefined) return [ownMutation(file!, line!, values.with)]
  const packages = values.package === undefined ? PACKAGES : [values.package]
  const files = file === undefined ? packages.flatMap((name) => productFiles(ROOT, name)) : [file]
  const all = files
    .flatMap((name) => mutationsOf(parseSource(name, textOf(name))))
    .filter((mutation) => line === undefined || mutation.line === line)
  if (line !== undefined && count === undefined) return all
  if (values.list && count === undefined) return all
  return sample(all, count ?? 20, randomFrom(seed))
}

const short = (text: string): string => (text.length > 110 ? `${text.slice(0, 109)}…` : text)

function describe(mutation: Mutation): string {
  const { before, after } = linesOf(textOf(mutation.file), mutation)
  return `${mutation.file}:${mutation.line}  ${mutation.change}\n    - ${short(before)}\n    + ${short(after)}`
}

interface Result extends Verdict {
  readonly mutation: Mutation
}

const chosen = chooseMutations()
if (values.list) {
  for (const mutation of chosen) {
    if (values.format === "json")
      console.log(JSON.stringify({ ...mutation, ...linesOf(textOf(mutation.file), mutation) }))
    else console.log(describe(mutation))
  }
  process.exit(0)
}
if (chosen.length === 0)
  fail(line === undefined ? "nothing to mutate" : `nothing to mutate in line ${line}; --with takes a change of yours`)

const copies: Array<TreeCopy> = []
const removeCopies = (): void => {
  for (const copy of copies.splice(0)) copy.remove()
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    killAll()
    removeCopies()
    process.exit(1)
  })
}

const isTerminal = process.stderr.isTTY
const say = (text: string): void => void process.stderr.write(isTerminal ? `\r\x1b[K${text}` : `${text}\n`)

/** Every test of the packages, and with --deep those of other packages too. */
const graph = readImportGraph(
  ROOT,
  [...new Bun.Glob("packages/*/src/**/*.ts").scanSync({ cwd: ROOT })].filter((name) => !name.endsWith(".d.ts"))
)
const testsOf = (name: string) =>
  graph.testsOf(name).filter(({ test }) => values.deep || packageOf(test) === packageOf(name))

/** Makes sure that the tests pass without a mutation, and that it is the copy that they test. */
async function prepare(tree: string): Promise<Durations> {
  const files = [...new Set(chosen.map((mutation) => mutation.file))]
  const tests = new Set(files.flatMap((name) => testsOf(name).map(({ test }) => test)))
  say(`${tests.size} test files without a mutation`)
  const durations = await measureTests(tree, [...tests])
  if (durations === undefined) throw new Error("the tests fail without a mutation")
  for (const name of new Set(files.map(packageOf))) {
    const loaded = files.find((candidate) => packageOf(candidate) === name && testsOf(candidate).length > 0)
    if (loaded !== undefined && !(await loadsCopy(tree, loaded, testsOf(loaded)[0]!.test)))
      throw new Error(`${loaded} is broken on purpose and its test passes: the copy is not what is tested`)
  }
  return durations
}

const results: Array<Result> = []
const killedOf = (): number => results.filter(({ isKilled }) => isKilled).length

async function work(tree: string, durations: Durations, queue: Array<Mutation>): Promise<void> {
  for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
    if (isTerminal)
      say(`${results.length} of ${chosen.length}, ${killedOf()} killed; ${mutation.file}:${mutation.line}`)
    const name = packageOf(mutation.file)
    const deep = values.deep ? (DEEP[name] ?? []) : []
    const verdict = await tryMutation(mutation, { tree, tests: testsOf(mutation.file), durations, deep })
    const result = { mutation, ...verdict }
    results.push(result)
    if (values.format === "json")
      console.log(JSON.stringify({ ...mutation, ...linesOf(textOf(mutation.file), mutation), ...verdict }))
    else if (!isTerminal) say(`${results.length} of ${chosen.length}: ${verdict.isKilled ? "killed" : "survived"}`)
  }
}

try {
  for (let job = 0; job < Math.min(jobs, chosen.length); job++) copies.push(copyTree(ROOT))
  const durations = await prepare(copies[0]!.path)
  const queue = [...chosen]
  await Promise.all(copies.map(({ path }) => work(path, durations, queue)))
} catch (error) {
  console.error(`\nmutate: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  removeCopies()
}
if (isTerminal) say("")

const share = (100 * killedOf()) / results.length
if (results.length > 0) {
  if (values.format === "text") {
    const inOrder = results.toSorted((a, b) => chosen.indexOf(a.mutation) - chosen.indexOf(b.mutation))
    for (const { isKilled, mutation, by, seconds } of [
      ...inOrder.filter((result) => result.isKilled),
      ...inOrder.filter((result) => !result.isKilled)
    ]) {
      const end = by === "" ? "" : `\n    ${isKilled ? "by " : ""}${by}`
      console.log(`${isKilled ? "killed  " : "SURVIVED"}  ${describe(mutation)}${end}  (${seconds.toFixed(1)} s)\n`)
    }
    const byTypes = results.filter(({ by }) => by === "types").length
    console.log(
      `seed ${seed}: ${killedOf()} of ${results.length} killed (${share.toFixed(0)} %), ${byTypes} of them by types alone; ${results.length - killedOf()} survived`
    )
  }
  if (share < least) process.exitCode = 1
}
