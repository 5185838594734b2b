import { afterAll, expect, test } from "bun:test"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { writeAll } from "./write-all.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-write-"))
afterAll(() => rmSync(directory, { recursive: true }))

test("all bytes, one after the other, and nothing for nothing", () => {
  const path = join(directory, "a")
  const descriptor = openSync(path, "w")
  writeAll(descriptor, new Uint8Array(0))
  writeAll(descriptor, Uint8Array.of(1, 2, 3))
  writeAll(descriptor, Uint8Array.of(9, 4, 5, 9).subarray(1, 3))
  closeSync(descriptor)
  expect([...readFileSync(path)]).toEqual([1, 2, 3, 4, 5])
})

test("what the system says is thrown", () => {
  const descriptor = openSync("/dev/full", "w")
  try {
    expect(() => writeAll(descriptor, Uint8Array.of(1))).toThrow("ENOSPC")
  } finally {
    closeSync(descriptor)
  }
})
