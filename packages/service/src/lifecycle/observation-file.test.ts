import { afterAll, expect, spyOn, test } from "bun:test"
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import { LogFile } from "./log-file.ts"
import { openObservationFile } from "./observation-file.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-observations-"))
afterAll(() => rmSync(directory, { recursive: true }))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Runs `body` and gives what it logs. */
const logged = async (body: Effect.Effect<void, unknown, Scope.Scope>): Promise<ReadonlyArray<string>> => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push([message].flat().join(" ")))
  await Effect.runPromise(Effect.scoped(body).pipe(Effect.provide(Logger.layer([logger]))))
  return lines
}

test("SIGUSR1: what was not written yet goes to the old file, everything after it to the new one", async () => {
  const path = join(directory, "rotated.log")
  const before = process.listenerCount("SIGUSR1")
  const lines = await logged(
    Effect.gen(function* () {
      const write = yield* openObservationFile({ observations: path }, () => write!(bytes("last\n")))
      write!(bytes("1\n"))
      renameSync(path, `${path}.1`)
      process.emit("SIGUSR1")
      write!(bytes("2\n"))
    })
  )
  expect(lines).toEqual([])
  expect(readFileSync(`${path}.1`, "utf8")).toBe("1\nlast\n")
  expect(readFileSync(path, "utf8")).toBe("2\n")
  expect(process.listenerCount("SIGUSR1")).toBe(before)
  // The lock went with the scope.
  new LogFile(path).close()
})

test("a file that can't be opened again is logged, and lines go to the old one", async () => {
  const path = join(directory, "kept.log")
  const lines = await logged(
    Effect.gen(function* () {
      const write = yield* openObservationFile({ observations: path }, () => {})
      renameSync(path, `${path}.1`)
      symlinkSync("elsewhere", path)
      process.emit("SIGUSR1")
      write!(bytes("1\n"))
    })
  )
  expect(lines).toEqual([
    `cannot write ${path}: it is a symbolic link (name the file itself); lines still go to the file that is open`
  ])
  expect(readFileSync(`${path}.1`, "utf8")).toBe("1\n")
})

test("lines that can't be written are lost, which is logged once until a write works again", async () => {
  const path = join(directory, "full.log")
  let isFull = false
  const lines = await logged(
    Effect.gen(function* () {
      const write = yield* openObservationFile({ observations: path }, () => {})
      const original = LogFile.prototype.write
      const spy = spyOn(LogFile.prototype, "write").mockImplementation(function (this: LogFile, text) {
        if (isFull) throw new Error("ENOSPC: no space left on device, write")
        original.call(this, text)
      })
      for (const full of [true, true, false, true, true, false]) {
        isFull = full
        write!(bytes(full ? "lost\n" : "kept\n"))
      }
      spy.mockRestore()
    })
  )
  const said = `cannot write ${path}: ENOSPC: no space left on device, write; observations are lost`
  expect(lines).toEqual([said, said])
  expect(readFileSync(path, "utf8")).toBe("kept\nkept\n")
})

test("no name is no file; a name that can't be a file is a problem of the configuration", async () => {
  await logged(
    Effect.gen(function* () {
      expect(yield* openObservationFile({ observations: "" }, () => {})).toBeUndefined()
      const refused = yield* Effect.flip(openObservationFile({ observations: directory }, () => {}))
      expect(refused.message).toBe(
        `configuration: log.observations: cannot write ${directory}: it is a directory (name a file in it)`
      )
    })
  )
  expect(existsSync(join(directory, "undefined"))).toBe(false)
})
