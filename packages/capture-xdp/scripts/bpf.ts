/**
 * `bun run bpf`: compiles bpf/syn.bpf.c into bpf/syn.bpf.o, the same bytes from any directory, and writes its checksum.
 *
 * Debian's clang-14, since another compiler gives other instructions: the committed object is that of this very compiler. The source
 * path is relative and the prefix map hides the directory, which the line information of BTF would otherwise carry.
 */
import { createHash } from "node:crypto"
import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"

/** The directory of the sources, the object and its checksum. */
export const BPF_DIRECTORY: string = resolve(import.meta.dir, "../bpf")
export const OBJECT = "syn.bpf.o"
export const CHECKSUM = `${OBJECT}.sha256`
const COMPILER = "clang-14"
const STRIP = "llvm-strip-14"

/** The compiler that gives the committed bytes; undefined: it is here. */
export function missingCompiler(): string | undefined {
  for (const name of [COMPILER, STRIP]) {
    if (Bun.which(name) === null) return `${name} of Debian 12 (apt-get install clang-14 llvm-14)`
  }
  const version = Bun.spawnSync([COMPILER, "--version"]).stdout.toString().split("\n", 1)[0]!
  return version.startsWith("Debian clang version 14.") ? undefined : `Debian's clang 14, ${COMPILER} is "${version}"`
}

/** Compiles the sources of `directory` into `output`; throws what the compiler said, and leaves an older object as it is. */
export function buildObject(directory: string, output: string): void {
  const fresh = `${output}.new`
  run(directory, [
    ...`${COMPILER} -target bpf -mcpu=v2 -O2 -g -Wall -Wextra -Werror -nostdinc -fno-ident`.split(" "),
    `-ffile-prefix-map=${directory}=.`,
    "-c",
    "syn.bpf.c",
    "-o",
    fresh
  ])
  // Debug information goes, BTF stays: the loader needs it, and verifier logs name source lines by it.
  run(directory, [STRIP, "-g", fresh])
  renameSync(fresh, output)
}

/** In the format of sha256sum(1). */
export function checksumLine(object: Uint8Array): string {
  return `${createHash("sha256").update(object).digest("hex")}  ${OBJECT}\n`
}

function run(cwd: string, words: ReadonlyArray<string>): void {
  // PWD is what clang writes as the compilation directory.
  const done = Bun.spawnSync([...words], { cwd, env: { ...process.env, PWD: cwd }, stdout: "pipe", stderr: "pipe" })
  if (done.exitCode !== 0) throw new Error(`${words[0]}: ${done.stderr.toString()}`)
}

if (import.meta.main) {
  if (process.argv.includes("--help")) {
    console.log("usage: bun run bpf\nexample: bun run bpf && git diff --stat")
    process.exit(0)
  }
  const missing = missingCompiler()
  if (missing !== undefined) {
    console.error(`bpf: needs ${missing}`)
    process.exit(1)
  }
  const output = join(BPF_DIRECTORY, OBJECT)
  buildObject(BPF_DIRECTORY, output)
  const line = checksumLine(readFileSync(output))
  writeFileSync(join(BPF_DIRECTORY, CHECKSUM), line)
  process.stdout.write(line)
}
