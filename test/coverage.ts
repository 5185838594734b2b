/**
 * `bun run coverage [PACKAGE...]`: how many lines of a package its unit tests run, by file, lowest first. A file that no test loads
 * counts with 0 %; test support, benchmarks and scripts don't count. Without a package: all of them.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { countRunnableLines } from "./coverage/lines.ts"
import { type FileCoverage, parseLcov, printRanges } from "./coverage/lcov.ts"
import { packageNames, productFiles } from "./lib/product-files.ts"

const ROOT = resolve(import.meta.dir, "..")
const PACKAGES = packageNames(ROOT)

const USAGE = `usage: bun run coverage [PACKAGE...] [--least N] [--lines] [--format text|json]

  PACKAGE     ${PACKAGES.join(", ")}; none: all
  --least N   exit code 1 if a package has less than N %
  --lines     also the numbers of the lines that didn't run
  --format    json: an object for each package, one per line

example: bun run coverage proxy --least 85`

function fail(reason: string): never {
  console.error(`coverage: ${reason}\n\n${USAGE}`)
  process.exit(64)
}

const { values, positionals } = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        least: { type: "string", default: "0" },
        lines: { type: "boolean", default: false },
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
const least = Number(values.least)
if (!(least >= 0 && least <= 100)) fail(`--least is a number from 0 to 100, not ${values.least}`)
if (values.format !== "text" && values.format !== "json") fail(`--format is text or json, not ${values.format}`)
const unknown = positionals.find((name) => !PACKAGES.includes(name))
if (unknown !== undefined) fail(`there is no package ${unknown}`)

async function measure(packageName: string): Promise<ReadonlyArray<FileCoverage>> {
  const directory = mkdtempSync(join(tmpdir(), "synprint-coverage-"))
  try {
    const tests = Bun.spawn(
      [
        process.execPath,
        "test",
        "--only-failures",
        "--coverage",
        "--coverage-reporter=lcov",
        `--coverage-dir=${directory}`,
        `./packages/${packageName}/`
      ],
      {
        cwd: ROOT,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, NO_COLOR: "1", SYNPRINT_TEST_FAST: "1" }
      }
    )
    const [out, err] = await Promise.all([new Response(tests.stdout).text(), new Response(tests.stderr).text()])
    if ((await tests.exited) !== 0) {
      console.error(`coverage: the unit tests of packages/${packageName} fail\n${out}${err}`)
      process.exit(1)
    }
    const loaded = parseLcov(readFileSync(join(directory, "lcov.info"), "utf8"))
    return productFiles(ROOT, packageName)
      .map(
        (file) =>
          loaded.find((found) => found.file === file) ?? {
            file,
            lines: countRunnableLines(file, readFileSync(join(ROOT, file), "utf8")),
            hit: 0,
            missed: []
          }
      )
      .filter(({ lines }) => lines > 0)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const percent = (hit: number, lines: number): number => (100 * hit) / lines

function printTable(packageName: string, files: ReadonlyArray<FileCoverage>, total: FileCoverage): void {
  const prefix = `packages/${packageName}/src/`
  const row = (label: string, { lines, hit, missed }: FileCoverage): string => {
    const note = lines > 0 && hit === 0 && missed.length === 0 ? "  no test loads it" : ""
    const numbers = values.lines && missed.length > 0 ? `  ${printRanges(missed)}` : ""
    const share = percent(hit, lines).toFixed(1)
    return `${share.padStart(6)} %  ${`${hit}`.padStart(5)} of ${`${lines}`.padEnd(5)} ${label}${note}${numbers}`
  }
  const lowestFirst = files.toSorted((a, b) => a.hit / a.lines - b.hit / b.lines || b.lines - a.lines)
  for (const file of lowestFirst) console.log(row(file.file.slice(prefix.length), file))
  console.log(row(`packages/${packageName}: lines that unit tests run\n`, { ...total, missed: [] }))
}

for (const packageName of positionals.length > 0 ? positionals : PACKAGES) {
  const files = await measure(packageName)
  const sum = (of: "lines" | "hit"): number => files.reduce((total, file) => total + file[of], 0)
  const total: FileCoverage = { file: packageName, lines: sum("lines"), hit: sum("hit"), missed: [] }
  const share = percent(total.hit, total.lines)
  if (values.format === "json")
    console.log(JSON.stringify({ package: packageName, percent: share, lines: total.lines, hit: total.hit, files }))
  else printTable(packageName, files, total)
  if (share < least) {
    console.error(`coverage: packages/${packageName} has ${share.toFixed(1)} %, less than ${least} %`)
    process.exitCode = 1
  }
}
