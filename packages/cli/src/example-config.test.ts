import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { configTexts } from "@synprint/service/testing"
import { schema } from "./config-schema.ts"
import { exampleConfig } from "./example-config.ts"

test("examples/config.toml is what the schema prints: after a change of a key run `bun run config`", () => {
  expect(readFileSync(join(import.meta.dir, "../../../examples/config.toml"), "utf8")).toBe(exampleConfig())
})

test("each key that it shows may be set to what it shows, alone and with all others", () => {
  const text = exampleConfig()
  const [spoa] = schema.programs
  const { bad } = configTexts(schema, spoa!)
  expect(bad(text)).toEqual([])
  expect(bad(text.replaceAll(/^#(?=\[|[a-z])/gm, ""))).toEqual([])
  // A key of a table that is commented out comes with the name of the table.
  const lines = text.split("\n")
  lines.forEach((line, at) => {
    if (!/^#[a-z]/.test(line)) return
    const table = lines.findLastIndex((other, n) => n < at && /^#?\[/.test(other))
    const alone = lines.map((other, n) => (n === at || n === table ? other.replace(/^#/, "") : other)).join("\n")
    expect([line, bad(alone)]).toEqual([line, []])
  })
})
