/** One mutation in a copy of the tree: is it noticed, and by which test? */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { RelatedTest } from "./import-graph.ts"
import { type Ended, runLimited } from "./limited-process.ts"
import { type Mutation, mutate } from "./mutations.ts"

export interface Verdict {
  readonly isKilled: boolean
  /** The test or gate that noticed, or why nothing could. */
  readonly by: string
  readonly seconds: number
}

/** Seconds that each test file takes without a mutation. */
export type Durations = ReadonlyMap<string, number>

const ENVIRONMENT = { NO_COLOR: "1", SYNPRINT_TEST_FAST: "1" }

const BUN_TEST = [process.execPath, "test", "--only-failures", "--bail"]

/** A mutated program may be a little slower than it was; more than this is an endless loop. */
const limitMs = (seconds: number): number => 3000 + seconds * 3000

const DEEP_LIMIT_MS = 15 * 60_000

/** Time for a first run of the types, and for later ones. */
const TYPES_LIMIT_MS = 120_000

function describeEnd({ limit, output }: Ended, otherwise: string): string {
  if (limit !== undefined) return `limit of ${limit}`
  const failed = /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/m.exec(output)?.[1]
  const files = [...output.slice(0, output.indexOf("(fail)")).matchAll(/^(\S+\.test\.ts):$/gm)]
  const file = files.at(-1)?.[1]
  return file === undefined ? otherwise : `${file}: ${failed ?? "does not load"}`
}

/** The nearest tests first, so that most mutations are noticed by a single small file. */
function stagesOf(tests: ReadonlyArray<RelatedTest>): ReadonlyArray<ReadonlyArray<string>> {
  const nearest = tests.filter(({ distance }, n) => distance <= 1 || n < 2)
  return [nearest, tests.slice(nearest.length)]
    .map((stage) => stage.map(({ test }) => test))
    .filter((stage) => stage.length > 0)
}

export interface Trial {
  readonly tree: string
  readonly tests: ReadonlyArray<RelatedTest>
  readonly durations: Durations
  /** Directories of test/ to run when no unit test noticed. */
  readonly deep: ReadonlyArray<string>
}

async function tryTests({ tree, tests, durations, deep }: Trial): Promise<string | undefined> {
  for (const stage of stagesOf(tests)) {
    const seconds = stage.reduce((sum, test) => sum + (durations.get(test) ?? 1), 0)
    const files = stage.map((test) => `./${test}`)
    const ended = await runLimited([...BUN_TEST, ...files], tree, ENVIRONMENT, limitMs(seconds))
    if (ended.code !== 0) return describeEnd(ended, "unit tests")
  }
  for (const directory of deep) {
    const ended = await runLimited([...BUN_TEST, `./${directory}/`], tree, ENVIRONMENT, DEEP_LIMIT_MS)
    if (ended.code !== 0) return describeEnd(ended, directory)
  }
  return undefined
}

/** Compiles the copy; its state of incremental compilation is kept beside the copy and not in node_modules, which is the original's. */
async function hasTypeError(tree: string): Promise<boolean> {
  const state = `${tree}.tsbuildinfo`
  const command = [join(tree, "node_modules/.bin/tsc"), "-p", ".", "--tsBuildInfoFile", state]
  const { code, limit } = await runLimited(command, tree, ENVIRONMENT, TYPES_LIMIT_MS)
  return limit === undefined && code !== 0
}

/** Puts a text in place of a source of the copy while `work` runs. */
async function withSource<A>(path: string, change: (text: string) => string, work: () => Promise<A>): Promise<A> {
  const original = readFileSync(path, "utf8")
  writeFileSync(path, change(original))
  try {
    return await work()
  } finally {
    writeFileSync(path, original)
  }
}

export async function tryMutation(mutation: Mutation, trial: Trial): Promise<Verdict> {
  const start = performance.now()
  const seconds = (): number => (performance.now() - start) / 1000
  return withSource(
    join(trial.tree, mutation.file),
    (text) => mutate(text, mutation),
    async () => {
      const test = await tryTests(trial)
      if (test !== undefined) return { isKilled: true, by: test, seconds: seconds() }
      if (await hasTypeError(trial.tree)) return { isKilled: true, by: "types", seconds: seconds() }
      const hasTests = trial.tests.length + trial.deep.length > 0
      return { isKilled: false, by: hasTests ? "" : "no unit test of the package loads this file", seconds: seconds() }
    }
  )
}

/** True if the tests load the sources of the copy: one that throws has to make them fail. */
export async function loadsCopy(tree: string, file: string, test: string): Promise<boolean> {
  return withSource(
    join(tree, file),
    (text) => `throw new Error("this source is broken on purpose")\n${text}`,
    async () => (await runLimited([...BUN_TEST, `./${test}`], tree, ENVIRONMENT, limitMs(60))).code !== 0
  )
}

/** Runs tests in the copy without a mutation; undefined if one fails. */
export async function measureTests(tree: string, tests: ReadonlyArray<string>): Promise<Durations | undefined> {
  const durations = new Map<string, number>()
  if (tests.length === 0) return durations
  const report = `${tree}.xml`
  const reporter = ["--reporter=junit", `--reporter-outfile=${report}`]
  const command = [...BUN_TEST, ...reporter, ...tests.map((test) => `./${test}`)]
  const { code, output } = await runLimited(command, tree, ENVIRONMENT, DEEP_LIMIT_MS)
  if (code !== 0) {
    console.error(output)
    return undefined
  }
  for (const [suite] of readFileSync(report, "utf8").matchAll(/<testsuite name="[^"]*" file="[^>]*>/g)) {
    const file = /file="([^"]*)"/.exec(suite)![1]!
    const seconds = Number(/ time="([\d.]+)"/.exec(suite)?.[1] ?? 0)
    // A describe block is a suite inside of its file's.
    durations.set(file, Math.max(durations.get(file) ?? 0, seconds))
  }
  return durations
}
