/**
 * The tables of fields in README.md and docs/fields.md, made from core's FIELDS. They stand between these lines:
 *
 *     <!-- fields:begin -->
 *     <!-- fields:end -->
 */
import { type Field, FIELDS } from "@synprint/core"

const BEGIN = "<!-- fields:begin -->\n"
const END = "<!-- fields:end -->"

const code = (names: ReadonlyArray<string>): string => names.map((name) => `\`${name}\``).join(", ")

/** Every field with its headers in all presets. */
export function fullTable(fields: ReadonlyArray<Field> = FIELDS): string {
  const rows = fields.map(({ name, headers, isDefault, text }) => {
    const cells = [
      code([name]),
      code(headers["x-tcp"]),
      code(headers["x-p0f"]),
      code(headers.seed),
      code(headers.huginn)
    ]
    return `| ${[...cells, isDefault ? "yes" : "", text].join(" | ")} |`
  })
  return [
    "| field and SPOE variable | preset x-tcp | x-p0f | seed | huginn | set by default | value |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    ""
  ].join("\n")
}

/** The fields that most applications use. */
export function shortTable(fields: ReadonlyArray<Field> = FIELDS): string {
  const rows = fields
    .filter(({ isDefault, headers, name }) => headers["x-tcp"].length > 0 && (isDefault || name === "hints"))
    .map(({ name, headers, text }) => `| ${code(headers["x-tcp"])} | ${code([name])} | ${text} |`)
  return ["| header | SPOE variable | value |", "|---|---|---|", ...rows, ""].join("\n")
}

/** `document` with `table` between its markers; undefined: it has no markers. */
export function withTable(document: string, table: string): string | undefined {
  const from = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  return from < 0 || end < from ? undefined : document.slice(0, from + BEGIN.length) + table + document.slice(end)
}
