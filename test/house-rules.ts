/**
 * Rules of the repository that no linter knows.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** Lines that a source may have without a reason in its header; a test's table of cases may be longer. */
const MAX_LINES = 400
const MAX_TEST_LINES = 800

const CAPTURE = /\.(pcap|pcapng|cap|dump)(\.\w+)?$/i

/** Paths of one machine: of a home, a mount or a scratch directory. What /etc, /run, /sys, /proc hold is the same everywhere. */
const MACHINE_PATH = /(?:^|[\s"'`(=:])\/(?:work|root|home|Users|tmp\/synprint)\//

/** A long file says why in its header comment. */
const REASON = /(?:one file|long(?:er)? because|lines because|400 lines)/i

async function listFiles(root: string): Promise<ReadonlyArray<string>> {
  const listed = Bun.spawnSync(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
  const names =
    listed.exitCode === 0
      ? listed.stdout
          .toString()
          .split("\0")
          .filter((name) => name !== "")
      : [...new Bun.Glob("**/*").scanSync({ cwd: root, dot: true })]
  return names.filter((name) => !/(^|\/)(node_modules|\.git|\.tools|dist)\//.test(name) && existsSync(join(root, name)))
}

interface PackageJson {
  readonly scripts?: Readonly<Record<string, string>>
  readonly workspaces?: { readonly catalog: Readonly<Record<string, string>> }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function packageProblems(name: string, json: PackageJson): ReadonlyArray<string> {
  const problems: Array<string> = []
  const isRoot = name === "package.json"
  for (const [dependency, version] of Object.entries({
    ...json.dependencies,
    ...(isRoot ? {} : json.devDependencies)
  })) {
    if (version !== "catalog:" && version !== "workspace:*")
      problems.push(`${name}: ${dependency} is "${version}": use catalog: or workspace:*`)
  }
  for (const [dependency, version] of Object.entries({
    ...json.workspaces?.catalog,
    ...(isRoot ? json.devDependencies : {})
  })) {
    if (!/^\d+\.\d+\.\d+$/.test(version)) problems.push(`${name}: ${dependency} is "${version}": pin an exact version`)
  }
  return problems
}

/** Commands that a document tells the reader to run. */
function commandProblems(name: string, text: string, scripts: ReadonlySet<string>): ReadonlyArray<string> {
  const problems: Array<string> = []
  for (const [, script] of text.matchAll(/(?:\.\/bootstrap|bun run)[ \t]+(?:--silent[ \t]+)?([a-z][a-z0-9:-]*)/g)) {
    if (!scripts.has(script!)) problems.push(`${name}: there is no command "${script}"`)
  }
  return problems
}

function textProblems(name: string, text: string): ReadonlyArray<string> {
  const problems: Array<string> = []
  const lines = text.split("\n")
  for (const [n, line] of lines.entries()) {
    if (MACHINE_PATH.test(line)) problems.push(`${name}:${n + 1}: a path of one machine: ${line.trim().slice(0, 80)}`)
  }
  const most = name.endsWith(".test.ts") ? MAX_TEST_LINES : MAX_LINES
  if (/\.(ts|c|h)$/.test(name) && lines.length - 1 > most && !REASON.test(text.slice(0, 2000))) {
    problems.push(
      `${name}: ${lines.length - 1} lines and its header gives no reason (at most ${most}, else "one file because ...")`
    )
  }
  return problems
}

/** What is broken, one line each. */
export async function houseRules(root: string): Promise<ReadonlyArray<string>> {
  const problems: Array<string> = []
  const top = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as PackageJson
  const scripts = new Set(Object.keys(top.scripts ?? {}))
  for (const name of await listFiles(root)) {
    if (CAPTURE.test(name)) problems.push(`${name}: captures stay outside of the repository`)
    if (
      !/\.(ts|c|h|sh|json|toml|md|cfg|conf|spop|service|yaml|yml)$|(^|\/)(bootstrap|run|Dockerfile)$/.test(name) ||
      name === "bun.lock"
    )
      continue
    const text = readFileSync(join(root, name), "utf8")
    if (name !== "test/house-rules.ts") problems.push(...textProblems(name, text))
    if (name === "package.json" || name.endsWith("/package.json"))
      problems.push(...packageProblems(name, JSON.parse(text) as PackageJson))
    if (name.endsWith(".md")) problems.push(...commandProblems(name, text, scripts))
  }
  return problems
}
