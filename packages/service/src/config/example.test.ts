import { expect, test } from "bun:test"
import { plainProgram } from "../testing/programs.ts"
import { printExample } from "./example.ts"
import { ConfigSchema, type Program } from "./schema.ts"
import { key, optionalKey, optionalTable, subTable, table, tableList } from "./table.ts"
import { flag, integer, list, text } from "./value.ts"

const live = { reload: "live" } as const

/** The part of the example file that is about the tables of a program. */
function printTables(tables: Program["tables"]): string {
  const own: Program = { ...plainProgram, tables }
  const whole = printExample(new ConfigSchema([own], []), ["Head."])
  return whole.slice(whole.indexOf("watch = true") + "watch = true".length).trim()
}

test("the head, then every table with its keys and their defaults", () => {
  const printed = printExample(new ConfigSchema([plainProgram], []), ["One.", "Two."])
  expect(printed).toStartWith("# One.\n# Two.\n\n[capture]\n# ")
  expect(printed).toContain('\n#backend = "auto"\n')
  expect(printed).toContain("\n#interface = []\n")
  expect(printed).toEndWith('\n\n[plain]\n#listen = ["127.0.0.1:7000"]\n#size = 10\n#allow = []\n')
})

test("texts, examples in place of defaults, keys without either left out", () => {
  expect(
    printTables({
      own: subTable(
        "own",
        table({
          plain: key("plain", integer(1, 9), 1, live),
          texted: key("texted", text, 'a"b', { ...live, text: "Why." }),
          shown: key("shown", list(integer(1, 9)), [], { ...live, example: [1, 2] }),
          given: optionalKey("given", flag, { ...live, example: true }),
          hidden: optionalKey("hidden", flag, live)
        }),
        "What it is."
      )
    })
  ).toBe('# What it is.\n[own]\n#plain = 1\n# Why.\n#texted = "a\\"b"\n#shown = [1, 2]\n#given = true')
})

test("tables that need not be there are commented out, with all that is in them", () => {
  const inner = subTable("inner", table({ a: key("a", flag, true, live) }))
  expect(
    printTables({
      always: subTable("always", table({ b: key("b", flag, true, live), inner })),
      perhaps: optionalTable("perhaps", table({ inner })),
      many: tableList("many", table({ inner }), "One each.")
    })
  ).toBe(
    "[always]\n#b = true\n\n[always.inner]\n#a = true\n\n#[perhaps]\n\n#[perhaps.inner]\n#a = true\n\n# One each.\n#[[many]]\n\n#[many.inner]\n#a = true"
  )
})

test("comments are broken between words, at 120 columns at most", () => {
  const comment = (words: string): ReadonlyArray<string> =>
    printTables({ own: subTable("own", table({}), words) })
      .split("\n")
      .slice(0, -1)
  const [a, b] = ["a".repeat(59), "b".repeat(58)]
  // "# " and 59 and a blank and 58 are 120 columns.
  expect(comment(`${a} ${b}`)).toEqual([`# ${a} ${b}`])
  expect(comment(`${a} ${b}b`)).toEqual([`# ${a}`, `# ${b}b`])
  expect(comment(`${a} ${b} c d`)).toEqual([`# ${a} ${b}`, "# c d"])
  expect(comment(`${"x".repeat(150)} y`)).toEqual([`# ${"x".repeat(150)}`, "# y"])
})
