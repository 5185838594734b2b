import { expect, test } from "bun:test"
import type { Socket } from "bun"
import { SocketWriter } from "./socket-writer.ts"

class Sink extends SocketWriter {
  text = ""
  /** Bytes that the socket takes with the next writes. */
  room = 0
  constructor() {
    super()
    const write = (bytes: Uint8Array, from: number, length: number): number => {
      const taken = Math.min(length, this.room)
      this.room -= taken
      this.text += new TextDecoder().decode(bytes.subarray(from, from + taken))
      return taken
    }
    this.socket = { write } as unknown as Socket<unknown>
  }
}

const SIZE = 20_000
const bytesOf = (byte: string, length = SIZE): Uint8Array => new TextEncoder().encode(byte.repeat(length))

test("a buffer that is given away is freed when all of it went, not before", () => {
  const sink = new Sink()
  sink.room = 1
  const first = bytesOf("a")
  const second = bytesOf("b")
  expect([sink.send(first, 0, SIZE, "transfer"), sink.send(second, 5, SIZE, "transfer")]).toEqual([false, false])
  expect([first.length, second.length]).toEqual([SIZE, SIZE])
  sink.room = SIZE
  expect(sink.flush()).toBe(false)
  expect([first.length, second.length]).toEqual([0, SIZE])
  sink.room = SIZE
  expect(sink.flush()).toBe(true)
  expect(second.length).toBe(0)
  expect(sink.text).toBe("a".repeat(SIZE) + "b".repeat(SIZE - 5))
  const third = bytesOf("c")
  sink.room = SIZE
  expect(sink.send(third, 0, SIZE, "transfer")).toBe(true)
  expect(third.length).toBe(0)
})

test("a buffer of which others may have a view stays", () => {
  const sink = new Sink()
  sink.room = 4 * SIZE
  const kept = bytesOf("a")
  const parts = bytesOf("b")
  const small = bytesOf("c", 100)
  sink.send(kept, 0, SIZE, "share")
  sink.send(parts.subarray(100), 0, SIZE - 100, "transfer")
  sink.send(small, 0, 100, "transfer")
  expect([kept.length, parts.length, small.length]).toEqual([SIZE, SIZE, 100])
})

test("what waits of a shared buffer is a copy", () => {
  const sink = new Sink()
  const shared = bytesOf("a", 10)
  expect(sink.send(shared, 2, 10, "borrow")).toBe(false)
  shared.fill(0x62)
  sink.room = 10
  expect(sink.flush()).toBe(true)
  expect(sink.text).toBe("aaaaaaaa")
})
