import { expect, test } from "bun:test"
import { resolve } from "node:path"
import { commandProblems, NAMES_FILES, namedFileProblems } from "./documents.ts"

const ROOT = resolve(import.meta.dir, "../..")
const problems = (text: string): ReadonlyArray<string> => namedFileProblems(ROOT, "docs/how-to/a.md", text)

test.each([
  ["`packages/core/src/nowhere.ts`", "docs/how-to/a.md:1: there is no file packages/core/src/nowhere.ts"],
  ["one\n\nsee `packages/core/src/nowhere.ts:12`", "docs/how-to/a.md:3: there is no file packages/core/src/nowhere.ts"],
  ["`packages/*/src/nowhere.ts`", "docs/how-to/a.md:1: there is no file packages/*/src/nowhere.ts"],
  ["`../nowhere/a.md`", "docs/how-to/a.md:1: there is no file ../nowhere/a.md"]
])("a file that isn't there is found: %j", (text, problem) => {
  expect(problems(text)).toEqual([problem])
})

test.each([
  "`packages/core/src/index.ts` and `packages/core/src/index.ts:3-9`",
  "`packages/{core,spoa}/src/index.ts`",
  "`/etc/p0f/p0f.fp`, `~/.config/a.toml`, `text/html`, `@synprint/core/testing`, `index.ts`",
  "`packages/capture-NAME/src/index.ts`",
  "`https://example.org/a.html`, `bun run bench`, packages/core/src/nowhere.ts"
])("other texts pass: %j", (text) => {
  expect(problems(text)).toEqual([])
})

test("documents of two folders are looked at", () => {
  expect(["docs/how-to/a.md", "docs/decisions/0001-a.md"].every((name) => NAMES_FILES.test(name))).toBe(true)
  expect(["README.md", "docs/glossary.md"].some((name) => NAMES_FILES.test(name))).toBe(false)
})

test("a command that isn't there is found", () => {
  const scripts = new Set(["check", "bench"])
  expect(commandProblems("README.md", "`bun run check --fast`, `./bootstrap bench`", scripts)).toEqual([])
  expect(commandProblems("README.md", "`bun run chekc`", scripts)).toEqual(['README.md: there is no command "chekc"'])
})
