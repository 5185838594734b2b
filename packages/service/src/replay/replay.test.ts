import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, openSync, closeSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { BUFFER_BYTES, Matcher, Observer, P0fLog, readDatabases } from "@synprint/core"
import { SMALL_HISTORY, synFrame, writePcap } from "@synprint/core/testing"
import { DecodeAhead } from "./decode-ahead.ts"
import { ReadProgress } from "./progress.ts"
import { replay } from "./replay.ts"
import { WriteBehind } from "./write-behind.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-replay-"))
afterAll(() => rmSync(directory, { recursive: true }))

const { database } = readDatabases([{ name: "none.fp", text: "classes = unix\n" }], "modern")
const observerWith = (log?: ConstructorParameters<typeof Observer>[0]["log"]): Observer =>
  new Observer({
    ...SMALL_HISTORY,
    mode: "modern",
    matcher: new Matcher(database!, "modern", 16),
    ...(log === undefined ? {} : { log })
  })

/** A file of several chunks, and of several buffers of lines. */
const PATH = join(directory, "many.pcap")
const COUNT = 30_000
const frame = (n: number): Uint8Array =>
  synFrame({ src: "198.51.100.1", dst: "192.0.2.1", sport: 1 + n, options: "mss=1460" })
writeFileSync(PATH, writePcap(Array.from({ length: COUNT }, (_, n) => ({ bytes: frame(n), sec: n >> 8 }))))

/** Descriptors of this process that are open on the file. */
const openOn = (path: string): number =>
  readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path
    } catch {
      return false
    }
  }).length

const aheadOf = (isAhead: boolean): DecodeAhead | undefined => (isAhead ? DecodeAhead.open(PATH, false, 1) : undefined)

test.each([false, true])(
  "progress is shown while a file is read, and wiped at its end (by two threads: %p)",
  async (isAhead) => {
    const written: Array<string> = []
    const progress = new ReadProgress((text) => written.push(text))
    expect(await replay(PATH, observerWith(), { ahead: aheadOf(isAhead), progress })).toBeUndefined()
    expect(written.length).toBeGreaterThan(1)
    expect(written[0]).toMatch(/many\.pcap \[#* *\] +\d+ % +\d+ MB, [1-9][\d,]* packets$/)
    expect(written.at(-1)).toBe("\r\u001b[K")
  }
)

test.each([false, true])("lines go to their file while the rest is read (by two threads: %p)", async (isAhead) => {
  const path = join(directory, `${isAhead}.log`)
  const descriptor = openSync(path, "w")
  try {
    const behind = new WriteBehind(descriptor, BUFFER_BYTES)
    /** Sizes of the file whenever a buffer is full. */
    const sizes: Array<number> = []
    const log = new P0fLog(
      () => {},
      (full) => {
        sizes.push(statSync(path).size)
        return behind.take(full)
      }
    )
    const observer = observerWith(log)
    await replay(PATH, observer, { ahead: aheadOf(isAhead), behind })
    expect(observer.counts.packets).toBe(COUNT)
    await behind.end()
    expect(sizes.at(-1)).toBeGreaterThan(0)
  } finally {
    closeSync(descriptor)
  }
})

test.each([false, true])(
  "a log that can't be written ends it, and the file is closed (by two threads: %p)",
  async (isAhead) => {
    const failing = new Error("no space")
    const log = new P0fLog(() => {
      throw failing
    })
    await expect(replay(PATH, observerWith(log), { ahead: aheadOf(isAhead) })).rejects.toBe(failing)
    for (let wait = 0; openOn(PATH) > 0 && wait < 200; wait++) await Bun.sleep(10)
    expect(openOn(PATH)).toBe(0)
  }
)
