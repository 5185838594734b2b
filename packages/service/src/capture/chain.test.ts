import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { type PacketSink, makeConnectionKey, parseConnectionKey } from "@synprint/core"
import { printConnectionKey, tcp } from "@synprint/core/testing"
import { makeFakeBackend, makeFakeModule, type FakeModule } from "../testing/fake-backend.ts"
import { flag } from "../config/value.ts"
import { key, table } from "../config/table.ts"
import { type BackendModule, CaptureError, makeRawSyn, type CaptureOptions, type Connection } from "./backend.ts"
import { openChain } from "./chain.ts"
import { savedSyn } from "./saved-syn.ts"

const OPTIONS: CaptureOptions = {
  filter: { ports: [443], addresses: [], key: "connection" },
  interfaces: [],
  capacity: 16,
  maxAgeMs: 60_000,
  feed: false,
  backends: {}
}

const SYN = tcp({ src: "192.0.2.1", dst: "198.51.100.7", sport: 1025, dport: 443, options: "mss=1460" }).bytes

function connection(saved?: Uint8Array): Connection {
  const key = makeConnectionKey()
  parseConnectionKey("192.0.2.1", 1025, "198.51.100.7", 443, key)
  return { key, savedSyn: saved, openedAtMs: 5 }
}

const KEY = printConnectionKey(connection().key)

function failing(name: string, kind: CaptureError["kind"], more: Partial<BackendModule> = {}): FakeModule {
  return makeFakeModule(
    name,
    () => new CaptureError({ backend: name, attempted: "open", reason: `no ${name}`, hint: `grant ${name}`, kind }),
    more
  )
}

const run = <A, E>(body: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.scoped(body).pipe(Effect.provide(TestClock.layer())))
const fails = (body: Effect.Effect<unknown, CaptureError, Scope.Scope>): Promise<CaptureError> => run(Effect.flip(body))

describe("lookup", () => {
  test("the first hit wins and later members are not asked", () =>
    run(
      Effect.gen(function* () {
        const first = makeFakeBackend("a", [[KEY, SYN]])
        const second = makeFakeBackend("b", [[KEY, SYN]])
        const chain = yield* openChain(
          [savedSyn, makeFakeModule("a", () => first), makeFakeModule("b", () => second)],
          ["a", "b"],
          OPTIONS
        )
        expect(chain.lookup(connection(), makeRawSyn())).toBe("hit")
        expect(second.lookups).toBe(0)
        first.syns.clear()
        expect(chain.lookup(connection(), makeRawSyn())).toBe("hit")
        expect(chain.members.map((member) => [member.lookups.hit, member.lookups.not_captured])).toEqual([
          [1, 1],
          [1, 0]
        ])
        expect(chain.stats()).toEqual({ "a.lookups": 2, "b.lookups": 1 })
      })
    ))

  test.each([
    ["unsupported", "unsupported", "unsupported"],
    ["syncookie", "unsupported", "syncookie"],
    ["syncookie", "not_captured", "not_captured"],
    ["unsupported", "stale", "stale"],
    ["unsupported", "backend_down", "backend_down"],
    ["stale", "backend_down", "stale"],
    ["backend_down", "malformed", "malformed"]
  ] as const)("%s, then %s: %s", (one, two, reason) =>
    run(
      Effect.gen(function* () {
        const first = makeFakeBackend("a")
        const second = makeFakeBackend("b")
        first.miss = one
        second.miss = two
        const chain = yield* openChain(
          [savedSyn, makeFakeModule("a", () => first), makeFakeModule("b", () => second)],
          ["a", "b"],
          OPTIONS
        )
        expect(chain.lookup(connection(), makeRawSyn())).toBe(reason)
      })
    )
  )

  test("saved-syn answers before a capture does, and leaves connections without one to it", () =>
    run(
      Effect.gen(function* () {
        const tap = makeFakeBackend("pcap", [[KEY, SYN]])
        const chain = yield* openChain([savedSyn, makeFakeModule("pcap", () => tap)], ["saved-syn", "pcap"], OPTIONS)
        const into = makeRawSyn()
        expect(chain.lookup(connection(SYN), into)).toBe("hit")
        expect(tap.lookups).toBe(0)
        expect(chain.lookup(connection(new Uint8Array(0)), into)).toBe("hit")
        expect(chain.lookup(connection(), into)).toBe("hit")
        expect(tap.lookups).toBe(2)
        expect(chain.members[0]!.lookups).toMatchObject({ hit: 1, syncookie: 1, unsupported: 1 })
      })
    ))
})

describe("named backends", () => {
  test.each([
    ["privilege", 77],
    ["config", 78],
    ["failure", 1]
  ] as const)("one that cannot open (%s) is the error, and what was open is closed", async (kind, exit) => {
    const good = makeFakeModule("a", () => makeFakeBackend("a"))
    const error = await fails(openChain([savedSyn, good, failing("b", kind)], ["a", "b"], OPTIONS))
    expect(error.message).toBe("b: cannot open: no b (grant b)")
    expect(error[Runtime.errorExitCode]).toBe(exit)
    expect([good.opened.length, good.closed]).toEqual([1, 1])
  })

  test("an unknown name lists the known ones", async () => {
    const error = await fails(openChain([savedSyn, failing("pcap", "failure")], ["afp"], OPTIONS))
    expect(error.message).toBe(
      "afp: cannot find the backend: unknown (set [capture] backend to auto or some of saved-syn, pcap)"
    )
    expect(error.kind).toBe("config")
  })

  test("a package that cannot be loaded is a typed error", async () => {
    const load = () => Promise.reject(new Error("no libbpf"))
    const broken = makeFakeModule("xdp", () => makeFakeBackend("xdp"), { load })
    const error = await fails(openChain([broken], ["xdp"], OPTIONS))
    expect(error).toMatchObject({ backend: "xdp", reason: "no libbpf", kind: "failure" })
  })

  test("p0f mode without a feed is refused, naming both keys", async () => {
    const plain = makeFakeModule("a", () => makeFakeBackend("a"))
    const tap = makeFakeModule("tap", () => makeFakeBackend("tap"), { deliversPackets: true })
    const error = await fails(openChain([plain, tap], ["a"], { ...OPTIONS, feed: true }))
    expect(error.kind).toBe("config")
    expect(error.hint).toContain('add "tap" to it')
    expect(error.hint).toContain('[fingerprint] mode = "p0f"')
    expect(error.hint).toContain("[p0f_api]")
  })
})

describe("auto", () => {
  test("never fails for lack of privilege, and names the capability that is missing", () =>
    run(
      Effect.gen(function* () {
        const chain = yield* openChain(
          [savedSyn, failing("xdp", "privilege", { autoRank: 60 }), failing("pcap", "privilege", { autoRank: 70 })],
          "auto",
          OPTIONS
        )
        expect(chain.choice.chosen).toEqual(["saved-syn"])
        expect(chain.choice.summary).toBe("capture: saved-syn (auto)")
        expect(chain.choice.hints).toEqual([
          "capture: without xdp: no xdp (grant xdp)",
          "capture: without pcap: no pcap (grant pcap)"
        ])
        expect(chain.lookup(connection(), makeRawSyn())).toBe("unsupported")
      })
    ))

  test("asks in the order of the ranks; each is opened with its own table, as auto wants it", () =>
    run(
      Effect.gen(function* () {
        const pcap = makeFakeModule("pcap", () => makeFakeBackend("pcap"), { autoRank: 30 })
        const xdp = makeFakeModule("xdp", () => makeFakeBackend("xdp"), {
          autoRank: 20,
          config: table({
            attach: key("attach", flag, true, { reload: "restart" }),
            strict: key("strict", flag, false, { reload: "restart" })
          }),
          configForAuto: (config) => ({ ...config, attach: false })
        })
        const options = { ...OPTIONS, backends: { xdp: { attach: true, strict: true } } }
        const chain = yield* openChain([pcap, xdp, savedSyn], "auto", options)
        expect(chain.choice.chosen).toEqual(["saved-syn", "xdp", "pcap"])
        expect(chain.choice.hints).toEqual([])
        expect(xdp.opened[0]!.config).toEqual({ attach: false, strict: true })
        yield* openChain([pcap, xdp, savedSyn], ["xdp"], options)
        expect(xdp.opened[1]!.config).toEqual({ attach: true, strict: true })
        yield* openChain([xdp], ["xdp"], OPTIONS)
        expect(xdp.opened[2]!.config).toEqual({ attach: true, strict: false })
      })
    ))

  test("a wrong setting is an error all the same", async () => {
    const error = await fails(openChain([savedSyn, failing("pcap", "config")], "auto", OPTIONS))
    expect(error.kind).toBe("config")
  })

  test("p0f mode needs pcap: its error, not a silent service", async () => {
    const error = await fails(
      openChain([savedSyn, failing("pcap", "privilege", { deliversPackets: true })], "auto", { ...OPTIONS, feed: true })
    )
    expect(error).toMatchObject({ backend: "pcap", kind: "privilege" })
  })

  test("what failed for another reason is opened when it can be", () =>
    run(
      Effect.gen(function* () {
        let isThere = false
        const xdp = makeFakeModule("xdp", () =>
          isThere
            ? makeFakeBackend("xdp", [[KEY, SYN]])
            : new CaptureError({ backend: "xdp", attempted: "open pins", reason: "none", hint: "", kind: "failure" })
        )
        const chain = yield* openChain([savedSyn, xdp], "auto", OPTIONS)
        // Never open is not the same as lost: it is not reported as down.
        expect(chain.lookup(connection(), makeRawSyn())).toBe("unsupported")
        expect(chain.down()).toBeUndefined()
        isThere = true
        yield* TestClock.adjust("1 second")
        expect(chain.lookup(connection(), makeRawSyn())).toBe("hit")
      })
    ))
})

describe("a backend lost later", () => {
  test("is closed, retried from 0.25 to 10 s apart, and opened with the newest filter", () =>
    run(
      Effect.gen(function* () {
        let current = makeFakeBackend("a", [[KEY, SYN]])
        let isBroken = false
        const module = makeFakeModule("a", () =>
          isBroken
            ? new CaptureError({ backend: "a", attempted: "open", reason: "still away", hint: "", kind: "failure" })
            : current
        )
        const chain = yield* openChain([savedSyn, module], ["a"], OPTIONS)
        expect(chain.down()).toBeUndefined()
        const filter = { ports: [8443], addresses: [], key: "connection" } as const
        yield* chain.setFilter(filter)
        expect(current.filters).toEqual([filter])

        isBroken = true
        current.reason = "unplugged"
        expect(chain.lookup(connection(), makeRawSyn())).toBe("backend_down")
        expect(chain.down()).toBe("unplugged")
        yield* TestClock.adjust("250 millis")
        expect(module.closed).toBe(1)
        expect(chain.down()).toBe("still away")
        expect(chain.lookup(connection(), makeRawSyn())).toBe("backend_down")
        const tries = module.opened.length
        yield* TestClock.adjust("60 seconds")
        // 0.25 + 0.5 + ... + 8 s = 15.75 s for six, then every 10 s.
        expect(module.opened.length - tries).toBe(10)

        isBroken = false
        current = makeFakeBackend("a", [[KEY, SYN]])
        yield* TestClock.adjust("10 seconds")
        expect(chain.down()).toBeUndefined()
        expect(chain.lookup(connection(), makeRawSyn())).toBe("hit")
        expect(module.opened.at(-1)!.filter).toEqual(filter)
      })
    ))

  test("one that recovers by itself is left alone", () =>
    run(
      Effect.gen(function* () {
        const tap = Object.assign(makeFakeBackend("a"), { recovers: true })
        const module = makeFakeModule("a", () => tap)
        const chain = yield* openChain([savedSyn, module], ["a"], OPTIONS)
        tap.reason = "eth0: the interface disappeared"
        yield* TestClock.adjust("60 seconds")
        expect(module.opened.length).toBe(1)
        expect(chain.down()).toBe("eth0: the interface disappeared")
      })
    ))
})

test("a filter goes to every member, also when one refuses it", () =>
  run(
    Effect.gen(function* () {
      const bad = new CaptureError({ backend: "a", attempted: "filter", reason: "bad", hint: "", kind: "config" })
      const first = Object.assign(makeFakeBackend("a"), { setFilter: () => Effect.fail(bad) })
      const second = makeFakeBackend("b")
      const chain = yield* openChain(
        [savedSyn, makeFakeModule("a", () => first), makeFakeModule("b", () => second)],
        ["a", "b"],
        OPTIONS
      )
      const exit = yield* Effect.exit(chain.setFilter(OPTIONS.filter))
      expect(Exit.isFailure(exit)).toBe(true)
      expect(second.filters).toEqual([OPTIONS.filter])
    })
  ))

test("the feed is that of the first member that has one, and its subscriber stays over a loss", () =>
  run(
    Effect.gen(function* () {
      const sinks: Array<PacketSink> = []
      const makeTap = () =>
        Object.assign(makeFakeBackend("pcap"), {
          packets: { subscribe: (sink: PacketSink) => void sinks.push(sink), drain: () => 7 }
        })
      const module = makeFakeModule("pcap", () => tap)
      let tap = makeTap()
      const chain = yield* openChain([savedSyn, module], ["saved-syn", "pcap"], { ...OPTIONS, feed: true })
      const sink: PacketSink = () => undefined
      chain.packets!.subscribe(sink)
      expect(chain.packets!.drain()).toBe(7)
      expect(sinks).toEqual([sink])
      const lost = tap
      tap = makeTap()
      lost.reason = "gone"
      yield* TestClock.adjust("250 millis")
      expect(chain.packets!.drain()).toBe(7)
      expect(sinks).toEqual([sink, sink])
    })
  ))

test("a subscriber is handed to the feed at once, and a later one takes its place", () =>
  run(
    Effect.gen(function* () {
      const sinks: Array<PacketSink> = []
      const tap = Object.assign(makeFakeBackend("pcap"), {
        packets: { subscribe: (sink: PacketSink) => void sinks.push(sink), drain: () => 0 }
      })
      const chain = yield* openChain([makeFakeModule("pcap", () => tap)], ["pcap"], { ...OPTIONS, feed: true })
      const [first, second]: ReadonlyArray<PacketSink> = [() => undefined, () => undefined]
      chain.packets!.drain()
      expect(sinks).toEqual([])
      chain.packets!.subscribe(first!)
      expect(sinks).toEqual([first!])
      chain.packets!.subscribe(second!)
      chain.packets!.drain()
      expect(sinks).toEqual([first!, second!])
    })
  ))
