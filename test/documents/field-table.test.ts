/** README.md and docs/fields.md list the fields that the program has. SYNPRINT_TEST_RECORD=1 writes the tables anew. */
import { expect, test } from "bun:test"
import { FIELDS } from "@synprint/core"
import { readFileSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { fullTable, shortTable, withTable } from "./field-table.ts"

const ROOT = resolve(import.meta.dir, "../..")

test.each([
  ["README.md", shortTable()],
  ["docs/fields.md", fullTable()]
])("%s", (name, table) => {
  const path = `${ROOT}/${name}`
  const text = readFileSync(path, "utf8")
  const wanted = withTable(text, table)
  expect([name, wanted !== undefined]).toEqual([name, true])
  if (process.env["SYNPRINT_TEST_RECORD"] === "1") writeFileSync(path, wanted!)
  else expect(text).toBe(wanted!)
})

test("a field that is added to the table is in the document", () => {
  const extra = { ...FIELDS[0]!, name: "extra", text: "what it says" }
  expect(fullTable([...FIELDS, extra])).toContain("| `extra` | `x-tcp-status` |  |  |  | yes | what it says |")
  expect(withTable("no markers", "")).toBeUndefined()
})
