/** The agent of this repository as its own process in a namespace: `spoa --config F`, from the sources or from an executable. */
import * as fs from "node:fs"
import { SERVER_PRIORITY } from "./haproxy.ts"
import { waitListening } from "./listening.ts"

const MAIN = `${import.meta.dir}/../../packages/cli/src/main.ts`

/** Command words that start synprint: the sources, or what SYNPRINT_TEST_PROGRAM names, such as dist/synprint. */
export const SYNPRINT: ReadonlyArray<string> = process.env["SYNPRINT_TEST_PROGRAM"]?.split(" ") ?? [
  process.execPath,
  MAIN
]

/** The environment of a program under test: SYNPRINT_ names are settings of it, or of the tests (SYNPRINT_TEST_SHARED). */
export const ENVIRONMENT: Readonly<Record<string, string | undefined>> = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith("SYNPRINT_"))
)

export interface AgentOptions {
  /** TOML; the default listens on 127.0.0.1:9000. */
  readonly config?: string
  readonly directory: string
  readonly inside: ReadonlyArray<string>
  readonly program?: ReadonlyArray<string>
  readonly port?: number
  /** Working directory of the process; the repository by default. */
  readonly cwd?: string
}

export interface Agent extends AsyncDisposable {
  readonly pid: number
  /** Everything written to stderr so far. */
  readonly log: () => string
  /** Path of its configuration. */
  readonly config: string
  /** Value of each sample of /metrics by `name{labels}`. */
  readonly metrics: () => Promise<ReadonlyMap<string, number>>
  /** Ends it and gives its exit code or the signal's name. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | string>
}

let count = 0

export async function startAgent(options: AgentOptions): Promise<Agent> {
  const base = `${options.directory}/agent-${count++}`
  // A directory of its own, as in /etc: the agent watches it, and HAProxy writes a log line per request beside it.
  fs.mkdirSync(base)
  const config = `${base}/config.toml`
  fs.writeFileSync(config, options.config ?? "")
  const words = [...options.inside, ...SERVER_PRIORITY, ...(options.program ?? SYNPRINT), "spoa", "--config", config]
  const child = Bun.spawn(words, {
    env: ENVIRONMENT,
    stdout: "ignore",
    stderr: Bun.file(`${base}.err`),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd })
  })
  const log = () => fs.readFileSync(`${base}.err`, "utf8")
  await waitListening(child, [options.port ?? 9000], log)
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal)
    const deadline = setTimeout(() => child.kill("SIGKILL"), 15_000)
    await child.exited
    clearTimeout(deadline)
    return child.exitCode ?? child.signalCode ?? "?"
  }
  return {
    pid: child.pid,
    config,
    log,
    metrics: async () => parseMetrics(await get([...options.inside], "http://127.0.0.1:9101/metrics")),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop())
  }
}

/** The body that a URL gives inside a namespace. */
export async function get(inside: ReadonlyArray<string>, url: string): Promise<string> {
  const curl = Bun.spawn([...inside, "curl", "-sS", "--max-time", "20", url], { stdout: "pipe", stderr: "pipe" })
  const [body, complaint, code] = await Promise.all([
    new Response(curl.stdout).text(),
    new Response(curl.stderr).text(),
    curl.exited
  ])
  if (code !== 0) throw new Error(`curl ${url}: ${complaint}`)
  return body
}

function parseMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.split("\n")) {
    const space = line.lastIndexOf(" ")
    if (!line.startsWith("#") && space > 0) samples.set(line.slice(0, space), Number(line.slice(space + 1)))
  }
  return samples
}

/** Sum of a metric over its labels; `labels` are texts that must occur in the sample. */
export function sumOf(samples: ReadonlyMap<string, number>, name: string, ...labels: ReadonlyArray<string>): number {
  let sum = 0
  for (const [sample, value] of samples)
    if ((sample === name || sample.startsWith(`${name}{`)) && labels.every((label) => sample.includes(label)))
      sum += value
  return sum
}
