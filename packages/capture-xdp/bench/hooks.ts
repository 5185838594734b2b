/**
 * Cost of each hook for the traffic of an interface: throughput of one TCP stream and connections per second over a veth pair, against
 * no hook. Median of 9 interleaved rounds (budget for the connections of what `auto` takes: 0.95); the figures behind `hook = "auto"`.
 *
 *   bun packages/capture-xdp/bench/hooks.ts [--check]      root; network namespaces of its own
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import { open } from "../src/backend.ts"
import type { XdpConfig, XdpOptions } from "../src/config.ts"

const ROUNDS = 9
const STREAM_MS = 300
const CONNECT_MS = 300
const BUDGET = 0.95
const HOOKS = ["none", "tc", "native", "generic"] as const
/** Hook that `auto` chooses on veth; the budget applies to it. */
const CHOSEN = "tc"
type Hook = (typeof HOOKS)[number]

const role = process.argv.find((word) => word.startsWith("--as="))?.slice(5)
if (role === "server") serve()
else if (role === "client") await drive()
else await compare()

/** Port 7001 takes bytes and says at the end how many came in how many ms; 7002 accepts and closes. */
function serve(): void {
  Bun.listen<{ bytes: number; since: number }>({
    hostname: "10.99.7.1",
    port: 7001,
    socket: {
      open: (socket) => void (socket.data = { bytes: 0, since: Bun.nanoseconds() }),
      data: (socket, chunk) => void (socket.data.bytes += chunk.length),
      end: (socket) => {
        console.log((socket.data.bytes * 8) / (Bun.nanoseconds() - socket.data.since))
        socket.end()
      }
    }
  })
  Bun.listen({ hostname: "10.99.7.1", port: 7002, socket: { open: (socket) => void socket.end(), data() {} } })
  console.log("up")
}

/** One line on stdin starts a measurement: `stream` or `connect`. */
async function drive(): Promise<void> {
  for await (const line of console) {
    if (line === "stream") {
      const chunk = new Uint8Array(1 << 20)
      const until = performance.now() + STREAM_MS
      await new Promise<void>((resolve) => {
        const fill = (socket: Bun.Socket): void => {
          while (performance.now() < until) if (socket.write(chunk) < chunk.length) return
          socket.end()
        }
        void Bun.connect({
          hostname: "10.99.7.1",
          port: 7001,
          socket: { open: fill, drain: fill, data() {}, close: () => resolve() }
        })
      })
      console.log("done")
    } else {
      let made = 0
      const began = performance.now()
      const one = (): Promise<void> =>
        new Promise((resolve) => {
          void Bun.connect({
            hostname: "10.99.7.1",
            port: 7002,
            socket: { open: () => void made++, data() {}, end: (socket) => void socket.end(), close: () => resolve() }
          })
        })
      const slot = async (): Promise<void> => {
        while (performance.now() - began < CONNECT_MS) await one()
      }
      await Promise.all([slot(), slot(), slot(), slot()])
      console.log(String(made / ((performance.now() - began) / 1000)))
    }
  }
}

function talk(words: ReadonlyArray<string>) {
  const child = Bun.spawn([...words], { stdin: "pipe", stdout: "pipe", stderr: "inherit" })
  const reader = child.stdout.getReader()
  const decoder = new TextDecoder()
  let text = ""
  return {
    child,
    say: (line: string) => {
      child.stdin.write(`${line}\n`)
      child.stdin.flush()
    },
    line: async (): Promise<string> => {
      while (!text.includes("\n")) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`${words.join(" ")} ended`)
        text += decoder.decode(value)
      }
      const end = text.indexOf("\n")
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      return line
    }
  }
}

function ip(...words: ReadonlyArray<string>): void {
  const done = Bun.spawnSync(["ip", ...words], { stderr: "pipe" })
  if (done.exitCode !== 0) throw new Error(`ip ${words.join(" ")}: ${done.stderr.toString()}`)
}

async function compare(): Promise<void> {
  if (process.getuid?.() !== 0) {
    console.error("hooks: needs root for a network namespace")
    process.exit(77)
  }
  const namespace = `synprint-bench-${process.pid}`
  const near = `sb${process.pid.toString(36)}a`
  const far = `sb${process.pid.toString(36)}b`
  ip("netns", "add", namespace)
  const children: Array<{ kill: () => void }> = []
  try {
    ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", namespace)
    ip("addr", "add", "10.99.7.1/30", "dev", near)
    ip("link", "set", near, "up")
    ip("-n", namespace, "addr", "add", "10.99.7.2/30", "dev", far)
    ip("-n", namespace, "link", "set", far, "up")
    const self = [process.execPath, import.meta.path]
    const server = talk([...self, "--as=server"])
    const client = talk(["ip", "netns", "exec", namespace, ...self, "--as=client"])
    children.push(server.child, client.child)
    await server.line()

    const stream: Record<Hook, Array<number>> = { none: [], tc: [], native: [], generic: [] }
    const connects: Record<Hook, Array<number>> = { none: [], tc: [], native: [], generic: [] }
    for (let round = 0; round < ROUNDS; round++) {
      for (const hook of HOOKS) {
        const scope = Scope.makeUnsafe()
        if (hook !== "none") {
          const quiet = Effect.provide(Logger.layer([]))
          await Effect.runPromise(open(optionsOf(hook, near)).pipe(Scope.provide(scope), quiet))
        }
        client.say("stream")
        stream[hook].push(Number(await server.line()))
        await client.line()
        client.say("connect")
        connects[hook].push(Number(await client.line()))
        await Effect.runPromise(Scope.close(scope, Exit.void))
      }
    }
    let isOver = false
    for (const hook of HOOKS) {
      const rate = ratio(connects[hook], connects.none)
      isOver ||= hook === CHOSEN && rate < BUDGET
      console.log(
        `${hook.padEnd(8)} one stream ${median(stream[hook]).toFixed(1).padStart(5)} Gbit/s (${ratio(stream[hook], stream.none).toFixed(2)} x), ` +
          `${median(connects[hook]).toFixed(0).padStart(6)} connections/s (${rate.toFixed(2)} x` +
          `${hook === CHOSEN ? `, budget ${BUDGET}` : ""})`
      )
    }
    if (process.argv.includes("--check") && isOver) process.exitCode = 1
  } finally {
    for (const child of children) child.kill()
    ip("netns", "del", namespace)
  }
}

function optionsOf(hook: XdpConfig["hook"], name: string): XdpOptions {
  return {
    filter: { ports: [], addresses: [], key: "connection" },
    interfaces: [name],
    capacity: 65536,
    maxAgeMs: 60_000,
    feed: false,
    backends: {},
    config: { hook, cgroup: "", pin: "/nowhere", pinMode: 0o640, pinGroup: "", attach: true }
  }
}

/** Median ratio of consecutive rounds: a disturbance of both leaves their ratio unchanged. */
function ratio(values: ReadonlyArray<number>, base: ReadonlyArray<number>): number {
  return median(values.map((value, n) => value / base[n]!))
}

function median(values: ReadonlyArray<number>): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}
