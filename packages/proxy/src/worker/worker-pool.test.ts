import { expect, test } from "bun:test"
import { CELLS, OPEN, REQUESTS } from "../operations/counters.ts"
import { proxyConfig } from "../testing/config.ts"
import { ONE_ROUTE } from "../testing/fake-services.ts"
import type { FromWorker, ToWorker, WorkerStart } from "./message.ts"
import { WorkerFailed, WorkerPool } from "./worker-pool.ts"

/** A thread that answers as the test says. */
class FakeWorker extends EventTarget {
  readonly messages: Array<ToWorker> = []
  isTerminated = false

  postMessage(message: ToWorker): void {
    this.messages.push(message)
  }

  terminate(): void {
    this.isTerminated = true
    this.die()
  }

  die(): void {
    this.dispatchEvent(new Event("close"))
  }

  say(data: FromWorker): void {
    this.dispatchEvent(new MessageEvent("message", { data }))
  }
}

const config = proxyConfig.good(ONE_ROUTE)
function open() {
  const workers: Array<FakeWorker> = []
  const log: Array<string> = []
  const observed: Array<Uint8Array> = []
  const pool = new WorkerPool({
    config,
    echo: undefined,
    threads: 1,
    descriptors: [[]],
    shutdownMs: 50,
    shared: {},
    observed: (lines) => observed.push(lines),
    log: (level, message) => log.push(`${level} ${message}`),
    createWorker: () => {
      workers.push(new FakeWorker())
      return workers.at(-1) as unknown as Worker
    }
  })
  return { pool, workers, log, observed }
}
const STARTED = { type: "started", summary: "s", hints: [] } as const

test("a Worker starts, logs, reports and counts", async () => {
  const { pool, workers, log, observed } = open()
  const starting = pool.start(0)
  const [worker] = workers
  const start = worker!.messages[0] as WorkerStart
  expect(start).toMatchObject({ type: "start", thread: 0, threads: 1, generation: 0 })
  worker!.say(STARTED)
  expect((await starting).summary).toBe("s")
  worker!.say({ type: "log", level: "warn", message: "m" })
  worker!.say({ type: "observed", lines: new Uint8Array(3) })
  worker!.say({ type: "report", report: { members: [], counts: { hosts: 7 } } })
  new Float64Array(start.counters)[REQUESTS] = 5
  expect(start.counters.byteLength).toBe(8 * CELLS)
  expect([log, observed.length, pool.reports.now("hosts"), pool.sum(REQUESTS)]).toEqual([["warn m"], 1, 7, 5])
})

test("a Worker that can't start says why", async () => {
  const { pool, workers } = open()
  const starting = pool.start(0)
  workers[0]!.say({ type: "failed", message: "no right", exitCode: 77 })
  const error = await starting.catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(WorkerFailed)
  expect(error).toMatchObject({ message: "no right", exitCode: 77 })
})

test("one that dies is replaced, with the settings and the health of then", async () => {
  const { pool, workers, log } = open()
  const starting = pool.start(0)
  workers[0]!.say(STARTED)
  await starting
  const { counters } = workers[0]!.messages[0] as WorkerStart
  new Float64Array(counters)[OPEN] = 3
  pool.reload({ config, echo: undefined })
  pool.setHealth("a", false)
  pool.setHealth("b", false)
  pool.setHealth("b", true)
  pool.reopen()
  expect(workers[0]!.messages.map(({ type }) => type)).toEqual([
    "start",
    "reload",
    "health",
    "health",
    "health",
    "reopen"
  ])
  pool.kill(0)
  expect([pool.restarts, pool.sum(OPEN), log[0]]).toEqual([1, 0, "error worker 0 ended; another takes its place"])
  await Bun.sleep(300)
  expect(workers.length).toBe(2)
  expect(workers[1]!.messages[0]).toMatchObject({ type: "start", generation: 1 })
  workers[1]!.say(STARTED)
  expect(workers[1]!.messages.slice(1)).toEqual([{ type: "health", target: "a", isHealthy: false }])
  // The end of one that was replaced already changes nothing.
  workers[0]!.die()
  expect(pool.restarts).toBe(1)
})

test("stop waits for them, but not for ever, and replaces none", async () => {
  const { pool, workers } = open()
  pool.start(0).catch(() => undefined)
  const since = performance.now()
  const stopped = pool.stop()
  expect(workers[0]!.messages.at(-1)).toEqual({ type: "stop" })
  expect(workers[0]!.isTerminated).toBe(false)
  await stopped
  expect(performance.now() - since).toBeGreaterThan(40)
  expect([workers[0]!.isTerminated, pool.restarts]).toEqual([true, 0])
})
