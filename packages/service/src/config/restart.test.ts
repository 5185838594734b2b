import { expect, test } from "bun:test"
import { configTexts } from "../testing/config-texts.ts"
import { plainProgram } from "../testing/programs.ts"
import { needsRestart } from "./restart.ts"
import { ConfigSchema, type Program } from "./schema.ts"
import { key, optionalTable, subTable, table, tableList } from "./table.ts"
import { integer } from "./value.ts"

const fixed = table({
  a: key("a", integer(1, 9), 1, { reload: "restart" }),
  b: key("b", integer(1, 9), 1, { reload: "live" })
})
const living = table({ c: key("c", integer(1, 9), 1, { reload: "live" }) })

const program: Program = {
  ...plainProgram,
  tables: {
    perhaps: optionalTable("perhaps", fixed),
    perhapsLiving: optionalTable("perhaps_living", living),
    many: tableList("many", fixed),
    manyLiving: tableList("many_living", living),
    outer: subTable("outer", table({ inner: subTable("inner", fixed), living: subTable("living", living) }))
  },
  listeners: () => []
}
const schema = new ConfigSchema([program], [])
const { good } = configTexts(schema, program)
const restarts = (before: string, after: string) => needsRestart(schema, program, good(before), good(after))

test("a table that comes or goes is named if something in it waits for a restart", () => {
  expect(restarts("", "[perhaps]\n")).toEqual(["perhaps"])
  expect(restarts("[perhaps]\n", "")).toEqual(["perhaps"])
  expect(restarts("", "[perhaps_living]\n")).toEqual([])
  expect(restarts("[perhaps_living]\n", "")).toEqual([])
})

test("a table that is there before and after: its keys that wait, alone", () => {
  expect(restarts("[perhaps]\na = 2", "[perhaps]\na = 2")).toEqual([])
  expect(restarts("[perhaps]\na = 2", "[perhaps]\na = 3\nb = 2")).toEqual(["perhaps.a"])
  expect(restarts("[perhaps]\nb = 2", "[perhaps]\nb = 3")).toEqual([])
})

test("arrays of tables are named as a whole", () => {
  expect(restarts("[[many]]\na = 2", "[[many]]\na = 2")).toEqual([])
  expect(restarts("[[many]]\na = 2", "[[many]]\na = 3")).toEqual(["many"])
  expect(restarts("", "[[many]]\n")).toEqual(["many"])
  expect(restarts("[[many_living]]\nc = 2", "[[many_living]]\nc = 3\n[[many_living]]\n")).toEqual([])
})

test("tables in tables are named by their path", () => {
  expect(restarts("", "[outer.inner]\na = 2\n[outer.living]\nc = 2")).toEqual(["outer.inner.a"])
})
