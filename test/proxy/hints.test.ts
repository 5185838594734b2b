/**
 * Hints by the proxy, with the kernel's own SYNs over loopback: a client that claims Windows on this Linux is reported, others are not.
 */
import { afterEach, expect, test } from "bun:test"
import { answerHeads } from "../../packages/proxy/src/testing/index.ts"
import { run } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { closeAll, count, GET, OK, setUp } from "./setup.ts"

afterEach(closeAll)

const CURL = [requires.binaries("curl")]
const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
const WINDOWS = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}`
const LINUX = `Mozilla/5.0 (X11; Linux x86_64) ${CHROME}`
const MISMATCH = /^ua-mismatch;q=0\.\d+;reason="windows ua, linux stack"$/

const headersOf = (head: string): Headers =>
  new Headers(
    head
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(": ", 2) as [string, string])
  )

/** Headers of a request by curl as the application receives them. */
async function headersWith(args: ReadonlyArray<string>, tables = ""): Promise<Headers> {
  const { proxy, upstream } = await setUp(answerHeads(OK), "", tables)
  await run(["curl", "-sS", "--max-time", "20", ...args, `http://127.0.0.1:${proxy.port}/`])
  return headersOf(upstream.connections[0]!.text.split("\r\n\r\n")[0]!)
}

testWith(CURL, "curl as itself, as a browser on Linux, as one on Windows", async () => {
  for (const args of [[], ["-A", LINUX], ["-A", "x".repeat(5000)], ["-H", "User-Agent:"]]) {
    expect((await headersWith(args)).get("x-tcp-hints")).toBeNull()
  }
  const headers = await headersWith(["-A", WINDOWS])
  expect(headers.get("x-tcp-status")).toBe("ok")
  expect(headers.get("x-tcp-hints")).toMatch(MISMATCH)
  expect(headers.get("user-agent")).toBe(WINDOWS)
  const hinted = ["-A", "app/1", "-H", 'Sec-CH-UA-Platform: "Windows"']
  expect((await headersWith(hinted)).get("x-tcp-hints")).toContain("windows client hint, linux stack")
})

testWith(CURL, "what the operator carves out, lowers, turns off or names otherwise", async () => {
  const ask = (tables: string) => headersWith(["-A", WINDOWS], tables)
  for (const tables of [
    '[hints]\nrelays = ["127.0.0.0/8"]',
    '[hints]\nexcept = ["127.0.0.1"]',
    '[hints.ua_mismatch]\nexcept = ["127.0.0.0/30"]',
    "[hints.ua_mismatch]\nenabled = false",
    "[hints]\nmin_score = 1",
    '[hints]\ntolerate = ["windows/linux"]',
    '[headers]\npreset = "seed"'
  ]) {
    expect([tables, (await ask(tables)).get("x-tcp-hints")]).toEqual([tables, null])
  }
  expect((await ask('[hints]\nexcept = ["192.0.2.0/24"]')).get("x-tcp-hints")).toMatch(MISMATCH)
  expect((await ask("[hints.ua_mismatch]\nmax_score = 0.25")).get("x-tcp-hints")).toContain(";q=0.25;")
  const single = await ask('[headers]\npreset = "huginn"\nua_mismatch = "X-Lies"')
  expect(single.get("x-lies")).toMatch(/^0\.\d+;reason="windows ua, linux stack"$/)
  expect(single.get("x-tcp-hints")).toBeNull()
})

test("requests of several clients on one connection, forged headers, and again", async () => {
  const { upstream, connect } = await setUp()
  const client = await connect()
  const requests = [
    [`User-Agent: ${WINDOWS}\r\n`, MISMATCH],
    [`user-agent: ${WINDOWS}\r\n`, MISMATCH],
    [`User-Agent: ${LINUX}\r\n`, undefined],
    [`User-Agent: ${LINUX}\r\nX_TCP_OS: Windows\r\nx-tcp-hints: none\r\n`, /^spoofed-header;q=1\.0;count=2$/],
    ["", undefined],
    [`User-Agent: ${WINDOWS}\r\nx-tcp-os: a\r\n`, /^ua-mismatch;q=.*linux stack", spoofed-header;q=1\.0;count=1$/],
    [`User-Agent: ${WINDOWS}\r\n`, MISMATCH],
    [`User-Agent: ${WINDOWS} \r\nSec-CH-UA-Platform: "Linux"\r\n`, MISMATCH],
    [`User-Agent: ${LINUX}\r\nSEC-CH-UA-PLATFORM: "macOS"\r\n`, /;q=0\.5;reason="linux ua, apple client hint"$/],
    [`User-Agent: ${"\xff".repeat(300)}\r\n`, undefined]
  ] as const
  for (const [n, [lines]] of requests.entries()) {
    client.send(GET.replace("\r\n\r\n", `\r\n${lines}\r\n`))
    await client.until((text) => count(text, "\r\n\r\nok") === n + 1)
  }
  const heads = upstream.connections.flatMap(({ text }) => text.split("\r\n\r\n").slice(0, -1))
  expect(heads.length).toBe(requests.length)
  for (const [n, [lines, wanted]] of requests.entries()) {
    const hints = headersOf(heads[n]!).get("x-tcp-hints") ?? undefined
    if (wanted === undefined) expect([lines, hints]).toEqual([lines, undefined])
    else expect(hints).toMatch(wanted)
  }
})
