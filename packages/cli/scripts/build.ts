/**
 * `bun run build`: dist/synprint, or the file that --output names: one executable with every command; libpcap and libbpf stay dynamic.
 *
 * Bytecode, so that start-up does not parse 1 MB of JavaScript. It reads no .env and no bunfig.toml from where it is started: a
 * service must not take settings from a directory that somebody else may write to.
 */
import { mkdirSync, statSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { parseArgs } from "node:util"

const ROOT = resolve(import.meta.dir, "../../..")
const USAGE = "usage: bun run build [--output FILE]\nexample: bun run build && dist/synprint --version"

/** The command line; ends the process when it is wrong. */
function readArguments(): { readonly output: string; readonly help: boolean } {
  try {
    const { values } = parseArgs({ options: { output: { type: "string" }, help: { type: "boolean" } } })
    return { output: resolve(values.output ?? join(ROOT, "dist/synprint")), help: values.help === true }
  } catch (error) {
    process.stderr.write(`build: ${(error as Error).message}\n${USAGE}\n`)
    process.exit(64)
  }
}

const { output: OUTPUT, help } = readArguments()
if (help) {
  console.log(USAGE)
  process.exit(0)
}

async function run(
  words: ReadonlyArray<string>,
  cwd: string
): Promise<{ readonly code: number; readonly output: string }> {
  const child = Bun.spawn([...words], { cwd, stdout: "pipe", stderr: "pipe", stdin: "ignore" })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, output: out + err }
}

const flags = [
  "--compile",
  "--minify",
  "--bytecode",
  "--format=esm", // --bytecode with top-level await
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  `--outfile=${OUTPUT}`
]
mkdirSync(dirname(OUTPUT), { recursive: true })
const built = await run([process.execPath, "build", ...flags, "packages/cli/src/main.ts"], ROOT)
if (built.code !== 0) {
  process.stderr.write(`build: bun build failed\n${built.output}`)
  process.exit(1)
}

// The executable must start and reach the system's libraries: doctor opens libpcap by dlopen, or says that there is none.
const version = await run([OUTPUT, "--version"], "/")
const doctor = await run([OUTPUT, "doctor", "--format", "json"], "/")
if (version.code !== 0 || !doctor.output.trimStart().startsWith("[")) {
  process.stderr.write(`build: ${OUTPUT} does not work\n${version.output}${doctor.output}`)
  process.exit(1)
}
const library = (JSON.parse(doctor.output) as ReadonlyArray<{ name: string; detail: string }>).find(
  ({ name }) => name === "pcap: library"
)
console.log(
  `${relative(process.cwd(), OUTPUT)}  ${(statSync(OUTPUT).size / 1e6).toFixed(0)} MB  ${version.output.trim()}  ${library?.detail ?? "no libpcap here"}`
)
