/** Long bodies to slow readers in bounded memory, and a WebSocket with a real client and a real server. */
import { afterAll, afterEach, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { requires, testWith } from "../lib/requires.ts"
import { makeDirectory, type ProxyProcess, startProxyProcess } from "./proxy-process.ts"

const directory = makeDirectory()
afterAll(() => directory.remove())
const closers: Array<() => unknown> = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function startProxy(upstream: string): Promise<ProxyProcess> {
  const proxy = await startProxyProcess(
    `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = 2\n[[routes]]\nupstream = "${upstream}"\n`,
    directory.path
  )
  closers.push(() => proxy.stop())
  return proxy
}

const rssOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024

test("8 x 100 MB to slow readers: bounded memory, and every byte arrives", async () => {
  const SIZE = 104_857_844
  const piece = Buffer.alloc(1 << 20, "0123456789abcdef")
  const upstream = Bun.listen<{ left: number }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { left: -1 }
      },
      data(socket) {
        if (socket.data.left <= 0) {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`)
          socket.data.left = SIZE
        }
        fill(socket)
      },
      drain: (socket) => fill(socket)
    }
  })
  const fill = (socket: Bun.Socket<{ left: number }>): void => {
    while (socket.data.left > 0) {
      const from = (SIZE - socket.data.left) % 16
      const written = socket.write(piece, from, Math.min(piece.length - 16, socket.data.left))
      if (written <= 0) return
      socket.data.left -= written
    }
  }
  closers.push(() => upstream.stop(true))
  const proxy = await startProxy(`http://127.0.0.1:${upstream.port}`)
  const download = async (rate: string): Promise<string> => {
    const words = ["sh", "-c", `curl -s --limit-rate ${rate} http://127.0.0.1:${proxy.ports[0]!}/ | md5sum`]
    const child = Bun.spawn(words, { stdout: "pipe" })
    return (await new Response(child.stdout).text()).slice(0, 32)
  }
  expect(readdirSync(`/proc/${proxy.child.pid}/task`).length).toBeGreaterThan(2)
  const before = rssOf(proxy.child.pid)
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, rssOf(proxy.child.pid))
  }, 20)
  closers.unshift(() => clearInterval(watch))
  // curl takes 20 MB/s each: far slower than the upstream sends.
  const sums = await Promise.all(Array.from({ length: 8 }, () => download("20M")))
  const hash = new Bun.CryptoHasher("md5")
  for (let at = 0; at < SIZE; at += 1 << 20) hash.update(piece.subarray(0, Math.min(1 << 20, SIZE - at)))
  expect(new Set(sums)).toEqual(new Set([hash.digest("hex")]))
  if (process.env["SYNPRINT_TEST_RECORD"] !== undefined) console.log(`rss ${before / 1e6} MB, most ${most / 1e6} MB`)
  // From a fresh process, compiled code included. Left to the garbage collector, the chunks that went (512 KB each) made 90 to 115 MB.
  expect((most - before) / 1e6).toBeLessThan(64)
}, 180_000)

test("a WebSocket: messages both ways, large and small, and the close code", async () => {
  const heads: Array<Headers> = []
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request, each) {
      heads.push(request.headers)
      return each.upgrade(request) ? undefined : new Response("no", { status: 400 })
    },
    websocket: {
      message(socket, message) {
        if (message === "end") socket.close(4001, "as asked")
        else socket.send(message)
      }
    }
  })
  closers.push(() => server.stop(true))
  const proxy = await startProxy(`http://127.0.0.1:${server.port}`)
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.ports[0]!}/chat`)
  const got: Array<string> = []
  const closed = new Promise<CloseEvent>((resolve) => {
    socket.addEventListener("close", resolve)
  })
  socket.addEventListener("message", ({ data }) => {
    got.push(String(data))
    if (got.length === 3) socket.send("end")
  })
  await new Promise((resolve) => {
    socket.addEventListener("open", resolve)
  })
  const large = "x".repeat(500_000)
  for (const message of ["one", large, "three"]) socket.send(message)
  const { code, reason } = await closed
  expect(got).toEqual(["one", large, "three"])
  expect([code, reason]).toEqual([4001, "as asked"])
  expect(heads[0]!.get("x-tcp-status")).toBe("ok")
}, 60_000)

testWith(
  [requires.binaries("wrk", "curl")],
  "wrk and curl: no error on many connections; methods, bodies, ranges and resumed downloads as without a proxy",
  async () => {
    const body = Buffer.alloc(100_000, "0123456789")
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        if (request.method === "PUT") return new Response(`${(await request.arrayBuffer()).byteLength}`)
        const range = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")
        if (range === null) return new Response(body)
        const from = Number(range[1])
        const headers = { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` }
        return new Response(body.subarray(from), { status: 206, headers })
      }
    })
    closers.push(() => server.stop(true))
    const proxy = await startProxy(`http://127.0.0.1:${server.port}`)
    const url = `http://127.0.0.1:${proxy.ports[0]!}/`
    const output = async (...words: ReadonlyArray<string>): Promise<string> =>
      new Response(Bun.spawn([...words], { stdout: "pipe", stderr: "pipe" }).stdout).text()
    const report = await output("wrk", "-t1", "-c32", "-d1s", "--timeout", "20s", url)
    expect(Number(/(\d+) requests in/.exec(report)?.[1])).toBeGreaterThan(100)
    expect(report).not.toMatch(/Socket errors|Non-2xx/)
    const closing = await output("wrk", "-t1", "-c8", "-d1s", "--timeout", "20s", "-H", "Connection: close", url)
    // wrk counts the end of a connection as a read error, and nothing else.
    expect(closing).not.toMatch(/connect [1-9]|write [1-9]|timeout [1-9]|Non-2xx/)
    const file = `${directory.path}/upload`
    await Bun.write(file, body)
    expect(await output("curl", "-sS", "-T", file, url)).toBe("100000")
    expect(await output("curl", "-sS", "-H", "Transfer-Encoding: chunked", "-T", file, url)).toBe("100000")
    expect(await output("curl", "-sS", "-r", "99990-", url)).toBe("0123456789")
    expect(await output("curl", "-sS", "-I", url)).toStartWith("HTTP/1.1 200 OK\r\n")
    expect((await output("curl", "-sS", "--http1.0", url)).length).toBe(100_000)
    expect(await output("curl", "-sS", "-w", "%{http_code}", "-H", `A: ${"x".repeat(40_000)}`, url)).toEndWith("431")
  },
  90_000
)
