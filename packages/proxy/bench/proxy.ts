/**
 * The proxy beside HAProxy and nginx as plain proxies: CPU time per request of the process, one core each, the same upstream in the same run.
 *
 * Each is warmed up; then they take turns for ROUNDS rounds of a second, and each round gives a ratio to its neighbours in time, so that what
 * else the machine does falls on all. What counts is the median of these ratios to the dearer comparison. "Bun alone" is the floor: a
 * program that only moves bytes between Bun's sockets (forward-process.ts). `--against CHECKOUT` adds the proxy of another checkout.
 */
import { readFileSync } from "node:fs"
import { otherMain } from "../../../test/bench/against.ts"
import { type ProxyProgram, startPrograms } from "./peers.ts"

const ROUNDS = 7
/** The proxy's compiler takes its time; a second is enough for programs that come compiled. */
const WARM_SECONDS = 6
const FLOOR_WARM_SECONDS = 2
const IDLE = 10_000
const IDLE_BUDGET = 6 * 1024
const isCheck = process.argv.includes("--check")
const CLOSE = ["-H", "Connection: close"]

interface Scenario {
  readonly name: string
  /** Times the CPU of the better of HAProxy and nginx. */
  readonly budget: number
  readonly words: ReadonlyArray<string>
  readonly isTls: boolean
  readonly path: string
}
const SCENARIOS: ReadonlyArray<Scenario> = [
  { name: "keep-alive", budget: 1, words: ["-c64"], isTls: false, path: "/" },
  { name: "one connection per request", budget: 1.2, words: ["-c64", ...CLOSE], isTls: false, path: "/" },
  { name: "1 MB bodies", budget: 1, words: ["-c16"], isTls: false, path: "/big" },
  { name: "TLS keep-alive", budget: 1, words: ["-c64"], isTls: true, path: "/" },
  { name: "TLS full handshake", budget: 1.5, words: ["-c16", ...CLOSE], isTls: true, path: "/" }
]

interface Round {
  /** Microseconds per request. */
  readonly cpu: number
  readonly perSecond: number
  /** Milliseconds. */
  readonly p99: number
}

/** User and system time of a process and its threads, seconds. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024
}

function median(values: ReadonlyArray<number>): number {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

async function wrk(peer: ProxyProgram, scenario: Scenario, seconds: number): Promise<Round> {
  const { words, isTls, path } = scenario
  const url = isTls ? `https://127.0.0.1:${peer.tlsPort}${path}` : `http://127.0.0.1:${peer.port}${path}`
  const from = cpuOf(peer.pid)
  const command = ["taskset", "-c", "1", "wrk", "-t1", `-d${seconds}s`, "--latency", ...words, url]
  const child = Bun.spawn(command, { stdout: "pipe" })
  const text = await new Response(child.stdout).text()
  await child.exited
  const requests = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0)
  if (requests === 0 || text.includes("Non-2xx")) throw new Error(`${peer.name}, ${scenario.name}: ${text}`)
  const [, value, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(text)!
  return {
    cpu: ((cpuOf(peer.pid) - from) * 1e6) / requests,
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)![1]),
    p99: Number(value) * (unit === "us" ? 0.001 : unit === "ms" ? 1 : 1000)
  }
}

/** Median ratio of one proxy's CPU time to another's, round by round. */
const ratioOf = (ours: ReadonlyArray<Round>, theirs: ReadonlyArray<Round>): number =>
  median(ours.map(({ cpu }, round) => cpu / theirs[round]!.cpu))

const { proxy, otherProxy, floor, others, stop } = startPrograms(otherMain(process.argv))
const failed: Array<string> = []
try {
  await Bun.sleep(2500)
  for (const scenario of SCENARIOS) {
    const { name, budget } = scenario
    const peers = [proxy, ...(otherProxy === undefined ? [] : [otherProxy]), floor, ...others]
    for (const peer of peers)
      await wrk(
        peer,
        scenario,
        peer === proxy || peer === otherProxy ? WARM_SECONDS : peer === floor ? FLOOR_WARM_SECONDS : 1
      )
    const rounds = new Map<ProxyProgram, Array<Round>>(peers.map((peer) => [peer, []]))
    for (let round = 0; round < ROUNDS; round++)
      for (const peer of peers) rounds.get(peer)!.push(await wrk(peer, scenario, 1))
    console.log(`\n${name}`)
    for (const [peer, all] of rounds) {
      const [cpu, perSecond, p99] = (["cpu", "perSecond", "p99"] as const).map((key) =>
        median(all.map((round) => round[key]))
      )
      console.log(
        `  ${peer.name.padEnd(9)} ${cpu!.toFixed(1).padStart(8)} us CPU/request ${perSecond!.toFixed(0).padStart(8)} /s  p99 ${p99!.toFixed(1)} ms`
      )
    }
    const against = (each: ProxyProgram): number =>
      Math.max(...others.map((other) => ratioOf(rounds.get(each)!, rounds.get(other)!)))
    const ratio = against(proxy)
    const isOver = ratio > budget
    console.log(
      `  ratio to the better: ${ratio.toFixed(2)} (budget ${budget.toFixed(1)})${isOver ? "  OVER" : ""}; Bun alone ${against(floor).toFixed(2)}`
    )
    if (otherProxy !== undefined) {
      const toOther = ratioOf(rounds.get(proxy)!, rounds.get(otherProxy)!)
      console.log(`  ratio to the other checkout: ${toOther.toFixed(3)}`)
    }
    if (isOver) failed.push(`${name} ${ratio.toFixed(2)}`)
  }

  // Connections that have had one request and wait.
  const connect = async (count: number): Promise<ReadonlyArray<Bun.Socket>> => {
    const sockets: Array<Bun.Socket> = []
    let answered = 0
    for (let n = 0; n < count; n++) {
      const socket = await Bun.connect({
        hostname: "127.0.0.1",
        port: proxy.port,
        socket: { data: () => void answered++, error() {} }
      })
      socket.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      sockets.push(socket)
    }
    while (answered < sockets.length) await Bun.sleep(10)
    return sockets
  }
  const first = await connect(IDLE / 5)
  const before = rssOf(proxy.pid)
  const more = await connect(IDLE - first.length)
  const each = (rssOf(proxy.pid) - before) / more.length
  const text = `${(each / 1024).toFixed(1)} KiB`
  console.log(`\nidle connections: ${text} each over ${IDLE} (budget 6.0)${each > IDLE_BUDGET ? "  OVER" : ""}`)
  if (each > IDLE_BUDGET) failed.push(`idle connections ${text}`)
  for (const socket of [...first, ...more]) socket.end()
} finally {
  await stop()
}
if (isCheck && failed.length > 0) {
  console.error(`over budget: ${failed.join(", ")}`)
  process.exit(1)
}
process.exit()
