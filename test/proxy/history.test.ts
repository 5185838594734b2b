/** History belongs to an address, not to a Worker: counted exactly over all of them, through reloads and Workers that die. */
import { afterEach, expect, test } from "bun:test"
import { SharedHosts, allocateHosts } from "@synprint/core"
import { answerHeads, RawClient } from "@synprint/proxy/testing"
import { until } from "../lib/until.ts"
import { closeAll, GET, OK, openProxyProcess, openUpstream } from "./setup.ts"

afterEach(closeAll)

const CONNECTIONS = 400

interface History {
  readonly conns: ReadonlyArray<number>
  readonly systems: ReadonlySet<string | undefined>
}

type Sides = ReadonlyArray<{ readonly text: string }>

async function connections(port: number, number = CONNECTIONS): Promise<void> {
  const one = async (): Promise<void> => {
    const client = await RawClient.connect(port)
    client.send(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
    await client.untilEnd()
    client.end()
  }
  for (let n = 0; n < number; n += 20) await Promise.all(Array.from({ length: 20 }, one))
}

/** History headers of the requests that the upstream received. */
function historyOf(sides: Sides): History {
  const all = sides.flatMap(({ text }) => text.split("\r\n\r\n").slice(0, -1))
  return {
    conns: all.map((head) => Number(/\r\nx-tcp-total-conn: (\d+)/.exec(head)?.[1] ?? -1)).toSorted((a, b) => a - b),
    systems: new Set(all.map((head) => /\r\nx-tcp-os: ([^\r]*)/.exec(head)?.[1]))
  }
}

const config = (target: string, workers: number): string =>
  `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = ${workers}\n[[routes]]\nupstream = "${target}"\n`

test("every connection of an address is counted once, whichever of four Workers has it, reloads included", async () => {
  const upstream = openUpstream(answerHeads(OK))
  const proxy = await openProxyProcess(config(upstream.target, 4))
  const port = proxy.ports[0]!
  let isOver = false
  const reloads = (async () => {
    for (let n = 1; n <= 4; n++) {
      proxy.child.kill("SIGHUP")
      await until(() => proxy.log().split("reloaded").length > n, "it reloads")
    }
    isOver = true
  })()
  let made = 0
  for (; !isOver || made < CONNECTIONS; made += 20) await connections(port, 20)
  await reloads
  // While the Workers take up other databases, one after the other, a connection may be left out: it gets no number.
  const leftOut = (): number => historyOf(upstream.connections).conns.filter((number) => number < 0).length
  for (let before = -1; before !== leftOut(); made += 60) {
    before = leftOut()
    await connections(port, 60)
  }
  const { conns, systems } = historyOf(upstream.connections)
  expect(conns.length).toBe(made)
  // No number comes twice, and none is left out.
  const known = conns.filter((number) => number > 0)
  expect(known).toEqual(Array.from({ length: known.length }, (_, n) => n + 1))
  expect(known.length).toBeGreaterThan(60)
  expect(systems.size).toBe(1)
}, 60_000)

test("without a reload no connection is left out", async () => {
  const upstream = openUpstream(answerHeads(OK))
  const proxy = await openProxyProcess(config(upstream.target, 3))
  await connections(proxy.ports[0]!)
  expect(historyOf(upstream.connections).conns).toEqual(Array.from({ length: CONNECTIONS }, (_, n) => n + 1))
}, 90_000)

test("the lock: four threads, more than there are processors, lose no update and none starves", async () => {
  const buffer = allocateHosts(64, (words) => void crypto.getRandomValues(words))
  const rounds = 50_000
  await Promise.all(
    [0, 1, 2, 3].map(
      (thread) =>
        new Promise<void>((resolve, reject) => {
          const worker = new Worker(new URL("./lock-worker.ts", import.meta.url))
          worker.addEventListener("message", () => {
            resolve()
            worker.terminate()
          })
          worker.addEventListener("error", ({ message }) => reject(new Error(message)))
          worker.postMessage({ buffer, thread, rounds })
        })
    )
  )
  const { hot } = new SharedHosts(buffer, 64, 9)
  expect([hot[0], hot[1]]).toEqual([4 * rounds, 4 * rounds * 20])
}, 90_000)
