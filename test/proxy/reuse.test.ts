/** A connection that takes the place of one that is over (client-table.ts) learns nothing of it, however that one ended. */
import { afterEach, expect, test } from "bun:test"
import { RawClient, settingsOf, type UpstreamSide } from "@synprint/proxy/testing"
import { Generation } from "../../packages/proxy/src/routing/generation.ts"
import { closeAll, GET, setUp } from "./setup.ts"

afterEach(closeAll)

const WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
const LARGE = 8_000_000

/** Tells each request's own head as body; /silent gets none, /large a large one, /upgrade another protocol. */
function answer(side: UpstreamSide): void {
  const heads = side.text.split("\r\n\r\n").slice(0, -1)
  for (const head of heads.slice(side.answered)) {
    side.answered++
    if (head.includes(" /silent ")) continue
    if (head.includes(" /upgrade ")) {
      side.socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello")
      continue
    }
    const body = head.includes(" /large ") ? "x".repeat(LARGE) : head
    side.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  }
}

/** Two requests on one connection from `address`, as an application sees them, without numbers that differ from run to run. */
async function seen(port: number, address: string, ...words: ReadonlyArray<string>): Promise<string> {
  const url = `http://127.0.0.1:${port}/`
  const options = ["-sS", "--max-time", "20", "--interface", address, "-w", " %{num_connects} connects\n"]
  const child = Bun.spawn(["curl", ...options, ...words, url, `${url}again`], { stderr: "inherit" })
  const text = await new Response(child.stdout).text()
  expect(await child.exited).toBe(0)
  return text.replaceAll(/^(x-tcp-(?:rtt|uptime|first-seen|last-seen|total-conn)|x-tls-chello-delay): \d+/gm, "$1: N")
}

type Leave = (port: number) => Promise<unknown>

/** Sends `text`, waits for what `isThere` says, leaves. */
const after =
  (text: string, isThere: (received: string) => boolean, leave: (client: RawClient) => void): Leave =>
  async (port) => {
    const client = await RawClient.connect(port)
    client.send(text)
    await client.until(isThere)
    leave(client)
  }
const any = (): boolean => true
const answered = (text: string): boolean => text.includes("\r\n\r\n")
const fin = (client: RawClient): void => client.end()
const rst = (client: RawClient): void => client.reset()
const to = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`
const BODY = "POST /silent HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf"

const LEAVES: Readonly<Record<string, Leave>> = {
  "nothing was asked": after("", any, fin),
  "half a head, FIN": after("GET / HTTP/1.1\r\nX-Other: a", any, fin),
  "half a head, RST": after("GET / HTTP/1.1\r\nX-Other: a", any, rst),
  answered: after(GET, answered, fin),
  "answered and closed": after(to("/", "Connection: close\r\n"), answered, fin),
  "forged headers": after(to("/", "X-Tcp-Os: other\r\nX-Tcp-Sig: other\r\n"), answered, rst),
  "a lying User-Agent": after(to("/", `User-Agent: ${WINDOWS}\r\n`), answered, rst),
  "a trusted peer": (port) => seen(port, "127.0.0.2", "-H", "X-Forwarded-For: 198.51.100.7"),
  refused: after("GET / HTTP/1.1\r\nHost : h\r\n\r\n", answered, fin),
  "half a body": after(BODY, any, rst),
  "no answer yet": after(to("/silent"), any, rst),
  "requests in a row, the first not answered yet": after(to("/silent") + to("/one") + to("/two"), any, rst),
  "requests in a row, FIN": after(to("/one") + to("/two") + to("/thr"), answered, fin),
  "a response that nobody reads": async (port) => {
    const client = await RawClient.connect(port)
    client.pause()
    client.send(to("/large") + to("/two"))
    await Bun.sleep(50)
    client.reset()
  },
  "half a large response": after(to("/large"), (text) => text.length > 100_000, rst),
  "a tunnel": after(to("/upgrade", "Connection: Upgrade\r\nUpgrade: x\r\n"), (text) => text.endsWith("hello"), rst),
  "an upgrade that was refused": after(to("/", "Connection: Upgrade\r\nUpgrade: x\r\n"), answered, rst)
}

for (const [name, leave] of Object.entries(LEAVES))
  test(`after: ${name}`, async () => {
    const { proxy } = await setUp(answer, "", '[proxy]\ntrusted = ["127.0.0.2/32"]\n')
    const isOver = async (): Promise<void> => {
      for (const deadline = performance.now() + 15_000; proxy.server.open > 0; await Bun.sleep(1))
        if (performance.now() > deadline) throw new Error(`${proxy.server.open} connections are still open`)
    }
    const expected = await seen(proxy.port, "127.0.0.9", "-A", "curl")
    expect(expected).toContain("X-Forwarded-For: 127.0.0.9\r\n")
    expect(expected).toContain("x-tcp-status: ok\r\n")
    expect(expected).toEndWith(" 0 connects\n")
    for (let round = 0; round < 3; round++) {
      await isOver()
      await leave(proxy.port)
      await isOver()
      expect(await seen(proxy.port, "127.0.0.9", "-A", "curl")).toBe(expected)
    }
    expect(proxy.server.open).toBeLessThanOrEqual(1)
  }, 120_000)

test("after a reload that turned hints off: none are sent, neither on a connection that stays nor on the next one", async () => {
  const { proxy, upstream, connect } = await setUp(answer)
  const request = to("/", `User-Agent: ${WINDOWS}\r\n`)
  const staying = await connect()
  const leaving = await connect()
  for (const client of [staying, leaving]) {
    client.send(request)
    await client.until((text) => text.includes("\r\nx-tcp-hints: ua-mismatch"))
  }
  // The last one to go is the first one to be taken.
  leaving.end()
  await leaving.until((_text, { isClosed, hasEnded }) => isClosed || hasEnded)
  const off = `[headers]\npreset = "seed"\n[[routes]]\nupstream = "${upstream.target}"\n`
  proxy.server.reload(new Generation(settingsOf(off), proxy.server.generation))
  const fresh = await connect()
  for (const client of [staying, fresh]) {
    const before = client.length
    client.send(request)
    expect((await client.until((text) => text.slice(before).includes("Mozilla"))).slice(before)).not.toContain("hints")
  }
})
