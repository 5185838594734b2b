/** House rules of documents: the commands and files that a document names exist. */
import { existsSync } from "node:fs"
import { join } from "node:path"

/** `scripts`: names of the commands in package.json. */
export function commandProblems(name: string, text: string, scripts: ReadonlySet<string>): ReadonlyArray<string> {
  const problems: Array<string> = []
  for (const [, script] of text.matchAll(/(?:\.\/bootstrap|bun run)[ \t]+(?:--silent[ \t]+)?([a-z][a-z0-9:-]*)/g)) {
    if (!scripts.has(script!)) problems.push(`${name}: there is no command "${script}"`)
  }
  return problems
}

/** Documents whose back-quoted paths are checked. */
export const NAMES_FILES = /^docs\/(?:how-to|decisions)\/[^/]*\.md$/

/**
 * Paths in back-quotes that have a slash and an extension, from the root of the repository or from the document's folder. `*` and
 * `{a,b}` have to match something; a line number may follow. A path with a part in capitals between slashes or dashes
 * (`packages/capture-NAME/src/index.ts`) is a pattern for a new file and isn't looked for.
 */
export function namedFileProblems(root: string, name: string, text: string): ReadonlyArray<string> {
  const problems: Array<string> = []
  const folder = name.slice(0, name.lastIndexOf("/") + 1)
  for (const [n, line] of text.split("\n").entries()) {
    for (const [, quoted] of line.matchAll(/`([^`\s]+)`/g)) {
      const path = quoted!.replace(/:\d+(?:-\d+)?$/, "")
      if (!/^[\w.{*][^:]*\/[^/]*\.[a-z][a-z0-9]{0,4}$/.test(path)) continue
      if (/(?:^|[/-])[A-Z]{2,}(?:[/.-]|$)/.test(path)) continue
      const found = [root, join(root, folder)].some((from) =>
        /[*{]/.test(path)
          ? existsSync(from) && [...new Bun.Glob(path).scanSync({ cwd: from, dot: true })].length > 0
          : existsSync(join(from, path))
      )
      if (!found) problems.push(`${name}:${n + 1}: there is no file ${path}`)
    }
  }
  return problems
}
