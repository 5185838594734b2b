/** Lines of a source that run, for files that no test loads: Bun reports on loaded files alone. */
import { parseSource, walk } from "../lib/source.ts"

const TYPES =
  /^TS(?:InterfaceDeclaration|TypeAliasDeclaration|TypeAnnotation|TypeParameterDeclaration|TypeParameterInstantiation|DeclareFunction)$/

/**
 * Counts as Bun does, within 3 % over the files of this repository: no comments, types and closing brackets, and an import is one
 * line however long it is.
 */
export function countRunnableLines(name: string, text: string): number {
  const { program, comments } = parseSource(name, text)
  const characters = text.split("")
  const erase = (start: number, end: number): void => {
    for (let at = start; at < end; at++) if (characters[at] !== "\n") characters[at] = " "
  }
  for (const { start, end } of comments) erase(start, end)
  walk(program, (node) => {
    const { type, start, end } = node
    const isModule = type === "ImportDeclaration" || (type.startsWith("Export") && node["source"] != null)
    const isType = TYPES.test(type) || node["importKind"] === "type" || node["exportKind"] === "type"
    if (isType) erase(start, end)
    else if (isModule) erase(start + "import".length, end)
  })
  return characters
    .join("")
    .split("\n")
    .filter((line) => /[^\s{}()[\],;]/.test(line)).length
}
