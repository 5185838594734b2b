/** The program by BPF_PROG_TEST_RUN: every parsing case through every hook, against the decoder of core on the same frame. */
import { afterAll, beforeAll, describe, expect } from "bun:test"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { ALL_SYNS, openTestProgram, type TestProgram } from "@synprint/capture-xdp/testing"
import { LINKTYPE_ETHERNET, Packet, decodeSyn, makeConnectionKey, putConnectionKey } from "@synprint/core"
import { type Extension, type Layer, decodeFrame, ethernet, fragment, qinq, tcp, vlan } from "@synprint/core/testing"
import { requires, testWith } from "../lib/requires.ts"
import { BPF, isMissing } from "./needs.ts"

/** Return value of each hook, the same for every packet. */
const RESULTS = { syn_xdp: 2, syn_tc: -1, syn_cgroup: 1 } as const
type Hook = keyof typeof RESULTS
const HOOKS = Object.keys(RESULTS) as ReadonlyArray<Hook>

let scope: Scope.Closeable
let program: TestProgram

beforeAll(async () => {
  if (isMissing(BPF)) return
  scope = Scope.makeUnsafe()
  program = await Effect.runPromise(openTestProgram().pipe(Scope.provide(scope)))
})

afterAll(async () => {
  if (!isMissing(BPF)) await Effect.runPromise(Scope.close(scope, Exit.void))
})

let number = 0
/** No two frames of this file have the same key. */
const fresh = () => ({ sport: 1024 + (number++ % 60_000), seq: number * 7919 })

const keyOf = (frame: Uint8Array): Uint8Array => {
  const packet = new Packet()
  if (decodeFrame(frame, 0, frame.length, frame.length, LINKTYPE_ETHERNET, packet) !== 0) throw new Error("bad frame")
  const key = makeConnectionKey()
  putConnectionKey(packet, key)
  return key
}

/** Facts without where the payload lies. */
const factsOf = (packet: Packet) => ({ ...packet, payload: 0, payloadCaptured: 0 })

const OPTIONS = "mss=1460,sok,ts=1,nop,ws=7"
const V6 = { src: "2001:db8::2", dst: "2001:db8::1", options: OPTIONS } as const
const V4 = { src: "192.0.2.2", dst: "192.0.2.1", options: OPTIONS } as const

const extended = (...extensions: ReadonlyArray<Extension>): Layer => tcp({ ...V6, ...fresh(), extensions })

const CAPTURED: Readonly<Record<string, () => Layer>> = {
  IPv4: () => tcp({ ...V4, ...fresh() }),
  "IPv4 without options": () => tcp({ src: V4.src, dst: V4.dst, ...fresh() }),
  "IPv4 with 40 bytes of IP options": () => tcp({ ...V4, ...fresh(), ipOptions: new Uint8Array(40).fill(1) }),
  "40 bytes of TCP options": () => tcp({ ...V4, ...fresh(), options: `mss=1460${",nop".repeat(36)}` }),
  "ECN and CWR": () => tcp({ ...V4, ...fresh(), flags: "SEC" }),
  "PUSH and URG": () => tcp({ ...V4, ...fresh(), flags: "SPU", urg: 7 }),
  "with payload": () => tcp({ ...V4, ...fresh(), payload: "x".repeat(200) }),
  IPv6: () => tcp({ ...V6, ...fresh(), flowLabel: 0x12345 }),
  "IPv6 with payload": () => tcp({ ...V6, ...fresh(), payload: "GET" }),
  "hop-by-hop and destination options": () => extended({ kind: "hop-by-hop" }, { kind: "destination", bytes: 16 }),
  "a chain longer than the slot": () => extended({ kind: "destination", bytes: 104 }),
  "routing, mobility, HIP, shim6": () =>
    extended({ kind: "routing" }, { kind: "mobility" }, { kind: "hip" }, { kind: "shim6" }),
  "authentication header": () => extended({ kind: "ah", bytes: 24 }),
  "as many extension headers as are walked": () =>
    extended(...Array.from({ length: 8 }, () => ({ kind: "destination" }) as const)),
  "atomic fragment": () => extended({ kind: "fragment", more: false }),
  "first fragment over IPv6": () => fragment(tcp({ ...V6, ...fresh(), payload: "x".repeat(100) }), 0, 80),
  "first fragment over IPv4": () => fragment(tcp({ ...V4, ...fresh(), payload: "x".repeat(100) }), 0, 80)
}

const IGNORED: Readonly<Record<string, () => Layer>> = {
  "SYN+ACK": () => tcp({ ...V4, ...fresh(), flags: "SA" }),
  ACK: () => tcp({ ...V4, ...fresh(), flags: "A" }),
  "PUSH+ACK over IPv6": () => tcp({ ...V6, ...fresh(), flags: "PA", payload: "x" }),
  RST: () => tcp({ ...V4, ...fresh(), flags: "R" }),
  UDP: () => tcp({ ...V4, ...fresh(), protocol: 17 }),
  "UDP over IPv6": () => tcp({ ...V6, ...fresh(), protocol: 17 }),
  "a later fragment": () => fragment(tcp({ ...V4, ...fresh(), payload: "x".repeat(100) }), 8, 80),
  "a later fragment over IPv6": () => fragment(tcp({ ...V6, ...fresh(), payload: "x".repeat(100) }), 8, 80),
  "an IHL below 5": () => tcp({ ...V4, ...fresh(), ihl: 4 })
}

describe.each([...HOOKS])("%s", (hook) => {
  const run = (frame: Uint8Array) => expect(program.run(hook, frame).result).toBe(RESULTS[hook])

  for (const [name, make] of Object.entries(CAPTURED)) {
    testWith(BPF, `captures ${name}`, () => {
      const frame = ethernet(make()).bytes
      const before = program.counters()
      run(frame)
      const found = program.find(keyOf(frame))
      expect(found).toBeDefined()
      const ours = new Packet()
      const whole = new Packet()
      expect(decodeSyn(found!, ours)).toBe(0)
      decodeFrame(frame, 0, frame.length, frame.length, LINKTYPE_ETHERNET, whole)
      expect(factsOf(ours)).toEqual(factsOf(whole))
      expect(found!.vlan).toBe(-1)
      expect(program.counters()).toMatchObject({ syns: before.syns + 1, stored: before.stored + 1 })
    })
  }

  for (const [name, make] of Object.entries(IGNORED)) {
    testWith(BPF, `ignores ${name}`, () => {
      const before = program.counters()
      run(ethernet(make()).bytes)
      expect(program.counters()).toEqual(before)
    })
  }

  const COUNTED: ReadonlyArray<readonly [string, string, () => Layer]> = [
    ["SYN+FIN", "bad_flags", () => tcp({ ...V4, ...fresh(), flags: "SF" })],
    ["SYN+RST", "bad_flags", () => tcp({ ...V6, ...fresh(), flags: "SR" })],
    ["a data offset below 5", "malformed", () => tcp({ ...V4, ...fresh(), doff: 4 })],
    ["a data offset beyond the IP packet", "malformed", () => tcp({ ...V4, ...fresh(), options: "", doff: 10 })],
    ["an IP length within the TCP header", "malformed", () => tcp({ ...V4, ...fresh(), ipLength: 50 })],
    ["an IPv6 length within the TCP header", "malformed", () => tcp({ ...V6, ...fresh(), ipLength: 30 })]
  ]
  for (const [name, counter, make] of COUNTED) {
    testWith(BPF, `counts ${name} as ${counter} and stores nothing`, () => {
      const before = program.counters()
      run(ethernet(make()).bytes)
      expect(program.counters()).toEqual({
        ...before,
        syns: before.syns + 1,
        [counter]: before[counter as "malformed"] + 1
      })
    })
  }

  testWith(BPF, "more extension headers than are walked are counted", () => {
    const before = program.counters()
    run(ethernet(extended(...Array.from({ length: 9 }, () => ({ kind: "destination" }) as const))).bytes)
    expect(program.counters()).toEqual({ ...before, extension_limit: before.extension_limit + 1 })
  })

  testWith(BPF, "a frame that ends anywhere is never stored with less than its headers", () => {
    for (const layer of [tcp({ ...V4, ...fresh() }), tcp({ ...V6, ...fresh() }), extended({ kind: "hop-by-hop" })]) {
      const frame = ethernet(layer).bytes
      const key = keyOf(frame)
      const before = program.counters()
      // The kernel wants an IP header for skb programs, and 14 bytes for XDP.
      for (let length = hook === "syn_xdp" ? 14 : 54; length < frame.length; length++) {
        run(frame.slice(0, length))
        expect(program.find(key)).toBeUndefined()
      }
      expect(program.counters().stored).toBe(before.stored)
      expect(program.counters().truncated).toBe(before.truncated + 20)
      run(frame)
      expect(program.find(key)).toBeDefined()
    }
  })

  testWith(BPF, "equal ISN at once is a copy, another ISN replaces", () => {
    const { sport } = fresh()
    const make = (seq: number, mss: number) => ethernet(tcp({ ...V4, sport, seq, options: `mss=${mss}` })).bytes
    const before = program.counters()
    run(make(1, 1000))
    run(make(1, 1001))
    const key = keyOf(make(1, 1000))
    const mss = () => {
      const packet = new Packet()
      decodeSyn(program.find(key)!, packet)
      return packet.mss
    }
    expect(mss()).toBe(1000)
    run(make(2, 1002))
    expect(mss()).toBe(1002)
    const after = program.counters()
    expect([after.stored - before.stored, after.replaced - before.replaced, after.copies - before.copies]).toEqual([
      2, 1, 1
    ])
  })

  testWith(BPF, "equal ISN later is a retransmission: the first SYN stays", async () => {
    const frame = ethernet(tcp({ ...V4, ...fresh() })).bytes
    const from = Date.now()
    run(frame)
    const to = Date.now()
    const first = program.find(keyOf(frame))!
    await Bun.sleep(120)
    run(frame)
    const then = program.find(keyOf(frame))!
    expect(then.retransmits).toBe(1)
    expect(Math.abs(then.seenAtMs - first.seenAtMs)).toBeLessThan(20)
    expect(then.seenAtMs).toBeWithin(from - 20, to + 20)
  })

  testWith(BPF, "filters by ports and addresses of both families, changed while it runs", () => {
    const isStored = (fields: { readonly dport: number; readonly dst: string }) => {
      const src = fields.dst.includes(":") ? V6.src : V4.src
      const frame = ethernet(tcp({ options: OPTIONS, ...fresh(), src, ...fields })).bytes
      run(frame)
      return program.find(keyOf(frame)) !== undefined
    }
    const at = (dst: string, dport: number) => isStored({ dst, dport })
    const ports = Array.from({ length: 16 }, (_, n) => 8000 + n)
    program.setFilter({ ...ALL_SYNS, ports })
    expect(ports.map((port) => at(V4.dst, port)).every(Boolean)).toBe(true)
    expect([at(V6.dst, 8015), at(V4.dst, 7999), at(V6.dst, 443)]).toEqual([true, false, false])
    const addresses = Array.from({ length: 16 }, (_, n) => [`192.0.2.${n + 1}`, `2001:db8::${n + 1}`]).flat()
    program.setFilter({ ...ALL_SYNS, addresses })
    expect(addresses.map((address) => at(address, 443)).every(Boolean)).toBe(true)
    expect([at("192.0.2.17", 443), at("2001:db8::17", 443)]).toEqual([false, false])
    // Addresses of one family alone leave the other out.
    program.setFilter({ ...ALL_SYNS, addresses: ["192.0.2.1"] })
    expect([at("192.0.2.1", 443), at("2001:db8::1", 443)]).toEqual([true, false])
    program.setFilter(ALL_SYNS)
    expect([at("192.0.2.99", 1), at("2001:db8::99", 65535)]).toEqual([true, true])
  })

  testWith(BPF, 'key = "client" leaves the server side out of key and filter', () => {
    program.setFilter({ ports: [9], addresses: ["192.0.2.9"], key: "client" })
    try {
      const frame = ethernet(tcp({ ...V4, ...fresh() })).bytes
      run(frame)
      const key = keyOf(frame)
      key.fill(7, 24)
      key[6] = 1
      expect(program.find(key)).toBeDefined()
    } finally {
      program.setFilter(ALL_SYNS)
    }
  })
})

describe("tags", () => {
  const base = () => tcp({ ...V4, ...fresh() })
  const CASES: ReadonlyArray<readonly [string, () => Layer, number]> = [
    ["802.1Q", () => vlan(77, base(), 0x8100, 5), 77],
    ["802.1Q around IPv6", () => vlan(1, tcp({ ...V6, ...fresh() })), 1],
    ["a priority tag", () => vlan(0, base(), 0x8100, 3), 0],
    ["QinQ", () => qinq(6, 7, base()), 6],
    ["two 802.1Q tags", () => vlan(8, vlan(9, base())), 8]
  ]
  for (const [name, make, id] of CASES) {
    testWith(BPF, `XDP: ${name}`, () => {
      const frame = ethernet(make()).bytes
      expect(program.run("syn_xdp", frame).result).toBe(2)
      expect(program.find(keyOf(frame))?.vlan).toBe(id)
    })
  }

  testWith(BPF, "three tags are not walked", () => {
    const frame = ethernet(vlan(1, vlan(2, vlan(3, base())))).bytes
    program.run("syn_xdp", frame)
    expect(program.find(keyOf(frame))).toBeUndefined()
  })
})

testWith([...BPF, requires.binaries("taskset")], "the oldest entries make room, and are counted", () => {
  // Each processor has its own list of free entries: moved to another one half-way, the process would be counted in both.
  using _ = onOneProcessor()
  return Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const small = yield* openTestProgram(1024)
        const frames = Array.from({ length: 3000 }, (_, n) => ethernet(tcp({ ...V4, sport: n + 1, seq: n })).bytes)
        for (const frame of frames) small.run("syn_xdp", frame)
        expect(small.counters()).toMatchObject({ stored: 3000, entries: 1024, evictions: 1976, map_full: 0 })
        // The kernel gives entries up in batches per CPU: the last half is always there, the first third never.
        const found = frames.map((frame) => small.find(keyOf(frame)) !== undefined)
        expect(found.slice(-512).every(Boolean)).toBe(true)
        expect(found.slice(0, 1000).some(Boolean)).toBe(false)
      })
    )
  )
})

/** Keeps this thread on one of its processors while it lives. */
function onOneProcessor(): Disposable {
  const taskset = (...words: ReadonlyArray<string>) =>
    Bun.spawnSync(["taskset", "-c", "-p", ...words, `${process.pid}`]).stdout.toString()
  const all = /list: (\S+)/.exec(taskset())![1]!
  taskset(/^\d+/.exec(all)![0])
  return { [Symbol.dispose]: () => void taskset(all) }
}
