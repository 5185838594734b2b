/** A running proxy as an operator sees it: metrics, readiness, observations. */
import { afterAll, afterEach, expect, test } from "bun:test"
import { readFileSync, renameSync, statSync } from "node:fs"
import { answerHeads, RawClient } from "@synprint/proxy/testing"
import { testWith } from "../lib/requires.ts"
import { needs, openSite } from "../lib/site.ts"
import { makeDirectory, type ProxyProcess, startProxyProcess } from "./proxy-process.ts"
import { closeAll, GET, OK, openUpstream, whole } from "./setup.ts"

const directory = makeDirectory()
afterAll(() => directory.remove())
const running: Array<ProxyProcess> = []
afterEach(async () => {
  for (const { child } of running.splice(0)) {
    child.kill("SIGKILL")
    await child.exited
  }
  await closeAll()
})

async function start(tables: string, upstream: string, backend = '"saved-syn"'): Promise<ProxyProcess> {
  const proxy = await startProxyProcess(
    `[capture]\nbackend = ${backend}\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = 2\n${tables}\n[[routes]]\nupstream = "${upstream}"\n`,
    directory.path
  )
  running.push(proxy)
  return proxy
}

const adminOf = (proxy: ProxyProcess): string => /metrics on (\S+:\d+)/.exec(proxy.log())![1]!

async function connections(port: number, number: number): Promise<void> {
  for (let n = 0; n < number; n++) {
    const client = await RawClient.connect(port)
    client.send(GET)
    await client.until(whole)
    client.end()
  }
}

/** Asks until it holds: the Workers report once a second. */
async function until(holds: () => Promise<boolean> | boolean): Promise<boolean> {
  const deadline = performance.now() + 15_000
  while (performance.now() < deadline) {
    if (await holds()) return true
    await Bun.sleep(50)
  }
  return false
}

test("metrics: lookups and history of all Workers, requests, nothing lost", async () => {
  const proxy = await start('[admin]\nlisten = "127.0.0.1:0"', openUpstream(answerHeads(OK)).target)
  await connections(proxy.ports[0]!, 40)
  let text = ""
  const hits = 'synprint_lookups_total{backend="saved-syn",result="hit"} 40\n'
  const read = async (): Promise<boolean> => {
    text = await (await fetch(`http://${adminOf(proxy)}/metrics`)).text()
    return lines.every((line) => text.includes(line))
  }
  const lines = [
    hits,
    'synprint_lookups_total{backend="saved-syn",result="syncookie"} 0\n',
    'synprint_backend_up{backend="saved-syn"} 1\n',
    'synprint_capture_drops_total{backend="saved-syn",where="kernel"} 0\n',
    "synprint_syns_observed_total 40\n",
    'synprint_answers_total{status="ok"} 40\n',
    "synprint_requests_total 40\n",
    "synprint_worker_restarts_total 0\n",
    "synprint_workers 2\n"
  ]
  await until(read)
  for (const line of lines) expect(text).toContain(line)
  expect(Number(/^synprint_matches_total (\d+)$/m.exec(text)![1])).toBe(40)
  // Every series is declared once and described.
  const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  expect(new Set(series.map((line) => line.replace(/ \S+$/, ""))).size).toBe(series.length)
})

test("stopping: /ready fails at once, /live does not; a second signal ends what still runs", async () => {
  const silent = openUpstream(() => undefined)
  const proxy = await start('[admin]\nlisten = "127.0.0.1:0"', silent.target)
  const at = `http://${adminOf(proxy)}`
  expect([(await fetch(`${at}/ready`)).status, (await fetch(`${at}/live`)).status]).toEqual([200, 200])
  expect((await fetch(`${at}/other`)).status).toBe(404)
  const client = await RawClient.connect(proxy.ports[0]!)
  client.send(GET)
  await silent.until(() => silent.connections.length === 1)
  proxy.child.kill("SIGTERM")
  expect(await until(async () => (await fetch(`${at}/ready`)).status === 503)).toBe(true)
  expect(await (await fetch(`${at}/ready`)).text()).toBe("stopping\n")
  expect((await fetch(`${at}/live`)).status).toBe(200)
  const from = performance.now()
  proxy.child.kill("SIGTERM")
  expect(await proxy.child.exited).toBe(1)
  // By default it would wait for half a minute.
  expect(performance.now() - from).toBeLessThan(10_000)
})

test("the access log as JSON: what was asked, answered and known, whatever bytes it has", async () => {
  const { target } = openUpstream(answerHeads(OK))
  const file = `${directory.path}/access.json`
  const tables = `access_log = "${file}"\naccess_log_format = "json"\n[admin]\nlisten = []`
  const proxy = await start(tables, target)
  const client = await RawClient.connect(proxy.ports[0]!)
  client.send('GET /\u00e9?"x HTTP/1.1\r\nHost: h\r\nUser-Agent: a"\u00ff\\\r\nReferer: http://r/\r\n\r\n')
  await client.until(whole)
  client.send("nonsense\r\n\r\n")
  await client.untilEnd()
  expect(await until(() => readFileSync(file, "utf8") !== "")).toBe(true)
  const lines = readFileSync(file, "utf8").trim().split("\n")
  const line = JSON.parse(lines[0]!) as Record<string, unknown>
  expect(line).toMatchObject({
    client: "127.0.0.1",
    method: "GET",
    target: '/\u00e9?"x',
    version: "HTTP/1.1",
    status: 200,
    bytes: 2,
    referer: "http://r/",
    user_agent: 'a"\u00ff\\',
    x_tcp_status: "ok"
  })
  expect(String(line["x_tcp_sig"])).toStartWith("4:64+0:0:")
  expect(Date.parse(String(line["time"]))).toBeGreaterThan(Date.now() - 60_000)
})

test("observations: a SYN of every connection, opened again on SIGUSR1, of one process alone", async () => {
  const file = `${directory.path}/observed`
  const { target } = openUpstream(answerHeads(OK))
  const tables = `[admin]\nlisten = []\n[log]\nobservations = "${file}"`
  const proxy = await start(tables, target)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await connections(proxy.ports[0]!, 10)
  const syns = (path: string): number =>
    readFileSync(path, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { readonly event: string; readonly client: string })
      .filter(({ event, client }) => event === "syn" && client === "127.0.0.1").length
  expect(await until(() => syns(file) === 10)).toBe(true)
  renameSync(file, `${file}.1`)
  proxy.child.kill("SIGUSR1")
  expect(await until(() => statSync(file, { throwIfNoEntry: false }) !== undefined)).toBe(true)
  await connections(proxy.ports[0]!, 3)
  // Lines that wait when the proxy stops are written too.
  expect(await proxy.stop()).toBe(0)
  expect([syns(`${file}.1`), syns(file)]).toEqual([10, 3])
  const first = await start(tables, target)
  const second = await start(tables, target)
  expect(await second.child.exited).toBe(78)
  expect(second.log()).toContain("another process writes it")
  expect(first.child.exitCode).toBe(null)
}, 60_000)

testWith(
  needs(),
  "ready_needs_capture: /ready fails while the tap has no interface, and traffic goes on",
  async () => {
    await using site = await openSite()
    const { server, directory: place } = site
    const config = `[capture]\nbackend = ["saved-syn", "pcap"]\ninterface = "${server.interface}"\n[admin]\nlisten = "127.0.0.1:9102"\nready_needs_capture = true\n[proxy]\nlisten = "127.0.0.1:80"\nworkers = 2\n[[routes]]\nupstream = "http://127.0.0.1:8080"\n`
    const proxy = await startProxyProcess(config, place, server.inside)
    running.push(proxy)
    const ask = async (url: string): Promise<string> => {
      const child = Bun.spawn([...server.inside, "curl", "-s", "-m", "20", "-w", " %{http_code}", url], {
        stdout: "pipe"
      })
      return new Response(child.stdout).text()
    }
    expect(await ask("http://127.0.0.1:9102/ready")).toBe("ok\n 200")
    Bun.spawnSync([...server.inside, "ip", "link", "del", server.interface])
    expect(await until(async () => (await ask("http://127.0.0.1:9102/ready")).startsWith("pcap: "))).toBe(true)
    expect(await ask("http://127.0.0.1:9102/ready")).toEndWith(" 503")
    expect(await ask("http://127.0.0.1/")).toEndWith(" 200")
    expect(await ask("http://127.0.0.1:9102/metrics")).toContain('\nsynprint_backend_up{backend="pcap"} 0\n')
  },
  90_000
)
