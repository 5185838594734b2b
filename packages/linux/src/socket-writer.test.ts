import { afterEach, describe, expect, test } from "bun:test"
import type { Socket } from "bun"
import { libc } from "./libc.ts"
import { MSG_DONTWAIT } from "./socket-constants.ts"
import { SocketWriter } from "./socket-writer.ts"

class Sink extends SocketWriter {
  text = ""
  /** Bytes that the socket takes with the next writes. */
  room = 0
  constructor() {
    super()
    const write = (bytes: Uint8Array, from: number, length: number): number => {
      if (from + length > bytes.length) throw new RangeError("a write beyond the end of its buffer")
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

/** A socket that refuses every byte from now on. */
function breakOff(sink: Sink): void {
  sink.socket = { write: () => -1 } as unknown as Socket<unknown>
}

test("nothing to send is sent; true says that nothing waits", () => {
  const sink = new Sink()
  expect([sink.send(bytesOf("a", 5), 3, 3, "share"), sink.hasPending]).toEqual([true, false])
  sink.send(bytesOf("a", 5), 0, 5, "share")
  expect([sink.send(bytesOf("a", 5), 3, 3, "share"), sink.hasPending]).toEqual([false, true])
  expect(sink.takePending().length).toBe(1)
})

test("a broken socket takes nothing more, and nothing waits for it", () => {
  const sink = new Sink()
  breakOff(sink)
  expect([sink.send(bytesOf("a", 5), 0, 5, "share"), sink.isBroken, sink.hasPending]).toEqual([true, true, false])
  const waiting = new Sink()
  waiting.send(bytesOf("a", 5), 0, 5, "share")
  breakOff(waiting)
  expect([waiting.flush(), waiting.isBroken, waiting.hasPending, waiting.flushed]).toEqual([true, true, false, 0])
  expect([waiting.send(bytesOf("b", 5), 0, 5, "share"), waiting.hasPending]).toEqual([true, false])
})

test("flush counts what it writes, and continues where it stopped", () => {
  const sink = new Sink()
  expect([sink.flush(), sink.flushed]).toEqual([true, 0])
  sink.send(bytesOf("a", 10), 0, 10, "share")
  sink.send(bytesOf("b", 10), 0, 10, "share")
  expect([sink.flush(), sink.flushed, sink.isBroken]).toEqual([false, 0, false])
  sink.room = 4
  expect([sink.flush(), sink.flushed, sink.hasPending]).toEqual([false, 4, true])
  sink.room = 11
  expect([sink.flush(), sink.flushed]).toEqual([false, 15])
  sink.room = 5
  expect([sink.flush(), sink.flushed, sink.hasPending]).toEqual([true, 20, false])
  sink.send(bytesOf("c", 3), 0, 3, "share")
  sink.room = 3
  expect([sink.flush(), sink.flushed]).toEqual([true, 23])
  expect(sink.text).toBe("a".repeat(10) + "b".repeat(10) + "ccc")
})

test("without a socket bytes wait", () => {
  const writer = new SocketWriter()
  expect([writer.send(bytesOf("a", 5), 0, 5, "share"), writer.hasPending, writer.flush()]).toEqual([false, true, false])
})

test("close drops what waits; another socket begins with nothing", () => {
  const sink = new Sink()
  const { socket } = sink
  sink.send(bytesOf("a", 10), 0, 10, "share")
  sink.room = 4
  sink.flush()
  sink.close()
  expect([sink.isBroken, sink.hasPending, sink.send(bytesOf("b", 5), 0, 5, "share")]).toEqual([true, false, true])
  sink.open(socket!)
  expect([sink.isBroken, sink.socket === socket]).toEqual([false, true])
  sink.send(bytesOf("c", 3), 0, 3, "share")
  sink.room = 3
  expect([sink.flush(), sink.text]).toEqual([true, "aaaaccc"])
})

test("bytes that wait can be taken for another connection", () => {
  const sink = new Sink()
  sink.send(bytesOf("a", 2), 0, 2, "share")
  sink.send(bytesOf("b", 2), 0, 2, "share")
  expect(sink.takePending().map((each) => new TextDecoder().decode(each))).toEqual(["aa", "bb"])
  expect([sink.hasPending, sink.takePending()]).toEqual([false, []])
  sink.send(bytesOf("c", 2), 0, 2, "share")
  sink.room = 2
  expect([sink.flush(), sink.text]).toEqual([true, "cc"])
})

test("shutdown closes our half", () => {
  const sink = new Sink()
  let shut = 0
  sink.socket = { shutdown: () => void shut++ } as unknown as Socket<unknown>
  sink.shutdown()
  expect(shut).toBe(1)
  new SocketWriter().shutdown()
})

describe("a descriptor", () => {
  const AF_UNIX = 1
  const SOCK_STREAM = 1
  const open: Array<number> = []
  afterEach(() => {
    for (const fd of open.splice(0)) libc.close(fd)
  })

  /** Two sockets that are connected and would block. */
  function makePair(): { readonly near: number; readonly far: number } {
    const both = new Int32Array(new ArrayBuffer(8))
    if (libc.socketpair(AF_UNIX, SOCK_STREAM, 0, both) !== 0) throw new Error("socketpair failed")
    const [near = -1, far = -1] = both
    open.push(near, far)
    return { near, far }
  }
  function received(fd: number): string {
    const room = new Uint8Array(new ArrayBuffer(1 << 20))
    const length = libc.recv(fd, room, room.length, MSG_DONTWAIT)
    return length < 0 ? "" : new TextDecoder().decode(room.subarray(0, length))
  }

  test("is written directly: a whole buffer without TLS, by the number at hand or the socket's", () => {
    const { near, far } = makePair()
    const sink = new Sink()
    sink.room = 100
    sink.descriptor = near
    expect([sink.send(bytesOf("a", 3), 0, 3, "share"), received(far), sink.text]).toEqual([true, "aaa", ""])
    sink.descriptor = -1
    Object.assign(sink.socket!, { fd: near })
    expect([sink.send(bytesOf("b", 3), 0, 3, "share"), received(far), sink.text]).toEqual([true, "bbb", ""])
    expect([sink.sendLast(bytesOf("c", 3), 0, 3, "share"), received(far), sink.text]).toEqual([true, "ccc", ""])
  })

  test("is left to Bun with TLS, for a part of a buffer, and when it is closed", () => {
    const { near, far } = makePair()
    const sink = new Sink()
    sink.room = 100
    sink.descriptor = near
    sink.send(bytesOf("a", 3), 1, 3, "share")
    sink.isPlain = false
    sink.send(bytesOf("b", 3), 0, 3, "share")
    sink.isPlain = true
    sink.descriptor = -1
    sink.send(bytesOf("c", 3), 0, 3, "share")
    Object.assign(sink.socket!, { fd: -1 })
    sink.send(bytesOf("d", 3), 0, 3, "share")
    expect([sink.text, received(far)]).toEqual(["aabbbcccddd", ""])
  })

  /** Fills the socket until the kernel takes nothing more. */
  function fill(fd: number): void {
    while (libc.send(fd, bytesOf("x", 1000), 1000, MSG_DONTWAIT) > 0);
  }

  test("that takes a part: Bun gets the rest, and what it doesn't take waits", () => {
    for (const room of [0, 10]) {
      const { near, far } = makePair()
      const sink = new Sink()
      sink.descriptor = near
      sink.room = room
      const size = 4_000_000
      expect([sink.send(bytesOf("a", size), 0, size, "share"), sink.hasPending]).toEqual([false, true])
      expect(sink.text).toBe("a".repeat(room))
      let before = 0
      for (let text = received(far); text !== ""; text = received(far)) before += text.length
      expect(before).toBeGreaterThan(1000)
      sink.room = size
      expect(sink.flush()).toBe(true)
      expect(before + sink.text.length).toBe(size)
    }
  })

  test("that is full does not block, and Bun says whether it is broken", () => {
    const { near } = makePair()
    fill(near)
    const sink = new Sink()
    sink.descriptor = near
    sink.room = 1
    const bytes = new TextEncoder().encode("cd")
    expect([sink.send(bytes, 0, 2, "share"), sink.text, sink.hasPending]).toEqual([false, "c", true])
    const last = new Sink()
    last.descriptor = near
    expect([last.sendLast(bytes, 0, 2, "share"), last.hasPending]).toEqual([false, true])
    const broken = new Sink()
    broken.descriptor = near
    breakOff(broken)
    expect([broken.send(bytes, 0, 2, "share"), broken.isBroken]).toEqual([true, true])
  })
})

test("the last bytes of a TCP connection wait for its FIN", async () => {
  const { promise, resolve } = Promise.withResolvers<Socket<unknown>>()
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: resolve, data() {} } })
  let text = ""
  const ended = Promise.withResolvers<void>()
  await Bun.connect({
    hostname: "127.0.0.1",
    port: listener.port,
    socket: { data: (_, chunk) => void (text += chunk.toString()), end: () => ended.resolve() }
  })
  const writer = new SocketWriter()
  writer.open(await promise)
  writer.send(bytesOf("a", 3), 0, 3, "share")
  writer.sendLast(bytesOf("b", 3), 0, 3, "share")
  await Bun.sleep(40)
  // tcp(7), MSG_MORE: the kernel holds them back for up to 200 ms.
  expect(text).toBe("aaa")
  writer.shutdown()
  await ended.promise
  expect(text).toBe("aaabbb")
  listener.stop(true)
})
