/** `synprint proxy` as an operator meets it: start, TLS, reload, stop, rights, a second instance. */
import { afterAll, afterEach, describe, expect, test } from "bun:test"
import { chmodSync, existsSync, renameSync, statSync, writeFileSync } from "node:fs"
import { answerHeads, type FakeUpstream, openFakeUpstream, RawClient } from "@synprint/proxy/testing"
import { asNobody, bundle } from "../lib/capability.ts"
import { requires, testWith } from "../lib/requires.ts"
import { until } from "../lib/until.ts"
import { makeDirectory, type ProxyProcess, startProxyProcess } from "./proxy-process.ts"

const directory = makeDirectory()
chmodSync(directory.path, 0o755)
afterAll(() => directory.remove())
const running: Array<ProxyProcess> = []
const upstreams: Array<FakeUpstream> = []
afterEach(async () => {
  for (const { child } of running) child.kill("SIGKILL")
  await Promise.all(running.splice(0).map(({ child }) => child.exited))
  for (const upstream of upstreams.splice(0)) upstream.close()
})

const OK = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\n\r\nok"
function upstream(receive = answerHeads(OK)): FakeUpstream {
  const opened = openFakeUpstream(receive)
  upstreams.push(opened)
  return opened
}
async function start(config: string, inside: ReadonlyArray<string> = [], environment = {}): Promise<ProxyProcess> {
  const started = await startProxyProcess(config, directory.path, inside, environment)
  running.push(started)
  return started
}
const CONFIG = (target: string, more = "", listen = "127.0.0.1:0") =>
  `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\nlisten = "${listen}"\nworkers = 2\n${more}\n[[routes]]\nupstream = "${target}"\n`
const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

const curl = async (...words: ReadonlyArray<string>): Promise<string> => {
  const child = Bun.spawn(["curl", "-sk", "--max-time", "20", ...words], { stdout: "pipe", stderr: "pipe" })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return (await child.exited) === 0 ? out : `curl failed: ${err}`
}

/** Log of the proxy until it serves. */
async function logOfStart(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stderr.getReader()
  let log = ""
  while (!log.includes(" with ")) {
    const { value, done } = await reader.read()
    if (done) throw new Error(log)
    log += new TextDecoder().decode(value)
  }
  reader.releaseLock()
  return log
}

describe("life", () => {
  test("SIGTERM: what is on its way is answered, idle connections close, exit 0", async () => {
    const slow = upstream(() => undefined)
    const proxy = await start(CONFIG(slow.target))
    // So many that each Worker has some.
    const idle = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(proxy.ports[0]!)))
    const busy = await RawClient.connect(proxy.ports[0]!)
    busy.send(GET)
    await slow.until(() => slow.connections[0]?.text.endsWith("\r\n\r\n") === true)
    const exit = proxy.stop()
    expect(await Promise.all(idle.map((client) => client.untilEnd()))).toEqual(idle.map(() => ""))
    slow.connections[0]!.socket.write(OK)
    expect(await busy.untilEnd()).toEndWith("Connection: close\r\n\r\nok")
    expect(await exit).toBe(0)
  })

  test("a second instance is refused, the first goes on", async () => {
    const { target } = upstream()
    const first = await start(CONFIG(target))
    const second = await start(CONFIG(target, "", `127.0.0.1:${first.ports[0]!}`))
    expect(await second.child.exited).toBe(1)
    expect(second.log()).toContain("another synprint of this host serves it")
    expect(await curl(`http://127.0.0.1:${first.ports[0]!}/`)).toBe("ok")
  })

  test("a configuration without routes is exit 78", async () => {
    const proxy = await start('[proxy]\nlisten = "127.0.0.1:0"\n')
    expect(await proxy.child.exited).toBe(78)
    expect(proxy.log()).toContain("needs one [[routes]]")
  })

  test("a reload: a bad file changes nothing, a good one sends requests elsewhere", async () => {
    const [one, two] = [upstream(), upstream(answerHeads(OK.replace(/ok$/, "on")))]
    const proxy = await start(CONFIG(one.target))
    const write = (text: string): void => {
      writeFileSync(`${proxy.file}.new`, text)
      renameSync(`${proxy.file}.new`, proxy.file)
    }
    write("[proxy\n")
    await proxy.says("reload rejected")
    expect(await curl(`http://127.0.0.1:${proxy.ports[0]!}/`)).toBe("ok")
    write(CONFIG(two.target))
    await proxy.says("reloaded")
    // The Workers have it a little later than the log.
    let answer = "ok"
    for (let tries = 0; tries < 200 && answer === "ok"; tries++)
      answer = await curl(`http://127.0.0.1:${proxy.ports[0]!}/`)
    expect(answer).toBe("on")
  })

  test("the access log: a line per request with what is known of the SYN, reopened on SIGUSR1", async () => {
    const { target } = upstream()
    const file = `${directory.path}/access.log`
    const proxy = await start(CONFIG(target, `access_log = "${file}"\n`))
    const lines = async (path: string, wanted: number): Promise<ReadonlyArray<string>> => {
      const deadline = performance.now() + 15_000
      for (;;) {
        const found = (await Bun.file(path).exists()) ? (await Bun.file(path).text()).split("\n").slice(0, -1) : []
        if (found.length >= wanted || performance.now() > deadline) return found
        await Bun.sleep(20)
      }
    }
    await curl("-A", 'a"b', "-e", "http://r/", `http://127.0.0.1:${proxy.ports[0]!}/x?y`)
    const [line] = await lines(file, 1)
    expect(line).toMatch(
      /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/x\?y HTTP\/1\.1" 200 2 "http:\/\/r\/" "a\\x22b" "ok" "Linux[^"]*" "4:64\+0:0:[^"]*"$/
    )
    renameSync(file, `${file}.1`)
    proxy.child.kill("SIGUSR1")
    // Each Worker opens it anew when the message arrives: one that answers before that writes to the old one, and no line is lost.
    let asked = 1
    for (; asked < 200 && !(existsSync(file) && statSync(file).size > 0); asked++) {
      await curl(`http://127.0.0.1:${proxy.ports[0]!}/`)
      await Bun.sleep(20)
    }
    const old = await lines(`${file}.1`, 1)
    const fresh = await lines(file, asked - old.length)
    expect(fresh.length).toBeGreaterThan(0)
    expect(old.length + fresh.length).toBe(asked)
  })

  test("replaced five times by socket activation under a connection per request: none fails", async () => {
    const { target } = upstream()
    const file = `${directory.path}/activated.toml`
    writeFileSync(file, CONFIG(target, 'timeouts.shutdown = "20 seconds"\n'))
    // A socket of our own that nobody here accepts from: what systemd holds.
    const { openListeningSocket } = await import("@synprint/proxy/testing")
    const { fd, port } = openListeningSocket({ host: "127.0.0.1", port: 0 }, 512)
    const activate = async () => {
      const main = `${import.meta.dir}/../../packages/cli/src/main.ts`
      const child = Bun.spawn(
        ["sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "${process.execPath}" "${main}" proxy --config "${file}"`],
        { stdio: ["ignore", "ignore", "pipe", fd] }
      )
      await logOfStart(child.stderr)
      return child
    }
    let current = await activate()
    let isOver = false
    const outcomes = { ok: 0, failed: 0 }
    const load = async (): Promise<void> => {
      while (!isOver) {
        const client = await RawClient.connect(port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        const text = await client.untilEnd(30_000)
        if (text.endsWith("\r\n\r\nok")) outcomes.ok++
        else outcomes.failed++
        client.end()
      }
    }
    const loads = [load(), load(), load(), load()]
    for (let n = 0; n < 5; n++) {
      const before = outcomes.ok
      await until(() => outcomes.ok + outcomes.failed >= before + 25, "25 more answers")
      const next = await activate()
      current.kill()
      expect(await current.exited).toBe(0)
      current = next
    }
    isOver = true
    await Promise.all(loads)
    current.kill()
    await current.exited
    expect(outcomes.failed).toBe(0)
  }, 120_000)

  testWith([requires.root], "as uid 65534 without any capability: every connection has its SYN", async () => {
    const { target, connections } = upstream()
    const main = await bundle(`${import.meta.dir}/../../packages/cli/src/main.ts`, directory.path)
    const file = `${directory.path}/nobody.toml`
    writeFileSync(file, CONFIG(target, "", "[::1]:0"))
    const child = Bun.spawn([...asNobody([], [process.execPath, main, "proxy", "--config", file])], {
      stdout: "ignore",
      stderr: "pipe",
      env: { PATH: process.env["PATH"], HOME: "/nonexistent" }
    })
    const log = await logOfStart(child.stderr)
    const port = /:(\d+) with/.exec(log)![1]!
    for (let n = 0; n < 4; n++) expect(await curl(`http://[::1]:${port}/`)).toBe("ok")
    child.kill()
    expect(await child.exited).toBe(0)
    const heads = connections.flatMap(({ text }) => text.split("\r\n\r\n").slice(0, -1))
    expect(heads.length).toBe(4)
    for (const head of heads) expect(head).toContain("\r\nx-tcp-sig: 6:64+0:0:")
  })
})
