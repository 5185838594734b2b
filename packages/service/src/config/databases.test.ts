import { afterAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { readDatabaseFiles } from "./database-files.ts"
import { databaseFileNames, databaseLoader, databaseProblems } from "./databases.ts"
import { printProblem } from "./problem.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-databases-"))
afterAll(() => rmSync(directory, { recursive: true }))

const file = (name: string, label: string): string => {
  const path = join(directory, name)
  writeFileSync(
    path,
    `classes = unix\n[tcp:request]\nlabel = s:unix:${label}:1\nsig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0\n`
  )
  return path
}
const config = (...databases: ReadonlyArray<string>) => ({ databases, mode: "modern", tcpEnabled: undefined }) as const

test("the same texts give the same database, others another", async () => {
  const load = databaseLoader()
  const [a, b] = [file("a.fp", "One"), file("b.fp", "Two")]
  const loaded = (...names: ReadonlyArray<string>) => Effect.runPromise(load(config(...names)))
  const first = await loaded(a)
  expect(await loaded(a)).toBe(first)
  file("a.fp", "Three")
  const second = await loaded(a)
  expect(second).not.toBe(first)
  const both = await loaded(a, b)
  expect(both).not.toBe(second)
  expect(both.count).toBe(2)
  expect(await loaded(b, a)).not.toBe(both)
  expect(await loaded(a)).not.toBe(both)
  // A text by another name is another database: messages say the name.
  expect(await loaded(file("c.fp", "Three"))).not.toBe(await loaded(a))
  // A file that can't be read leaves the last database as it was.
  const last = await loaded(a)
  expect((await Effect.runPromise(Effect.flip(load(config(join(directory, "none.fp")))))).problems).toHaveLength(1)
  expect(await loaded(a)).toBe(last)
})

test("problems of every file: why it can't be read, where it is wrong", () => {
  mkdirSync(join(directory, "folder"))
  const bad = join(directory, "bad.fp")
  writeFileSync(bad, "classes = unix\n[tcp:request]\nlabel = s:unix:X:1\nsig = 4:64\n")
  const said = databaseProblems(config("builtin", join(directory, "none.fp"), join(directory, "folder"), bad)).map(
    printProblem
  )
  expect(said).toEqual([
    `${directory}/none.fp: cannot read the database: ENOENT (there is no such file: check fingerprint.databases, or apt-get install p0f for /etc/p0f/p0f.fp)`,
    `${directory}/folder: cannot read the database: EISDIR (it is a directory: name the p0f.fp file in it)`,
    expect.stringMatching(/^\S+bad\.fp:4: .*\(column \d+\)$/)
  ])
  expect(readDatabaseFiles([bad], "modern").database).toBeUndefined()
  expect(readDatabaseFiles(["a\0b"], "modern").problems[0]!.message).toContain("(check the file)")
})

test("files behind the names", () => {
  expect(databaseFileNames(config("builtin", "/a.fp", "/b.fp"))).toEqual(["/a.fp", "/b.fp"])
})
