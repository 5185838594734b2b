/** Real connections over a veth pair through every hook: found at accept. */
import { describe, expect } from "bun:test"
import * as Effect from "effect/Effect"
import { makeConnectionKey, parseConnectionKey } from "@synprint/core"
import { ethernet, qinq, tcp, vlan } from "@synprint/core/testing"
import { type CaptureBackend, makeRawSyn } from "@synprint/service"
import { connections } from "../lib/connections.ts"
import { find, listen, tally } from "../lib/capture.ts"
import { inject } from "../lib/inject.ts"
import { until } from "../lib/until.ts"
import { held, leaks } from "../lib/leaks.ts"
import { clientLinks } from "../lib/links.ts"
import { connect } from "../lib/netns.ts"
import { run } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { type Hook, ownCgroup, withXdp, xdpOptions } from "./harness.ts"
import { BPF_NETNS, isMissing } from "./needs.ts"

const { client, one, two } = await clientLinks(BPF_NETNS)

const CHOSEN: Readonly<Record<Exclude<Hook, "cgroup">, RegExp>> = {
  auto: /(TCX ingress|TC ingress \(clsact\)) \(veth is a virtual interface/,
  native: /native XDP \(as configured\)/,
  generic: /generic XDP \(as configured\)/,
  tc: /(TCX ingress|TC ingress \(clsact\)) \(as configured\)/
}

/** Connections to port 7 that are redirected to another one before the stack sees them. */
async function connectRedirected(port: number, count: number): Promise<void> {
  const table = `synprint_xdp_${process.pid}`
  const rule = `tcp dport 7 iifname ${one.here.interface} redirect to :${port}`
  await run(["nft", `table inet ${table} { chain c { type nat hook prerouting priority dstnat; ${rule}; }; }`])
  try {
    await connections(one.there, one.here.ipv4, 7, count)
  } finally {
    await run(["nft", "delete", "table", "inet", table])
  }
}

describe.each(Object.keys(CHOSEN) as ReadonlyArray<keyof typeof CHOSEN>)("hook = %s", (hook) => {
  testWith(
    BPF_NETNS,
    "4 clients x 500 connections, IPv4 and IPv6, all found at accept",
    async () => {
      const log = await withXdp(xdpOptions(hook, [one.here.interface]), async (capture) => {
        using server = listen(capture)
        await Promise.all([
          connections(one.there, one.here.ipv4, server.port, 500),
          connections(one.there, one.here.ipv4, server.port, 500),
          connections(one.there, one.here.ipv6, server.port, 500),
          connections(one.there, one.here.ipv6, server.port, 500)
        ])
        const accepted = server.take()
        expect(tally(accepted)).toEqual({ hit: 2000 })
        expect(accepted.every(({ packet, clientPort }) => packet!.sport === clientPort)).toBe(true)
        expect(accepted.filter(({ packet }) => packet!.ver === 6).length).toBe(1000)
        expect(accepted.every(({ syn }) => syn.interfaceIndex > 0 && syn.vlan === -1)).toBe(true)
        const delays = accepted.map(({ syn }) => Date.now() - syn.seenAtMs)
        expect(Math.min(...delays)).toBeGreaterThan(-50)
        expect(Math.max(...delays)).toBeLessThan(60_000)
        expect(capture.stats()).toMatchObject({ hit: 2000, stored: 2000, map_full: 0, evictions: 0, hooks: 1 })
        expect(capture.down()).toBeUndefined()
      })
      expect(log.join("\n")).toMatch(CHOSEN[hook])
    },
    60_000
  )

  testWith(BPF_NETNS, "tagged frames, with the id of the outermost tag", () =>
    withXdp(xdpOptions(hook, [one.here.interface]), async (capture) => {
      const from = { src: "192.0.2.7", dst: "198.51.100.9", options: "mss=1460" } as const
      await inject(one.there, [
        ethernet(vlan(77, tcp({ ...from, sport: 1001 }))).bytes,
        ethernet(qinq(6, 7, tcp({ ...from, sport: 1002 }))).bytes,
        ethernet(tcp({ ...from, sport: 1003 })).bytes
      ])
      const ids: Array<number> = []
      for (const port of [1001, 1002, 1003]) {
        const { result, syn } = await find(capture, [from.src, port], [from.dst, 443])
        expect(result).toBe("hit")
        ids.push(syn.vlan)
      }
      expect(ids).toEqual([77, 6, -1])
    }).then(() => undefined)
  )
})

describe("hook = cgroup", () => {
  using probe = isMissing(BPF_NETNS) ? undefined : ownCgroup("probe")
  const needs = [
    ...BPF_NETNS,
    { missing: probe === undefined ? "cgroup2 that this process may enter" : undefined, isOptional: true }
  ]

  testWith(needs, "SYNs to listeners of the cgroup, by any interface and by loopback", async () => {
    using group = ownCgroup("live")!
    const log = await withXdp(xdpOptions("cgroup", [], {}, { cgroup: group.path }), async (capture) => {
      using server = listen(capture)
      await connections(one.there, one.here.ipv4, server.port, 50)
      await connections(two.there, two.here.ipv6, server.port, 50)
      await connections({ ...one.here, inside: [] }, "127.0.0.1", server.port, 10)
      await connections({ ...one.here, inside: [] }, "::1", server.port, 10)
      expect(tally(server.take())).toEqual({ hit: 120 })
    })
    expect(log.join("\n")).toContain("cgroup_skb ingress")
  })

  testWith([...needs, requires.binaries("nft")], "sees the address of the socket behind DNAT", async () => {
    using group = ownCgroup("dnat")!
    await withXdp(xdpOptions("cgroup", [], {}, { cgroup: group.path }), async (capture) => {
      using server = listen(capture)
      await connectRedirected(server.port, 20)
      expect(tally(server.take())).toEqual({ hit: 20 })
    })
  })
})

testWith([...BPF_NETNS, requires.binaries("nft")], 'behind DNAT with key = "client"', async () => {
  const filter = { ports: [9], addresses: ["192.0.2.9"], key: "client" } as const
  await withXdp(xdpOptions("tc", [one.here.interface], { filter }), async (capture) => {
    using server = listen(capture)
    await connectRedirected(server.port, 20)
    expect(tally(server.take())).toEqual({ hit: 20 })
  })
})

testWith(BPF_NETNS, "loopback: tc sees local connections", () =>
  withXdp(xdpOptions("tc", ["lo"]), async (capture) => {
    using server = listen(capture)
    await connections({ ...one.here, inside: [] }, "127.0.0.1", server.port, 10)
    await connections({ ...one.here, inside: [] }, "::1", server.port, 10)
    expect(tally(server.take())).toEqual({ hit: 20 })
  }).then(() => undefined)
)

testWith(BPF_NETNS, "two interfaces, and what is not captured", () =>
  withXdp(xdpOptions("tc", [one.here.interface]), async (capture) => {
    using server = listen(capture)
    await connections(two.there, two.here.ipv4, server.port, 5)
    expect(tally(server.take())).toEqual({ not_captured: 5 })
    await withXdp(xdpOptions("tc", [one.here.interface, two.here.interface]), async (both) => {
      using other = listen(both)
      await connections(one.there, one.here.ipv4, other.port, 5)
      await connections(two.there, two.here.ipv4, other.port, 5)
      const accepted = other.take()
      expect(tally(accepted)).toEqual({ hit: 10 })
      expect(new Set(accepted.map(({ syn }) => syn.interfaceIndex)).size).toBe(2)
    })
  }).then(() => undefined)
)

testWith(BPF_NETNS, "a filter is changed while it runs; old SYNs become stale", () =>
  withXdp(xdpOptions("tc", [one.here.interface], { maxAgeMs: 1500 }), async (capture) => {
    using server = listen(capture)
    await Effect.runPromise(capture.setFilter({ ports: [1], addresses: [], key: "connection" }))
    await connections(one.there, one.here.ipv4, server.port, 3)
    expect(tally(server.take())).toEqual({ not_captured: 3 })
    await Effect.runPromise(capture.setFilter({ ports: [server.port], addresses: [one.here.ipv6], key: "connection" }))
    await connections(one.there, one.here.ipv4, server.port, 3)
    await connections(one.there, one.here.ipv6, server.port, 3)
    const accepted = server.take()
    expect(tally(accepted)).toEqual({ not_captured: 3, hit: 3 })
    await Bun.sleep(1700)
    const port = accepted.at(-1)!.clientPort
    const late = await find(capture, [one.there.ipv6, port], [one.here.ipv6, server.port], 0)
    expect(late.result).toBe("stale")
    const reason = await Effect.runPromise(
      Effect.flip(
        capture.setFilter({ ports: Array.from({ length: 17 }, (_, n) => n + 1), addresses: [], key: "client" })
      )
    )
    expect(reason.message).toContain("17 ports, the program holds 16")
  }).then(() => undefined)
)

testWith(BPF_NETNS, "native XDP at an MTU of 9000: the program takes frames in pieces", async () => {
  await using jumbo = await connect(undefined, client, 9000)
  await withXdp(xdpOptions("native", [jumbo.here.interface]), async (capture) => {
    using server = listen(capture)
    await connections(jumbo.there, jumbo.here.ipv4, server.port, 5)
    await connections(jumbo.there, jumbo.here.ipv6, server.port, 5)
    const accepted = server.take()
    expect(tally(accepted)).toEqual({ hit: 10 })
    expect(new Set(accepted.map(({ packet }) => packet!.mss))).toEqual(new Set([8960, 8940]))
  })
})

describe("an interface that goes away", () => {
  for (const hook of ["tc", "native"] as const) {
    testWith(
      BPF_NETNS,
      `${hook}: and comes back is captured again`,
      () =>
        withXdp(xdpOptions(hook, [two.here.interface]), async (capture) => {
          using server = listen(capture)
          await two.cut()
          await until(() => capture.down() !== undefined, "the loss is noticed")
          expect(capture.down()).toStartWith(`${two.here.interface}: `)
          expect(capture.stats()).toMatchObject({ hooks: 0, hooks_down: 1 })
          await two.again()
          await until(() => capture.down() === undefined, "it is attached again")
          await connections(two.there, two.here.ipv4, server.port, 5)
          await connections(two.there, two.here.ipv6, server.port, 5)
          expect(tally(server.take())).toEqual({ hit: 10 })
          expect(capture.stats()).toMatchObject({ hooks: 1, hooks_down: 0, reattached: 1 })
        }).then(() => undefined),
      60_000
    )
  }
})

testWith(
  BPF_NETNS,
  "one of two interfaces away: the other goes on, and backend_down only when none is left",
  () =>
    withXdp(xdpOptions("tc", [one.here.interface, two.here.interface]), async (capture) => {
      using server = listen(capture)
      await two.cut()
      await until(() => capture.down() !== undefined, "the loss is noticed")
      await connections(one.there, one.here.ipv4, server.port, 3)
      const elsewhere = { ...one.here, inside: [] }
      await connections(elsewhere, "127.0.0.1", server.port, 2)
      expect(tally(server.take())).toEqual({ hit: 3, not_captured: 2 })
      await one.cut()
      await until(() => capture.stats()["hooks"] === 0, "the other loss is noticed")
      await connections(elsewhere, "127.0.0.1", server.port, 2)
      expect(tally(server.take())).toEqual({ backend_down: 2 })
      await one.again()
      await two.again()
      await until(() => capture.down() === undefined, "both are attached again")
    }).then(() => undefined),
  60_000
)

describe("closing", () => {
  for (const hook of ["native", "tc"] as const) {
    testWith(
      BPF_NETNS,
      `${hook}: gives back every descriptor and mapping; a late lookup says backend_down`,
      async () => {
        const options = xdpOptions(hook, [one.here.interface])
        const key = makeConnectionKey()
        parseConnectionKey("192.0.2.1", 1, "192.0.2.2", 2, key)
        const ask = (capture: CaptureBackend) =>
          capture.lookup({ key, savedSyn: undefined, openedAtMs: 0 }, makeRawSyn())
        let last: CaptureBackend | undefined
        const round = () =>
          withXdp(options, async (capture) => {
            last = capture
            expect(ask(capture)).toBe("not_captured")
          })
        await round()
        const before = held()
        for (let n = 0; n < 5; n++) await round()
        expect(leaks(before, held())).toEqual([])
        expect(ask(last!)).toBe("backend_down")
        expect(last!.stats()["stored"]).toBeUndefined()
      }
    )
  }
})
