import { expect, test } from "bun:test"
import type { ConnectionHints } from "@synprint/core"
import { bytesOf, latin1 } from "../http1/byte-classes.ts"
import { RequestHead } from "../http1/request-head.ts"
import type { HintLines } from "./hint-lines.ts"
import { RequestHints } from "./request-hints.ts"

const head = new RequestHead()
const connection = {} as ConnectionHints
const other = {} as ConnectionHints
const WINDOWS = "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)\r\n"
const LINUX = "user-agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"

class Scene {
  readonly hints = new RequestHints()
  made = 0
  readonly lines = {
    spoofedRoom: 10,
    lines: (_connection: ConnectionHints, claim: number, spoofed: number): Uint8Array => {
      this.made++
      return bytesOf(`${claim} ${spoofed}`)
    }
  } as unknown as HintLines

  read(fields: string, of: ConnectionHints = connection): string {
    const bytes = bytesOf(`GET / HTTP/1.1\r\nHost: h\r\n${fields}\r\n`)
    expect(head.parse(bytes, 0, bytes.length, 32)).toBe(bytes.length)
    this.hints.read(head.fields, bytes, of, this.lines)
    return latin1(this.hints.block(0))
  }
}
const claimed = (fields: string): string => new Scene().read(fields)

test("the first of several User-Agents counts", () => {
  expect(claimed(WINDOWS)).not.toBe(claimed(LINUX))
  expect(claimed(WINDOWS + LINUX)).toBe(claimed(WINDOWS))
  expect(claimed(LINUX + WINDOWS)).toBe(claimed(LINUX))
})

test("client hints count too; a User-Agent that is too long is none", () => {
  const hint = 'Sec-CH-UA-Platform: "Windows"\r\n'
  expect(claimed(hint)).not.toBe(claimed(""))
  expect(claimed(`${hint}Sec-CH-UA-Mobile: ?1\r\n`)).toBe(claimed(`Sec-CH-UA-Mobile: ?1\r\n${hint}`))
  expect(claimed(WINDOWS.replace("\r\n", `${"x".repeat(1024)}\r\n`))).toBe(claimed(""))
})

test("the same User-Agent on the same connection costs no new lines", () => {
  const scene = new Scene()
  scene.read(WINDOWS)
  scene.read(`A: b\r\n${WINDOWS}`)
  expect(scene.made).toBe(1)
  scene.read(WINDOWS, other)
  scene.read(LINUX, other)
  expect(scene.made).toBe(3)
})

test("forged headers are counted; after clear there is nothing", () => {
  const scene = new Scene()
  const block = scene.read(WINDOWS)
  expect(latin1(scene.hints.block(2))).toBe(block.replace(" 0", " 2"))
  expect(scene.hints.room).toBe(block.length + 10)
  scene.hints.clear()
  expect([latin1(scene.hints.block(2)), scene.hints.room]).toEqual(["", 0])
})
