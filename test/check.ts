/**
 * `bun run check`: everything that can be checked here, as a table of gates; the last line is `N passed, N failed[, N skipped]`.
 *
 *   --fast     without test/: what starts processes, needs root or HAProxy; random tests go an eighth of their rounds
 *   --browser  also test/browser/: pages loaded by headless Chromium
 *   --strict   as root, a kernel test that was skipped is a failure (CI)
 *
 * A gate that is no test run counts as one. Order:
 *
 *     tools and unit tests     together
 *     directories of test/     two at a time: namespaces, ports and pins are their own, and they mostly wait
 *     ALONE                    one after the other: tests that measure the machine
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { houseRules } from "./house-rules.ts"
import { countTests } from "./lib/junit.ts"

const ROOT = resolve(import.meta.dir, "..")
const words = new Set(process.argv.slice(2))
const isFast = words.delete("--fast")
const isStrict = words.delete("--strict")
const hasBrowser = words.delete("--browser")
if (words.size > 0) {
  console.log(`usage: bun run check [--fast] [--browser] [--strict]\nexample: bun run check --fast`)
  process.exit(words.has("--help") ? 0 : 64)
}
const isRoot = process.getuid?.() === 0

/** Variables for the tests, beside the environment of this process. */
const environment: Record<string, string> = isFast ? { SYNPRINT_TEST_FAST: "1" } : {}

interface Outcome {
  readonly gate: string
  readonly seconds: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly output: string
  /** Reasons that tests printed for what they skipped. */
  readonly reasons: ReadonlyArray<string>
}

interface Run {
  readonly code: number
  readonly output: string
}

/** Directories of test/ that hold the repository's own tools; their tests start nothing and run with the unit tests. */
const TOOLS = ["coverage", "house-rules", "mutate"]

const TIME_LIMIT_MS = 15 * 60_000

async function run(words: ReadonlyArray<string>, more: Readonly<Record<string, string>> = {}): Promise<Run> {
  const child = Bun.spawn([process.execPath, ...words], {
    cwd: ROOT,
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
    timeout: TIME_LIMIT_MS,
    killSignal: "SIGKILL",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...environment, ...more }
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const code = await child.exited
  return { code, output: (out + err).trim() }
}

/** A tool that passes or fails. */
const tool = (gate: string, ...command: ReadonlyArray<string>) =>
  timed(gate, async () => {
    const [name, ...rest] = command
    const { code, output } = await run([`node_modules/.bin/${name}`, ...rest])
    return code === 0 ? { passed: 1, failed: 0, output: "" } : { passed: 0, failed: 1, output }
  })

interface Counted {
  readonly passed: number
  readonly failed: number
  readonly skipped?: number
  readonly output: string
  readonly reasons?: ReadonlyArray<string>
}

async function timed(gate: string, work: () => Promise<Counted>): Promise<Outcome> {
  const start = performance.now()
  const counted = await work()
  const outcome: Outcome = { gate, seconds: (performance.now() - start) / 1000, skipped: 0, reasons: [], ...counted }
  const mark = outcome.failed > 0 ? "FAIL" : "ok"
  console.log(`${mark.padEnd(4)}  ${gate.padEnd(24)} ${outcome.seconds.toFixed(1).padStart(6)} s  ${describe(outcome)}`)
  return outcome
}

const describe = ({ passed, failed, skipped }: Pick<Outcome, "passed" | "failed" | "skipped">): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`

/** Reasons that root can't help: what only some checkouts have beside them, and what the kernel was built without. */
const MAY_BE_MISSING =
  /shared|cgroup2|vectors|captures at|HAPROXY3|SYNPRINT_TEST_PEERS|nginx|systemd|user namespaces|Unknown device type|browser|dev.net.tun/i

/** `bun test` over files or directories; counts come from its JUnit report, since text is for people. */
const tests = (
  gate: string,
  paths: ReadonlyArray<string>,
  options: {
    readonly kernel: boolean
    readonly flags?: ReadonlyArray<string>
    readonly environment?: Readonly<Record<string, string>>
  }
) =>
  timed(gate, async () => {
    const directory = mkdtempSync(join(tmpdir(), "synprint-check-"))
    try {
      const report = join(directory, "report.xml")
      const flags = ["--only-failures", ...(options.flags ?? [])]
      const { code, output } = await run(
        ["test", ...flags, "--reporter=junit", `--reporter-outfile=${report}`, ...paths],
        options.environment
      )
      const counted = await countTests(report)
      const reasons = [...new Set([...output.matchAll(/^skipped: (.*)$/gm)].map((found) => found[1]!))]
      const notes: Array<string> = []
      let { failed } = counted
      if (code !== 0 && failed === 0) failed = 1 // it ended without a report, or outside of any test
      if (counted.skipped > 0 && reasons.length === 0) {
        notes.push(`${counted.skipped} tests were skipped without a printed reason ("skipped: ...")`)
        failed++
      }
      const lacking = reasons.filter((reason) => !MAY_BE_MISSING.test(reason))
      if (isStrict && isRoot && options.kernel && lacking.length > 0) {
        notes.push(`skipped although root: ${lacking.join("; ")}`)
        failed += lacking.length
      }
      return { ...counted, failed, reasons, output: failed > 0 ? [output, ...notes].join("\n") : "" }
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

/** Files of test/ whose results depend on how busy the machine is: rates of packets, delays of milliseconds, hasty time-outs. */
const ALONE = [
  "./test/capture-xdp/flood.test.ts",
  "./test/e2e/flood.test.ts",
  "./test/e2e/seed-names.test.ts",
  "./test/timing/relay.test.ts"
]

interface Job {
  readonly gate: string
  readonly files: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
}

/** A job for each directory of test/, and one for the files in test/ itself; the largest first, since two run at a time. */
function listJobs(): ReadonlyArray<Job> {
  const filesBy = new Map<string, Array<string>>()
  for (const name of [...new Bun.Glob("**/*.test.ts").scanSync({ cwd: import.meta.dir })].sort()) {
    const directory = name.includes("/") ? name.split("/")[0]! : ""
    const isLeftOut =
      TOOLS.includes(directory) || directory === "node_modules" || (directory === "browser" && !hasBrowser)
    const file = `./test/${name}`
    if (isLeftOut || ALONE.includes(file)) continue
    const gate = directory === "" ? "test" : `test/${directory}`
    filesBy.set(gate, [...(filesBy.get(gate) ?? []), file])
  }
  return [...filesBy].map(([gate, files]) => ({ gate, files })).sort((a, b) => b.files.length - a.files.length)
}

/** The tests against HAProxy once more, with the newest one. */
function haproxyJobs(): ReadonlyArray<Job> {
  const [newest] = (environment["HAPROXY3"] ?? process.env["HAPROXY3"] ?? "").split(":")
  if (newest === undefined || newest === "") return []
  const files = ["haproxy", "addresses", "restarts"].map((name) => `./test/e2e/${name}.test.ts`)
  return [{ gate: "test/e2e on HAProxy 3", files, environment: { SYNPRINT_TEST_HAPROXY: newest } }]
}

async function runJobs(jobs: ReadonlyArray<Job>, atATime: number): Promise<void> {
  const queue = [...jobs]
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const { gate, files, environment: more = {} } = job
      outcomes.push(await tests(gate, files, { kernel: true, environment: more }))
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
}

/** HAProxy 3 from Debian's newer suites, if it can be had; why not is said in the log. */
async function findHaproxy3(): Promise<void> {
  if (process.env["HAPROXY3"] !== undefined) return
  const script = Bun.spawn(["sh", `${import.meta.dir}/lib/haproxy3.sh`], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit"
  })
  const found = (await new Response(script.stdout).text()).trim()
  if ((await script.exited) === 0) environment["HAPROXY3"] = found
}

const started = performance.now()
const haproxy3 = isFast ? undefined : findHaproxy3() // beside the first gates
const outcomes: Array<Outcome> = await Promise.all([
  tool("types", "tsc", "-p", "."),
  tool("effects", "effect-tsgo", "diagnostics", "--project", "tsconfig.json", "--strict", "--format", "text"),
  tool("lint", "oxlint", "--deny-warnings"),
  tool("format", "oxfmt", "--check", "."),
  timed("house rules", () => {
    const broken = houseRules(ROOT)
    return Promise.resolve({ passed: broken.length === 0 ? 1 : 0, failed: broken.length, output: broken.join("\n") })
  }),
  tests("unit tests", ["./packages/", ...TOOLS.map((name) => `./test/${name}/`)], {
    kernel: false,
    flags: ["--parallel=3"]
  })
])

if (!isFast) {
  await haproxy3
  const [first, ...others] = listJobs()
  await runJobs([first!, ...haproxyJobs(), ...others], 2)
  await runJobs([{ gate: "test, alone", files: ALONE }], 1)
}

for (const { gate, output } of outcomes) if (output !== "") console.log(`\n--- ${gate}\n${output}`)
const reasons = [...new Set(outcomes.flatMap((outcome) => outcome.reasons))]
if (reasons.length > 0) console.log(`\nskipped because:\n  ${reasons.join("\n  ")}`)
const sum = (of: "passed" | "failed" | "skipped"): number => outcomes.reduce((total, outcome) => total + outcome[of], 0)
console.log(`\n${isFast ? "fast check" : "check"}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
const failed = sum("failed")
process.stdout.write(`${describe({ passed: sum("passed"), failed, skipped: sum("skipped") })}\n`)
process.exitCode = failed > 0 ? 1 : 0
