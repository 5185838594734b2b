/** The p0f API socket over real sockets: what p0f's clients do, and what brought p0f itself down. */
import { afterAll, describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { P0F_FRIENDLY_REPLY_BYTES, P0F_QUERY_BYTES, P0F_REPLY_BYTES } from "@synprint/core"
import { P0fCounters, QueryError, type Reply, encodeQuery, query, serveP0fSocket } from "@synprint/spoa"
import { opened } from "@synprint/spoa/testing"
import * as Effect from "effect/Effect"

const directory = mkdtempSync(`${tmpdir()}/synprint-p0f-`)
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let count = 0

/** p0f's reply layout, field by field (p0f 3.09b api.h), for 10.0.0.N; others are not known. */
function writeReply(friendly: boolean): Reply {
  return (bytes, at, out, outAt) => {
    const size = friendly ? P0F_FRIENDLY_REPLY_BYTES : P0F_REPLY_BYTES
    out.fill(0, outAt, outAt + size)
    const view = new DataView(out.buffer, out.byteOffset + outAt, size)
    view.setUint32(0, 0x50304602, true)
    const asked = new DataView(bytes.buffer, bytes.byteOffset + at, P0F_QUERY_BYTES)
    if (asked.getUint32(0, true) !== 0x50304601 || (bytes[at + 4] !== 4 && bytes[at + 4] !== 6)) return size
    if (bytes[at + 4] !== 4 || bytes[at + 5] !== 10) {
      view.setUint32(4, 0x20, true)
      return size
    }
    const put = (offset: number, text: string) => out.set(Buffer.from(text.slice(0, 32)), outAt + offset)
    view.setUint32(4, 0x10, true)
    view.setUint32(8, 1_700_000_000, true)
    view.setUint32(12, 1_700_000_060, true)
    view.setUint32(16, asked.getUint8(8), true)
    view.setUint32(20, 1501, true)
    view.setUint32(24, 49, true)
    view.setUint32(28, 1_700_000_030, true)
    view.setInt16(36, asked.getUint8(8) === 9 ? 255 : 7, true)
    view.setUint8(38, 1)
    view.setUint8(39, 3)
    put(40, "Mac OS X")
    put(72, "10.9 or newer (sometimes iPhone or iPad)")
    put(104, "Firefox")
    const link = friendly ? 172 : 168
    if (friendly) {
      view.setUint16(168, 1500, true)
      view.setUint16(170, 1460, true)
    }
    put(link, "Ethernet or modem")
    put(link + 32, "English")
    return size
  }
}

async function start(friendly = false, different: { clients?: number; stallTimeoutMs?: number; mode?: number } = {}) {
  const path = `${directory}/p0f-${count++}.sock`
  const counters = new P0fCounters()
  const server = await opened(
    serveP0fSocket({
      path,
      file: { mode: different.mode ?? 0o660, owner: "", group: "" },
      reply: writeReply(friendly),
      counters,
      clients: different.clients ?? 4096,
      shutdownMs: 500,
      ...different
    })
  )
  return { path, counters, close: server.close, [Symbol.asyncDispose]: server[Symbol.asyncDispose] }
}

const ipv4 = (last: number) => encodeQuery(4, Uint8Array.from([10, 0, 0, last, ...Array.from({ length: 12 }, () => 0)]))

/** Connects, writes the parts, and gives all bytes until the server or the deadline ends it. */
async function talk(path: string, parts: ReadonlyArray<Uint8Array>, expected: number, halfClose = false) {
  let received = Buffer.alloc(0)
  let ended = false
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = await Bun.connect({
    unix: path,
    allowHalfOpen: true,
    socket: {
      data(_, chunk) {
        received = Buffer.concat([received, chunk])
        if (received.length >= expected) resolve()
      },
      end() {
        ended = true
        resolve()
      },
      close() {
        ended = true
        resolve()
      },
      error() {}
    }
  })
  for (const part of parts) {
    socket.write(part)
    socket.flush()
    if (parts.length > 1) await Bun.sleep(0)
  }
  if (halfClose) socket.shutdown()
  await Promise.race([promise, Bun.sleep(15_000)])
  return { received, socket, hasEnded: () => ended }
}

const connections = (received: Buffer, size: number) =>
  Array.from({ length: received.length / size }, (_, index) => received.readUInt32LE(index * size + 16))

describe("socket", () => {
  test("pipelined queries are answered in order, in 232 or 236 bytes", async () => {
    for (const friendly of [false, true]) {
      await using server = await start(friendly)
      const size = friendly ? 236 : 232
      const { received, socket } = await talk(server.path, [Buffer.concat([1, 2, 3, 4, 5].map(ipv4))], 5 * size)
      expect(connections(received, size)).toEqual([1, 2, 3, 4, 5])
      socket.end()
    }
  })

  test("split at every byte, and byte by byte", async () => {
    await using server = await start()
    const input = Buffer.concat([7, 8].map(ipv4))
    const wanted = (await talk(server.path, [input], 464)).received
    expect(connections(wanted, 232)).toEqual([7, 8])
    for (let cut = 1; cut < input.length; cut++) {
      const { received, socket } = await talk(server.path, [input.subarray(0, cut), input.subarray(cut)], 464)
      expect(received).toEqual(wanted)
      socket.end()
    }
    const { received } = await talk(
      server.path,
      [...input].map((byte) => Uint8Array.of(byte)),
      464
    )
    expect(received).toEqual(wanted)
  })

  test("bad queries get status 0 and the connection goes on", async () => {
    await using server = await start()
    const badMagic = ipv4(1)
    badMagic[0] = 0
    const badType = ipv4(1)
    badType[4] = 5
    const { received, socket } = await talk(server.path, [Buffer.concat([badMagic, badType, ipv4(3)])], 696)
    expect([0, 1, 2].map((index) => received.readUInt32LE(index * 232 + 4))).toEqual([0, 0, 0x10])
    expect(server.counters.queries).toBe(3)
    socket.end()
  })

  test("a client that half-closes gets its answers, then the end; no busy loop", async () => {
    await using server = await start()
    const { received, hasEnded, socket } = await talk(
      server.path,
      [Buffer.concat([ipv4(1), ipv4(2), ipv4(3).subarray(0, 10)])],
      Number.MAX_SAFE_INTEGER,
      true
    )
    expect(connections(received, 232)).toEqual([1, 2])
    expect(hasEnded()).toBe(true)
    socket.end()
    const before = process.cpuUsage()
    await Bun.sleep(500)
    const { user, system } = process.cpuUsage(before)
    expect(user + system).toBeLessThan(250_000)
    expect(server.counters.open).toBe(0)
  })

  test("1,000 clients at once, each with several questions", async () => {
    await using server = await start()
    const clients = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        talk(server.path, [Buffer.concat([ipv4(index % 250), ipv4((index + 1) % 250)])], 464)
      )
    )
    for (const [index, { received }] of clients.entries())
      expect(connections(received, 232)).toEqual([index % 250, (index + 1) % 250])
    expect(server.counters).toMatchObject({ open: 1000, connections: 1000, queries: 2000, denied: 0 })
    for (const { socket } of clients) socket.end()
    while (server.counters.open > 0) await Bun.sleep(5)
  })

  test("clients beyond the limit are closed, the others stay", async () => {
    await using server = await start(false, { clients: 2 })
    const first = await talk(server.path, [ipv4(1)], 232)
    const second = await talk(server.path, [ipv4(2)], 232)
    const third = await talk(server.path, [ipv4(3)], 232)
    expect(third.received.length).toBe(0)
    expect(server.counters.denied).toBe(1)
    first.socket.end()
    second.socket.end()
  })

  test("a client that asks for ever and never reads is bounded and closed", async () => {
    await using server = await start(false, { stallTimeoutMs: 500 })
    let closed = false
    const socket = await Bun.connect({
      unix: server.path,
      socket: { data() {}, close: () => void (closed = true), error() {} }
    })
    socket.pause()
    const block = Buffer.concat(Array.from({ length: 1000 }, () => ipv4(1)))
    const before = process.memoryUsage.rss()
    const deadline = performance.now() + 15_000
    while (!closed && server.counters.stalls === 0 && performance.now() < deadline) {
      if (socket.write(block) <= 0) await Bun.sleep(10)
    }
    expect(server.counters.stalls).toBe(1)
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 << 20)
    socket.terminate()
  })

  test("mode, and the file goes with the server", async () => {
    const server = await start(false, { mode: 0o666 })
    expect(statSync(server.path).mode & 0o777).toBe(0o666)
    await server.close()
    expect(existsSync(server.path)).toBe(false)
  })
})

describe("query", () => {
  const ask = (socket: string, address: string, format: "text" | "json" = "text") =>
    Effect.runPromise(query({ socket, address, format }))
  const failure = (socket: string, address: string) =>
    ask(socket, address).then(
      (said) => new Error(`it said ${said}`),
      (error: Error) => error
    )

  test("prints what is known of a host, from replies of either size", async () => {
    await using server = await start()
    expect(await ask(server.path, "10.0.0.5")).toBe(
      [
        "10.0.0.5",
        "first seen     2023-11-14T22:13:20Z",
        "last seen      2023-11-14T22:14:20Z",
        "connections    5",
        "os             Mac OS X 10.9 or newer (sometimes iPhone ",
        "match quality  fuzzy, generic",
        "distance       7 hops",
        "link           Ethernet or modem",
        "uptime         1 days 1 hours 1 minutes",
        "uptime modulo  49 days",
        "shared address 2023-11-14T22:13:50Z",
        "http           Firefox",
        "language       English",
        "user agent     claims another system than the TCP stack shows"
      ].join("\n")
    )
    expect(await ask(server.path, "10.0.0.9")).not.toContain("distance")
    await using friendly = await start(true)
    expect(JSON.parse(await ask(friendly.path, "10.0.0.5", "json"))).toMatchObject({
      linkMtu: 1500,
      linkMss: 1460,
      link: "Ethernet or modem",
      language: "English",
      distanceHops: 7
    })
  })

  test("an address that isn't known", async () => {
    await using server = await start()
    expect(await ask(server.path, "2001:db8::1")).toBe("2001:db8::1: not seen")
    expect(await ask(server.path, "192.0.2.1", "json")).toBe("null")
  })

  test("says what went wrong and what to do", async () => {
    await using server = await start()
    expect((await failure(server.path, "10.0.0")).message).toContain('"10.0.0" is no IPv4 or IPv6 address')
    const missing = await failure(`${directory}/none.sock`, "10.0.0.1")
    expect(missing).toBeInstanceOf(QueryError)
    expect(missing.message).toStartWith(`cannot ask ${directory}/none.sock: ENOENT (is the agent running`)
    const replies: ReadonlyArray<readonly [Uint8Array, RegExp]> = [
      [new Uint8Array(232), /begins with 0x0, this is no p0f socket/],
      [new Uint8Array(100), /closed the connection after 100 bytes of 232/],
      [new Uint8Array(243), /has 243 bytes, expected 232 or 236/]
    ]
    for (const [reply, wanted] of replies) {
      const path = `${directory}/odd-${count++}.sock`
      const odd = Bun.listen({ unix: path, socket: { data: (socket) => void socket.end(reply) } })
      expect((await failure(path, "10.0.0.1")).message).toMatch(wanted)
      odd.stop(true)
    }
  })

  test("does not wait for ever", async () => {
    const path = `${directory}/silent.sock`
    const silent = Bun.listen({ unix: path, socket: { data() {} } })
    const from = performance.now()
    expect((await failure(path, "10.0.0.1")).message).toContain("no whole reply within 2000 ms, 0 bytes came")
    expect(performance.now() - from).toBeLessThan(10_000)
    silent.stop(true)
  })
})

const isRoot = process.getuid?.() === 0
const p0f = Bun.which("p0f")
const skipped = p0f === null ? "p0f is not installed" : isRoot ? undefined : "p0f needs root"
if (skipped !== undefined) process.stderr.write(`skipped: query against p0f itself: ${skipped}\n`)

test.skipIf(skipped !== undefined)("query asks p0f itself", async () => {
  const path = `${directory}/real.sock`
  const process_ = Bun.spawn([p0f!, "-i", "lo", "-s", path, "tcp port 29518"], { stdout: "ignore", stderr: "ignore" })
  try {
    while (!existsSync(path)) await Bun.sleep(10)
    const server = Bun.listen({ hostname: "127.0.0.1", port: 29518, socket: { data() {} } })
    let answer = ""
    for (let attempt = 0; attempt < 100 && !answer.includes("os  "); attempt++) {
      const client = await Bun.connect({ hostname: "127.0.0.1", port: 29518, socket: { data() {} } })
      await Bun.sleep(100)
      client.end()
      answer = await Effect.runPromise(query({ socket: path, address: "127.0.0.1", format: "text" }))
    }
    server.stop(true)
    expect(answer).toMatch(/^127\.0\.0\.1\nfirst seen {5}20\d\d-.*Z\nlast seen {6}20.*Z\nconnections {4}\d+\n/)
    expect(answer).toContain("os             Linux")
    expect(await Effect.runPromise(query({ socket: path, address: "192.0.2.1", format: "text" }))).toBe(
      "192.0.2.1: not seen"
    )
  } finally {
    process_.kill()
    await process_.exited
  }
})
