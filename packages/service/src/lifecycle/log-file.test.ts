import { expect, test } from "bun:test"
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LogFile, LogFileError } from "./log-file.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test("goes on in a new file after the old one was moved, and keeps the old one when that can't be", () => {
  const directory = mkdtempSync(join(tmpdir(), "synprint-log-"))
  const path = join(directory, "a.log")
  const read = (name: string): string => readFileSync(join(directory, name), "utf8")
  try {
    const file = new LogFile(path)
    file.write(bytes("1\n"))
    renameSync(path, `${path}.1`)
    file.write(bytes("2\n"))
    file.reopen()
    file.write(bytes("3\n"))
    expect([read("a.log.1"), read("a.log")]).toEqual(["1\n2\n", "3\n"])

    renameSync(path, `${path}.2`)
    symlinkSync("elsewhere", path)
    expect(() => file.reopen()).toThrow(LogFileError)
    file.write(bytes("4\n"))
    expect(read("a.log.2")).toBe("3\n4\n")
    file.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test("one writer: a second one is refused until the first is closed", () => {
  const directory = mkdtempSync(join(tmpdir(), "synprint-log-"))
  const path = join(directory, "a.log")
  try {
    const first = new LogFile(path)
    expect(() => new LogFile(path)).toThrow("another process writes it")
    first.close()
    new LogFile(path).close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
