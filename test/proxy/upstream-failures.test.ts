/** Upstreams that are processes: killed under load, started again, stopped for a while, slow, sending garbage. Answers are clean. */
import { afterAll, afterEach, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { RawClient } from "@synprint/proxy/testing"
import { type Program, start } from "../lib/process.ts"
import { until as eventually } from "../lib/until.ts"
import { makeDirectory, type ProxyProcess, startProxyProcess } from "./proxy-process.ts"

const directory = makeDirectory()
afterAll(() => directory.remove())
const programs: Array<Program> = []
const proxies: Array<ProxyProcess> = []
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop("SIGKILL")
  for (const program of programs.splice(0)) await program.stop("SIGKILL")
})

interface Upstream {
  readonly program: Program
  readonly port: number
}

async function startUpstream(mode = "ok", port = 0): Promise<Upstream> {
  const program = start([process.execPath, `${import.meta.dir}/upstream-process.ts`, String(port), mode])
  programs.push(program)
  return { program, port: Number((await program.line(/^listening/)).split(" ")[1]) }
}

async function startProxy(ports: ReadonlyArray<number>, tables = "", route = ""): Promise<number> {
  const upstreams = ports.map((port) => `"http://127.0.0.1:${port}"`).join(", ")
  const proxy = await startProxyProcess(
    `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = 2\n${tables}\n[[routes]]\nupstream = [${upstreams}]\n${route}`,
    directory.path
  )
  proxies.push(proxy)
  return proxy.ports[0]!
}

/** One request on a connection of its own: its status, and whether the response is whole and that of the request. */
async function ask(port: number, target: string, timeoutMs = 20_000): Promise<string> {
  const client = await RawClient.connect(port)
  client.send(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
  const text = await client.untilEnd(timeoutMs).catch(() => "late")
  client.end()
  const status = /^HTTP\/1\.1 (\d{3}) [^\r]+\r\n/.exec(text)?.[1]
  if (status === undefined) return client.wasReset ? "reset" : text === "" ? "nothing" : text
  const length = /\r\nContent-Length: (\d+)\r\n/i.exec(text)?.[1]
  const body = text.slice(text.indexOf("\r\n\r\n") + 4)
  // Half a response is reported by a reset, since a FIN might pass for its end.
  if (length === undefined || body.length !== Number(length)) return client.wasReset ? "reset" : `${status} broken`
  return status === "200" && body !== target ? `200 of another: ${body}` : status
}

interface Load {
  /** Waits until so many more had this outcome. */
  readonly more: (outcome: string, count: number) => Promise<void>
  readonly stop: () => Promise<Record<string, number>>
}

/** Requests without a pause from `clients` at once until `stop`; how often each outcome was. */
function load(port: number, clients: number): Load {
  const outcomes: Record<string, number> = {}
  let isOver = false
  let number = 0
  const one = async (): Promise<void> => {
    while (!isOver) {
      const outcome = await ask(port, `/${number++}`)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
  }
  const all = Array.from({ length: clients }, one)
  return {
    more: async (outcome, count) => {
      const wanted = (outcomes[outcome] ?? 0) + count
      await eventually(() => (outcomes[outcome] ?? 0) >= wanted, `${count} times ${outcome}`)
    },
    stop: async () => {
      isOver = true
      await Promise.all(all)
      return outcomes
    }
  }
}

/** Asks until an answer is this one. */
async function until(port: number, wanted: string): Promise<number> {
  const from = performance.now()
  while ((await ask(port, "/x")) !== wanted)
    if (performance.now() - from > 30_000) throw new Error(`no ${wanted} within 30 s`)
  return performance.now() - from
}

test("killed under load and started again: 502 meanwhile, nothing hangs or is half, and it comes back", async () => {
  const first = await startUpstream()
  const port = await startProxy([first.port])
  const running = load(port, 4)
  await running.more("200", 50)
  await first.program.stop("SIGKILL")
  await running.more("502", 50)
  await startUpstream("ok", first.port)
  await until(port, "200")
  await running.more("200", 50)
  const outcomes = await running.stop()
  // A response that was on its way when it died may be a reset, at most one a client.
  expect(Object.keys(outcomes).filter((outcome) => !["200", "502", "reset"].includes(outcome))).toEqual([])
  expect(outcomes["reset"] ?? 0).toBeLessThanOrEqual(4)
}, 90_000)

test("one of two killed under load: the other answers all that is asked afterwards", async () => {
  const [one, two] = [await startUpstream(), await startUpstream()]
  const port = await startProxy([one.port, two.port])
  const running = load(port, 4)
  await running.more("200", 50)
  await one.program.stop("SIGKILL")
  await running.more("200", 20)
  const after = load(port, 2)
  await after.more("200", 100)
  const outcomes = await running.stop()
  expect(Object.keys(await after.stop())).toEqual(["200"])
  expect(Object.keys(outcomes).filter((outcome) => !["200", "502", "reset"].includes(outcome))).toEqual([])
  expect((outcomes["502"] ?? 0) + (outcomes["reset"] ?? 0)).toBeLessThanOrEqual(4)
}, 90_000)

test("stopped by SIGSTOP: 504 in the time that is set; it goes on where it was", async () => {
  const upstream = await startUpstream()
  const port = await startProxy(
    [upstream.port],
    '[proxy.timeouts]\nupstream = "1 second"\nupstream_connect = "1 second"\n'
  )
  expect(await ask(port, "/a")).toBe("200")
  const { pid } = upstream.program
  process.kill(pid, "SIGSTOP")
  await eventually(() => / T /.test(readFileSync(`/proc/${pid}/stat`, "latin1")), "it stands still")
  const from = performance.now()
  expect(await Promise.all([ask(port, "/b"), ask(port, "/c"), ask(port, "/d")])).toEqual(["504", "504", "504"])
  // By default it would be a minute.
  expect(performance.now() - from).toBeLessThan(10_000)
  process.kill(pid, "SIGCONT")
  // Answers to what was given up belong to nobody.
  for (let n = 0; n < 20; n++) expect(await ask(port, `/${n}`)).toBe("200")
}, 90_000)

test("slow: within its time each gets its own answer; beyond, 504", async () => {
  const upstream = await startUpstream("slow")
  const port = await startProxy([upstream.port])
  const asked = Array.from({ length: 20 }, (_, n) => ask(port, `/${n}`))
  expect(new Set(await Promise.all(asked))).toEqual(new Set(["200"]))
  const late = await startUpstream("late")
  const hasty = await startProxy([late.port], '[proxy.timeouts]\nupstream = "200 ms"\n')
  expect(await ask(hasty, "/")).toBe("504")
}, 90_000)

test("garbage, half a response, silence: 502, a reset, 504; a good one of the route is not touched by it", async () => {
  const [good, garbage, half, silent] = await Promise.all(
    ["ok", "garbage", "half", "silent"].map((mode) => startUpstream(mode))
  )
  const tables = '[proxy.timeouts]\nupstream = "2 seconds"\n'
  const mixed = await startProxy([good!.port, garbage!.port], tables)
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(mixed, `/${n}`)))
  expect(outcomes.filter((outcome) => outcome !== "200" && outcome !== "502" && outcome !== "504")).toEqual([])
  expect(outcomes.filter((outcome) => outcome === "200").length).toBeGreaterThanOrEqual(15)
  const broken = await startProxy([half!.port], tables)
  for (let n = 0; n < 5; n++) expect(await ask(broken, "/abc")).toBe("reset")
  const mute = await startProxy([silent!.port], '[proxy.timeouts]\nupstream = "300 ms"\n')
  expect(await ask(mute, "/")).toBe("504")
}, 90_000)

test("more than may wait for one that does not accept: 503 at once, the others as their connections come", async () => {
  // A full backlog that nobody accepts from: the kernel drops further SYNs.
  const { openListeningSocket } = await import("@synprint/proxy/testing")
  const { port: full } = openListeningSocket({ host: "127.0.0.1", port: 0 }, 1)
  const fill = await Promise.all([RawClient.connect(full), RawClient.connect(full)])
  const tables =
    '[proxy.limits]\npending_per_upstream = 2\n[proxy.timeouts]\nupstream_connect = "2 seconds"\nupstream = "2 seconds"\n'
  const port = await startProxy([full], tables)
  const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(port, `/${n}`)))
  for (const client of fill) client.reset()
  // Two Workers, two each.
  const waited = outcomes.filter((outcome) => outcome === "504").length
  expect(waited).toBeGreaterThanOrEqual(2)
  expect(waited).toBeLessThanOrEqual(4)
  expect(outcomes.filter((outcome) => outcome === "503").length).toBe(20 - waited)
}, 60_000)

test("health checks take one out and in again, and its requests go elsewhere without a single failure", async () => {
  const [one, two] = [await startUpstream(), await startUpstream()]
  const tables = '[proxy.health]\ninterval = "100 ms"\ntimeout = "10 seconds"\nfall = 1\nrise = 1\n'
  const port = await startProxy([one.port, two.port], tables, 'health_check = "/health"\n')
  const proxy = proxies.at(-1)!
  await one.program.stop("SIGKILL")
  await proxy.says(`:${one.port} is out`)
  const running = load(port, 3)
  await running.more("200", 100)
  expect(Object.keys(await running.stop())).toEqual(["200"])
  // A reload that makes its upstreams anew knows still.
  writeFileSync(
    proxy.file,
    readFileSync(proxy.file, "utf8").replace(
      "[proxy.health]",
      "[proxy.limits]\npending_per_upstream = 5\n[proxy.health]"
    )
  )
  proxy.child.kill("SIGHUP")
  await proxy.says("reloaded")
  const again = load(port, 3)
  await again.more("200", 200)
  expect(Object.keys(await again.stop())).toEqual(["200"])
  await startUpstream("ok", one.port)
  await proxy.says(`:${one.port} is back`)
  expect(await ask(port, "/y")).toBe("200")
}, 90_000)
