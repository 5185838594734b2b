import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileChunks } from "./file-chunks.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-chunks-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** Descriptors of this process that are open on the path. */
const openOn = (path: string): number =>
  readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path
    } catch {
      return false
    }
  }).length

/** Bytes of which no two chunks of the file are alike. */
function bytesOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const words = new Uint32Array(bytes.buffer, 0, length >> 2)
  for (let n = 0; n < words.length; n++) words[n] = Math.imul(n, 2_654_435_761)
  return bytes
}

test.each([
  ["empty", 0],
  ["short", 5],
  ["of one chunk", 1 << 20],
  ["of several chunks", (3 << 20) + 17]
])("a file that is %s: all of it in order, and its size", async (name, length) => {
  const path = join(directory, name)
  const bytes = bytesOf(length)
  writeFileSync(path, bytes)
  const { size, chunks } = await fileChunks(path)
  expect(size).toBe(length)
  const copies: Array<Uint8Array> = []
  for await (const chunk of chunks) copies.push(chunk.slice())
  expect(copies.every((chunk) => chunk.length > 0)).toBe(true)
  expect(Buffer.concat(copies).equals(bytes)).toBe(true)
  expect(openOn(path)).toBe(0)
})

test("who stops early leaves no descriptor behind", async () => {
  const path = join(directory, "early")
  writeFileSync(path, bytesOf(3 << 20))
  const { chunks } = await fileChunks(path)
  for await (const chunk of chunks) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  expect(openOn(path)).toBe(0)
})

test("a device has no size; what can't be opened or read is the system's error", async () => {
  const { size, chunks } = await fileChunks("/dev/null")
  expect(size).toBeUndefined()
  for await (const chunk of chunks) expect(chunk).toHaveLength(0)
  await expect(fileChunks(join(directory, "none"))).rejects.toMatchObject({ code: "ENOENT" })
  const { chunks: unreadable } = await fileChunks(directory)
  const reading = (async () => {
    for await (const chunk of unreadable) expect(chunk).toHaveLength(0)
  })()
  expect(await reading.catch((cause: unknown) => cause)).toMatchObject({ code: "EISDIR" })
  expect(openOn(directory)).toBe(0)
})
