import { expect, test } from "bun:test"
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync
} from "node:fs"
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

/** Descriptors of this process that are open on the path. */
const openOn = (path: string): number =>
  readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path
    } catch {
      return false
    }
  }).length

test("what can't be a log file says why, and leaves no descriptor behind", () => {
  const directory = mkdtempSync(join(tmpdir(), "synprint-log-"))
  const path = join(directory, "a.log")
  const nulls = openOn("/dev/null")
  const why = (name: string): string => {
    try {
      new LogFile(join(directory, name)).close()
      return ""
    } catch (error) {
      expect(error).toBeInstanceOf(LogFileError)
      return (error as Error).message.replace(directory, "")
    }
  }
  try {
    symlinkSync("a.log", join(directory, "link"))
    expect(why("link")).toBe("cannot write /link: it is a symbolic link (name the file itself)")
    expect(why(".")).toEndWith("it is a directory (name a file in it)")
    expect(why("none/a.log")).toBe("cannot write /none/a.log: its directory is missing (create it)")
    // Nobody may make a file there, whether the file system is read-only or not.
    expect(() => new LogFile("/sys/none.log")).toThrow(/the process may not write it|the file system is read-only/)
    expect(why("a\0b")).toContain("cannot write ")
    expect(() => new LogFile("/dev/null")).toThrow("cannot write /dev/null: it is no regular file (name another)")
    expect(openOn("/dev/null")).toBe(nulls)

    const file = new LogFile(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(why("a.log")).toBe("cannot write /a.log: another process writes it (stop that or name another file)")
    expect(openOn(path)).toBe(1)
    renameSync(path, `${path}.1`)
    file.reopen()
    expect([openOn(`${path}.1`), openOn(path)]).toEqual([0, 1])
    file.close()
    expect(openOn(path)).toBe(0)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
