/**
 * Rules of the repository that no linter knows. A rule takes a file and returns what is broken, one line each, with file and line.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { commentFileProblems, commentProblems } from "./house-rules/comments.ts"
import { commandProblems, namedFileProblems, NAMES_FILES } from "./house-rules/documents.ts"
import { nameProblems, pathProblems, wordProblems } from "./house-rules/old-names.ts"
import { listFiles } from "./lib/repository-files.ts"
import { parseSource } from "./lib/source.ts"

const CAPTURE = /\.(pcap|pcapng|cap|dump)(\.\w+)?$/i

const TEXT = /\.(ts|c|h|sh|json|toml|md|cfg|conf|spop|service|yaml|yml)$|(^|\/)(bootstrap|run|Dockerfile)$/

/** Paths of one machine: of a home, a mount or a scratch directory. What /etc, /run, /sys, /proc hold is the same everywhere. */
const MACHINE_PATH = /(?:^|[\s"'`(=:])\/(?:work|root|home|Users|tmp\/synprint)\//

/** Lists the old words with the new ones. */
const GLOSSARY = "docs/glossary.md"

/** The rules themselves name the words that they forbid. */
const RULES = /^test\/house-rules(?:\.ts$|\/)/

interface PackageJson {
  readonly scripts?: Readonly<Record<string, string>>
  readonly workspaces?: { readonly catalog: Readonly<Record<string, string>> }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export function packageProblems(name: string, json: PackageJson): ReadonlyArray<string> {
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

export function machinePathProblems(name: string, text: string): ReadonlyArray<string> {
  const problems: Array<string> = []
  for (const [n, line] of text.split("\n").entries()) {
    if (MACHINE_PATH.test(line)) problems.push(`${name}:${n + 1}: a path of one machine: ${line.trim().slice(0, 80)}`)
  }
  return problems
}

function sourceProblems(name: string, text: string, files: ReadonlyArray<string>): ReadonlyArray<string> {
  try {
    const source = parseSource(name, text)
    if (RULES.test(name)) return commentProblems(source)
    return [...commentProblems(source), ...commentFileProblems(source, files), ...nameProblems(source)]
  } catch (error) {
    return [(error as Error).message]
  }
}

/** Everything that is broken in the repository at `root`. */
export function houseRules(root: string): ReadonlyArray<string> {
  const problems: Array<string> = []
  const top = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as PackageJson
  const scripts = new Set(Object.keys(top.scripts ?? {}))
  const files = listFiles(root)
  for (const name of files) {
    if (CAPTURE.test(name)) problems.push(`${name}: captures stay outside of the repository`)
    if (!TEXT.test(name)) continue
    problems.push(...pathProblems(name))
    const text = readFileSync(join(root, name), "utf8")
    problems.push(...machinePathProblems(name, text))
    if (name === "package.json" || name.endsWith("/package.json"))
      problems.push(...packageProblems(name, JSON.parse(text) as PackageJson))
    if (name.endsWith(".ts")) problems.push(...sourceProblems(name, text, files))
    if (name.endsWith(".md")) problems.push(...commandProblems(name, text, scripts))
    if (name.endsWith(".md") && name !== GLOSSARY) problems.push(...wordProblems(name, text))
    if (NAMES_FILES.test(name)) problems.push(...namedFileProblems(root, name, text))
  }
  return problems
}
