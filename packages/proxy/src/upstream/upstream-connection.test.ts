/**
 * One upstream connection over a fake socket: `connect` alone, which needs a real one, is tested by worker/proxy-server.test.ts.
 */
import { expect, test } from "bun:test"
import type { Socket } from "bun"
import { bytesOf, latin1 } from "../http1/byte-classes.ts"
import { UPSTREAM_CONNECT_FAILURES } from "../operations/counters.ts"
import { FakeServices } from "../testing/fake-services.ts"
import { FakeSocket } from "../testing/fake-socket.ts"
import { Upstream } from "./upstream.ts"
import { UpstreamConnection, upstreamHandlers } from "./upstream-connection.ts"

class Scene {
  readonly services = new FakeServices()
  readonly socket = new FakeSocket()
  readonly upstream: Upstream
  /** Events that the downstream got. */
  readonly heard: Array<string> = []
  readonly downstream = {
    fromUpstream: (chunk: Uint8Array, isBorrowed: boolean): void => {
      if (latin1(chunk) === "bug") throw new Error("a bug")
      this.heard.push(`${isBorrowed ? "borrowed " : ""}${latin1(chunk)}`)
    },
    upstreamDrained: (): void => void this.heard.push("drained"),
    upstreamEnded: (isClean: boolean): void => void this.heard.push(isClean ? "ended" : "broken"),
    connectFailed: (reason: string): void => void this.heard.push(`failed ${reason}`)
  }
  readonly handlers = upstreamHandlers((_error, end) => end())
  readonly connection: UpstreamConnection

  constructor(target = "http://127.0.0.1:1") {
    this.upstream = new Upstream({ target, ca: "", name: "", idleConnections: 1, pending: 8 })
    this.connection = new UpstreamConnection(this.services, this.handlers, this.upstream, this.downstream)
    this.socket.data = this.connection
    // As `connect` does.
    this.upstream.connecting = 1
  }

  open(): this {
    this.handlers.open!(this.#socket)
    return this
  }

  get #socket(): Socket<UpstreamConnection> {
    return this.socket as unknown as Socket<UpstreamConnection>
  }

  receive(text: string): void {
    this.handlers.data!(this.#socket, bytesOf(text) as never)
  }

  event(name: "drain" | "end" | "close"): void {
    const handler = this.handlers[name] as (socket: Socket<UpstreamConnection>) => void
    handler(this.#socket)
  }

  fail(error: Error): void {
    this.handlers.error!(this.#socket, error)
  }

  send(text: string): boolean {
    return this.connection.send(bytesOf(text), 0, text.length, "share")
  }
}

test("what is sent before the connection opens goes when it does", () => {
  const scene = new Scene()
  expect(scene.send("ab")).toBe(false)
  scene.open()
  expect([scene.socket.text, scene.upstream.connecting, scene.heard]).toEqual(["ab", 0, ["drained"]])
  scene.receive("c")
  scene.connection.receivedBorrowed(bytesOf("d"))
  expect(scene.heard).toEqual(["drained", "c", "borrowed d"])
})

test("a connection that can't be opened: reported once, counted, its bytes can be taken", () => {
  const scene = new Scene()
  scene.send("ab")
  scene.handlers.connectError!(scene.socket as never, Object.assign(new Error("refused"), { code: "ECONNREFUSED" }))
  expect(scene.heard).toEqual(["failed ECONNREFUSED"])
  expect(scene.connection.takePending().map((each) => latin1(each))).toEqual(["ab"])
  expect([scene.services.counters[UPSTREAM_CONNECT_FAILURES], scene.upstream.connecting]).toEqual([1, 0])
  scene.event("close")
  scene.connection.drop()
  expect(scene.heard).toEqual(["failed ECONNREFUSED"])
})

test("the time to connect ends it, and a socket that opens later is closed", () => {
  const scene = new Scene()
  scene.connection.expired()
  expect(scene.heard).toEqual(["failed ETIMEDOUT"])
  scene.open()
  expect([scene.socket.calls, scene.upstream.connecting]).toEqual([["terminate"], 0])
})

test("an upstream whose certificate is not valid gets nothing", () => {
  const scene = new Scene("https://127.0.0.1:1")
  scene.send("secret")
  scene.socket.authorized = false
  scene.open()
  expect([scene.heard, scene.socket.text, scene.socket.calls]).toEqual([["failed ETLS"], "", ["terminate"]])
  expect(scene.services.warnings).toEqual(["https://127.0.0.1:1: TLS: self-signed certificate"])
})

test("backpressure: what the socket doesn't take waits", () => {
  const scene = new Scene().open()
  scene.heard.length = 0
  scene.socket.room = 1
  expect(scene.send("abc")).toBe(false)
  scene.connection.shutdown()
  scene.socket.room = 1
  scene.event("drain")
  expect([scene.heard, scene.socket.calls]).toEqual([[], []])
  scene.socket.room = 9
  scene.event("drain")
  scene.connection.shutdown()
  expect([scene.socket.text, scene.heard, scene.socket.calls]).toEqual(["abc", ["drained"], ["shutdown"]])
  scene.connection.pauseReading()
  expect(scene.socket.isPaused).toBe(true)
  scene.connection.resumeReading()
  expect(scene.socket.isPaused).toBe(false)
  scene.connection.detachEpoll()
  scene.socket.isReset = true
  scene.send("d")
  expect(scene.connection.isBroken).toBe(true)
})

test("released: idle in the pool, until it is used, ends, or has been idle for too long", () => {
  const scene = new Scene().open()
  scene.heard.length = 0
  scene.connection.release()
  expect(scene.upstream.idle).toEqual([scene.connection])
  expect(scene.upstream.acquire(true)).toBe(scene.connection)
  scene.connection.attach(scene.downstream)
  scene.services.pass(10_000_000)
  expect(scene.socket.calls).toEqual([])
  scene.receive("a")
  expect(scene.heard).toEqual(["a"])
  scene.connection.release()
  scene.services.pass(10_000_000)
  expect([scene.socket.calls, scene.upstream.idle]).toEqual([["terminate"], []])
})

test.each([
  ["is the last", (scene: Scene) => void (scene.connection.isLast = true)],
  ["has ended", (scene: Scene) => scene.event("end")],
  ["the process stops", (scene: Scene) => void (scene.services.isStopping = true)],
  ["the pool is full", (scene: Scene) => void scene.upstream.release(scene.connection)]
])("released, but not kept: it %s", (_what, prepare) => {
  const scene = new Scene().open()
  prepare(scene)
  const kept = scene.upstream.idle.length
  scene.connection.release()
  expect([scene.socket.calls, kept - scene.upstream.idle.length]).toEqual([["end"], kept])
})

test.each([
  ["an unsolicited response", (scene: Scene) => scene.receive("a"), ["terminate"]],
  ["FIN", (scene: Scene) => scene.event("end"), ["terminate"]],
  ["a close", (scene: Scene) => scene.event("close"), []]
] as const)("idle, %s: it leaves the pool", (_what, act, calls) => {
  const scene = new Scene().open()
  scene.connection.release()
  act(scene)
  expect([scene.upstream.idle, scene.socket.calls]).toEqual([[], [...calls]])
})

test("an end is reported as clean if FIN came, a close as clean only after it", () => {
  const clean = new Scene().open()
  clean.heard.length = 0
  clean.event("end")
  clean.event("close")
  expect(clean.heard).toEqual(["ended", "ended"])
  const broken = new Scene().open()
  broken.event("close")
  broken.event("close")
  expect(broken.heard).toEqual(["drained", "broken"])
})

test("dropped: the downstream hears nothing more", () => {
  const scene = new Scene().open()
  scene.heard.length = 0
  scene.connection.drop()
  scene.event("close")
  expect([scene.heard, scene.socket.calls]).toEqual([[], ["terminate"]])
})

test("a handler that throws, or a read that fails, costs the connection, and the downstream hears of it", () => {
  const thrown = new Scene().open()
  try {
    thrown.receive("bug")
  } catch (error) {
    thrown.fail(error as Error)
  }
  expect([thrown.heard, thrown.socket.calls]).toEqual([["drained", "broken"], ["terminate"]])
  const read = new Scene().open()
  read.connection.onReadError()
  expect([read.heard, read.socket.calls]).toEqual([["drained", "broken"], ["terminate"]])
})
