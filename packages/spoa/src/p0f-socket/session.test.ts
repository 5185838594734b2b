/** p0f's API on one connection: the state machine alone, then behind a client whose socket is a fake. */
import { describe, expect, test } from "bun:test"
import type { Socket } from "bun"
import { Matcher, Observer, P0fResponder, readDatabases } from "@synprint/core"
import { rounds, seededRandom, SMALL_HISTORY } from "@synprint/core/testing"
import { type ConnectionOwner, StreamConnection } from "../agent/stream-connection.ts"
import { Output } from "../protocol/output.ts"
import { encodeQuery } from "./client.ts"
import { P0fCounters, P0fSession, type Reply } from "./session.ts"

const REPLY = 232

/** Replies with the number in the last two bytes of an IPv4 address. */
const echo: Reply = (query, at, out, outAt) => {
  out.fill(0, outAt, outAt + REPLY)
  out[outAt + 4] = 0x10
  out[outAt + 16] = query[at + 8]!
  out[outAt + 17] = query[at + 7]!
  return REPLY
}

const ask = (number: number): Uint8Array =>
  encodeQuery(
    4,
    Uint8Array.from({ length: 16 }, (_, i) => [10, 0, number >> 8, number & 255][i] ?? 0)
  )

const upTo = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)
const join = (parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))
const queries = (count: number): Uint8Array => join(upTo(count).map(ask))

/** Numbers of the queries that the replies are about. */
function numbers(sent: ReadonlyArray<Uint8Array>): ReadonlyArray<number> {
  const replies = Buffer.concat(sent)
  expect(replies.length % REPLY).toBe(0)
  return upTo(replies.length / REPLY).map((i) => replies.readUInt16LE(i * REPLY + 16))
}

/** Feeds chunks to a new session, whose output is emptied whenever feed returns. */
function run(chunks: ReadonlyArray<Uint8Array>, { reply = echo, size = 65_536 } = {}) {
  const counters = new P0fCounters()
  const session = new P0fSession(reply, counters)
  const output = new Output(size)
  const sent: Array<Uint8Array> = []
  let calls = 0
  for (const chunk of chunks) {
    // The chunk is overwritten after the call: nothing may refer to it later.
    const copy = chunk.slice()
    for (let at = 0; at < copy.length; calls++) {
      at = session.feed(copy, at, output)
      sent.push(output.bytes.slice(0, output.length))
      output.length = 0
    }
    copy.fill(0xee)
  }
  return { session, counters, sent, calls }
}

describe("session", () => {
  test("queries in every split of the input are answered in order", () => {
    const input = queries(3)
    for (let first = 0; first <= input.length; first++)
      for (let second = first; second <= input.length; second++) {
        const parts = [input.subarray(0, first), input.subarray(first, second), input.subarray(second)]
        const { sent, counters } = run(parts)
        expect(numbers(sent)).toEqual([0, 1, 2])
        expect(counters.queries).toBe(3)
      }
    expect(numbers(run([...input].map((byte) => Uint8Array.of(byte))).sent)).toEqual([0, 1, 2])
  })

  test("a partial query is answered once its last byte has come, and not before", () => {
    const session = new P0fSession(echo, new P0fCounters())
    const output = new Output()
    for (const byte of ask(7)) {
      expect(output.length).toBe(0)
      expect(session.feed(Uint8Array.of(byte), 0, output)).toBe(1)
    }
    expect(output.length).toBe(REPLY)
  })

  test("many queries in one chunk: an output that is full stops the reading and loses nothing", () => {
    const input = queries(1000)
    const { sent, counters, calls } = run([input], { size: 2 * REPLY + 4 })
    expect(numbers(sent)).toEqual(upTo(1000))
    expect(counters.queries).toBe(1000)
    expect(calls).toBe(500)
  })

  test("random chunks and outputs of random sizes", () => {
    const random = seededRandom(7)
    for (let round = 0; round < rounds(300); round++) {
      const input = queries(40)
      const chunks: Array<Uint8Array> = []
      for (let at = 0; at < input.length;) {
        const length = 1 + random.below(100)
        chunks.push(input.subarray(at, at + length))
        at += length
      }
      expect(numbers(run(chunks, { size: 236 + random.below(1000) }).sent)).toEqual(upTo(40))
    }
  })

  test("an output without room for a reply of 236 bytes gets none, and no byte is used", () => {
    const counters = new P0fCounters()
    const session = new P0fSession(echo, counters)
    const output = new Output(1000)
    output.length = 1000 - 235
    expect(session.feed(ask(1), 0, output)).toBe(0)
    output.length = 0
    session.feed(ask(1).subarray(0, 20), 0, output)
    output.length = 1000 - 235
    const rest = ask(1).subarray(20)
    expect(session.feed(rest, 0, output)).toBe(0)
    expect(counters.queries).toBe(0)
    output.length = 1000 - 236
    expect(session.feed(rest, 0, output)).toBe(1)
    expect(counters.queries).toBe(1)
  })

  test("a query with another magic number or type gets status 0 in either layout, and the next one its reply", () => {
    const { database } = readDatabases([{ name: "none.fp", text: "classes = unix\n" }], "modern")
    const observer = new Observer({ mode: "modern", matcher: new Matcher(database!, "modern", 16), ...SMALL_HISTORY })
    const badMagic = ask(1)
    badMagic[0] = 2
    const badType = ask(1)
    badType[4] = 5
    for (const layout of ["p0f", "friendly"] as const) {
      const responder = new P0fResponder(observer, layout)
      const reply: Reply = (query, at, out, outAt) => responder.reply(query, at, 0, out, outAt)
      const { session, sent, counters } = run([join([badMagic, badType, ask(1), badMagic, ask(2)])], { reply })
      const replies = Buffer.concat(sent)
      expect(replies.length).toBe(5 * responder.replyBytes)
      expect(upTo(5).map((i) => replies.readUInt32LE(i * responder.replyBytes + 4))).toEqual([0, 0, 0x20, 0, 0x20])
      expect(counters.queries).toBe(5)
      expect(session.hasEnded).toBe(false)
    }
  })

  test("there is no greeting to wait for and no farewell", () => {
    const { session } = run([queries(2).subarray(0, 30)])
    expect([session.isGreeted, session.hasEnded]).toEqual([true, false])
    session.stop()
    expect([session.isGreeted, session.hasEnded]).toEqual([true, true])
  })
})

/** A client whose kernel takes as many bytes as the test says. */
class Client {
  room = Number.MAX_SAFE_INTEGER
  readonly sent: Array<Uint8Array> = []
  readonly calls: Array<string> = []
  readonly counters = new P0fCounters()
  readonly owner: ConnectionOwner = {
    output: new Output(),
    stalled: new Set(),
    lingering: new Set(),
    nowMs: () => 0
  }
  readonly connection: StreamConnection

  constructor() {
    const note = (name: string) => () => void this.calls.push(name)
    const socket = {
      write: (bytes: Uint8Array, from: number, length: number) => {
        if (this.room < 0) return -1
        const taken = Math.min(length, this.room)
        this.room -= taken
        this.sent.push(bytes.slice(from, from + taken))
        return taken
      },
      pause: note("pause"),
      resume: note("resume"),
      shutdown: note("shutdown"),
      end: note("end"),
      terminate: note("terminate")
    } as unknown as Socket<StreamConnection>
    this.connection = new StreamConnection(socket, new P0fSession(echo, this.counters), this.owner)
  }

  /** The kernel takes so many bytes more. */
  drain(bytes: number): void {
    this.room = bytes
    this.connection.drained()
  }
}

describe("a client that reads slowly", () => {
  test("gets every reply in order, and is read again once it has them", () => {
    const client = new Client()
    client.room = 500
    client.connection.read(queries(10))
    expect(client.calls).toEqual(["pause"])
    expect(client.owner.stalled.has(client.connection)).toBe(true)
    // A chunk that was under way when reading was paused ends within a query.
    client.connection.read(join([ask(10), ask(11).subarray(0, 5)]))
    expect(client.counters.queries).toBe(10)
    for (let i = 0; i < 18; i++) client.drain(100)
    expect(client.calls).toEqual(["pause"])
    client.drain(Number.MAX_SAFE_INTEGER)
    expect(client.calls).toEqual(["pause", "resume"])
    expect(client.owner.stalled.size).toBe(0)
    client.connection.read(ask(11).subarray(5))
    expect(numbers(client.sent)).toEqual(upTo(12))
  })

  test("costs one output at a time, however much it asks", () => {
    const client = new Client()
    client.room = 0
    client.connection.read(queries(1000))
    // 65,536 bytes, in which a reply of 236 bytes must have room.
    expect(client.counters.queries).toBe(282)
    client.connection.read(queries(1000))
    client.drain(REPLY)
    expect(client.counters.queries).toBe(282)
    client.drain(Number.MAX_SAFE_INTEGER)
    expect(client.counters.queries).toBe(2000)
    expect(numbers(client.sent)).toEqual([...upTo(1000), ...upTo(1000)])
  })

  test("gets what waits for it before a stop closes our half", () => {
    const client = new Client()
    client.room = 100
    client.connection.read(queries(3))
    client.connection.stop()
    expect(client.calls).toEqual(["pause"])
    client.drain(Number.MAX_SAFE_INTEGER)
    expect(client.calls).toEqual(["pause", "shutdown", "resume"])
    expect(numbers(client.sent)).toEqual([0, 1, 2])
    client.connection.read(ask(4))
    expect(client.counters.queries).toBe(3)
  })
})

describe("a client that goes", () => {
  test("with half a query: the whole ones were answered, the half never is", () => {
    const client = new Client()
    client.connection.read(queries(3).subarray(0, 50))
    client.connection.peerEnded()
    expect(numbers(client.sent)).toEqual([0, 1])
    expect(client.calls).toEqual(["end"])
  })

  test("after it closed its half only: it gets all replies, then the end", () => {
    const client = new Client()
    client.room = 300
    client.connection.read(queries(5))
    client.connection.peerEnded()
    expect(client.calls).toEqual(["pause"])
    client.drain(Number.MAX_SAFE_INTEGER)
    expect(numbers(client.sent)).toEqual(upTo(5))
    expect(client.calls).toEqual(["pause", "end"])
  })

  test("while replies wait: they are dropped, and later events change nothing", () => {
    const client = new Client()
    client.room = 0
    client.connection.read(queries(1000))
    client.connection.closed()
    expect(client.owner.stalled.size).toBe(0)
    client.drain(Number.MAX_SAFE_INTEGER)
    client.connection.read(ask(1))
    client.connection.stop()
    expect(Buffer.concat(client.sent).length).toBe(0)
    expect(client.counters.queries).toBe(282)
    expect(client.calls).toEqual(["pause"])
  })

  test("so that a write fails: the connection is dropped at once", () => {
    const client = new Client()
    client.room = -1
    client.connection.read(queries(1000))
    expect(client.calls).toEqual(["terminate"])
    expect(client.counters.queries).toBe(282)
    client.connection.read(ask(1))
    expect(client.counters.queries).toBe(282)
  })

  test("after a stop: our half is closed, and it closes its own", () => {
    const client = new Client()
    client.connection.read(queries(2))
    client.connection.stop()
    expect(client.owner.lingering.has(client.connection)).toBe(true)
    client.connection.peerEnded()
    expect(client.calls).toEqual(["shutdown", "resume", "end"])
    client.connection.closed()
    expect(client.owner.lingering.size).toBe(0)
  })
})
