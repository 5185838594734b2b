/** `bun run mutate` from end to end: what is noticed, what is not, and a work tree that stays as it is. */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"

const ROOT = resolve(import.meta.dir, "..")
const FILE = "packages/core/src/bytes/c-string.ts"
const TEXT = readFileSync(join(ROOT, FILE), "utf8")
const LINE = TEXT.split("\n").findIndex((line) => line.includes("return")) + 1

function mutate(...words: ReadonlyArray<string>): {
  readonly code: number
  readonly out: string
  readonly err: string
} {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "test/mutate.ts", ...words], { cwd: ROOT })
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() }
}

test("a change that a test notices is killed, by the test beside the source", () => {
  const { code, out } = mutate("--file", FILE, "--line", `${LINE}`, "--with", "  return field", "--format", "json")
  expect(JSON.parse(out)).toMatchObject({
    file: FILE,
    line: LINE,
    isKilled: true,
    by: "packages/core/src/bytes/c-string.test.ts: text ends at the first NUL, or with its field"
  })
  expect(code).toBe(0)
  expect(readFileSync(join(ROOT, FILE), "utf8")).toBe(TEXT)
})

test("a change that no test can notice survives, and the exit code says so", () => {
  const same = "  return end === -1 ? field : field.subarray(0, end)"
  const { code, out } = mutate("--file", FILE, "--line", `${LINE}`, "--with", same)
  expect(out).toContain(`SURVIVED  ${FILE}:${LINE}`)
  expect(out).toContain(`+ ${same.trim()}`)
  expect(out).toContain("0 of 1 killed (0 %)")
  expect(code).toBe(1)
})

test("a change that breaks the types is killed by them", () => {
  const { code, out } = mutate(
    "--file",
    FILE,
    "--line",
    `${LINE}`,
    "--with",
    `${TEXT.split("\n")[LINE - 1]}; end.length`
  )
  expect(out).toContain("1 of 1 killed (100 %), 1 of them by types alone")
  expect(code).toBe(0)
})

test("an endless loop is ended", () => {
  const { out } = mutate("--file", FILE, "--line", `${LINE}`, "--with", "  for (;;) void end", "--format", "json")
  expect(JSON.parse(out)).toMatchObject({ isKilled: true, by: "limit of time" })
})

test("a wrong option is exit 64 with the usage; the list draws the same for the same seed", () => {
  expect(mutate("--package", "nowhere")).toMatchObject({
    code: 64,
    err: expect.stringContaining("usage: bun run mutate")
  })
  const list = ["--package", "core", "-n", "5", "--seed", "7", "--list"]
  const { code, out } = mutate(...list)
  expect(code).toBe(0)
  expect(out.match(/^packages\/core\/src\//gm)).toHaveLength(5)
  expect(mutate(...list).out).toBe(out)
})
