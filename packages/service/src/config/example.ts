/**
 * The example file: every table and key of a schema with its text, commented out with its default.
 */
import type { ConfigSchema } from "./schema.ts"
import type { Key, Table } from "./table.ts"

const WIDTH = 120

/** `head`: the paragraphs with which the file begins. */
export const printExample = (schema: ConfigSchema, head: ReadonlyArray<string>): string =>
  `${[head.map(comment).join("\n"), ...printTables(schema.everything, "", true)].join("\n\n")}\n`

/** `isThere`: the table stands in the file as it is, and not commented out. */
function printTables(table: Table, path: string, isThere: boolean): ReadonlyArray<string> {
  const blocks: Array<string> = []
  for (const key of Object.values(table.keys)) {
    if (key.type === "value") continue
    const at = path === "" ? key.name : `${path}.${key.name}`
    const name = key.type === "tables" ? `[[${at}]]` : `[${at}]`
    const isInner = isThere && key.type === "table"
    const lines = [...(key.text === "" ? [] : [comment(key.text)]), isInner ? name : `#${name}`]
    lines.push(...Object.values(key.table.keys).flatMap(printKey))
    blocks.push(lines.join("\n"), ...printTables(key.table, at, isInner))
  }
  return blocks
}

function printKey(key: Key<unknown>): ReadonlyArray<string> {
  if (key.type !== "value") return []
  const shown = key.example ?? key.fallback
  if (shown === undefined) return []
  return [...(key.text === "" ? [] : [comment(key.text)]), `#${key.name} = ${printValue(shown)}`]
}

/** TOML writes text, numbers and booleans as JSON does, but for rare escapes. */
const printValue = (shown: unknown): string =>
  Array.isArray(shown) ? `[${shown.map(printValue).join(", ")}]` : JSON.stringify(shown)

/** Lines of a comment, broken between words. */
function comment(text: string): string {
  const lines: Array<string> = []
  let line = "#"
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > WIDTH && line !== "#") {
      lines.push(line)
      line = "#"
    }
    line += ` ${word}`
  }
  return [...lines, line].join("\n")
}
