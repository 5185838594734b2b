import { expect, test } from "bun:test"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { WriteBehind } from "./write-behind.ts"

const SIZE = 1000

/** Fills a buffer with `byte`, all but the last `short` bytes of it. */
function filled(buffer: Uint8Array, byte: number, short: number): Uint8Array {
  return buffer.fill(byte).subarray(0, SIZE - short)
}

test("all goes to the file, in order, whatever was taken between two turns", async () => {
  const directory = mkdtempSync(join(tmpdir(), "synprint-behind-"))
  const descriptor = openSync(join(directory, "log"), "a")
  try {
    const behind = new WriteBehind(descriptor, SIZE)
    const expected: Array<Uint8Array> = []
    let buffer: Uint8Array = new Uint8Array(SIZE)
    for (let n = 0; n < 300; n++) {
      const bytes = filled(buffer, n & 255, n % 7)
      expected.push(bytes.slice())
      buffer = behind.take(bytes)
      expect(buffer.length).toBe(SIZE)
      // oxlint-disable-next-line no-await-in-loop -- turns come between chunks
      if (n % 11 === 0) await behind.turn()
    }
    await behind.end()
    expect(readFileSync(join(directory, "log")).equals(Buffer.concat(expected))).toBe(true)
    await behind.end()
  } finally {
    closeSync(descriptor)
    rmSync(directory, { recursive: true })
  }
})

test("what the system says of a write is thrown at the next turn, and again at the end", async () => {
  const descriptor = openSync("/dev/full", "w")
  try {
    const behind = new WriteBehind(descriptor, SIZE)
    behind.take(filled(new Uint8Array(SIZE), 1, 0))
    await behind.turn()
    await expect(behind.turn()).rejects.toMatchObject({ code: "ENOSPC" })
    await expect(behind.end()).rejects.toMatchObject({ code: "ENOSPC" })
    await expect(behind.end()).rejects.toMatchObject({ code: "ENOSPC" })
  } finally {
    closeSync(descriptor)
  }
})
