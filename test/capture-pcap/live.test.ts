/** The capture on real interfaces, with real connections: every SYN of a real connection is there when the connection is accepted. */
import { describe, expect } from "bun:test"
import { clientLinks } from "../lib/links.ts"
import { addVlan } from "../lib/netns.ts"
import { requires, testWith } from "../lib/requires.ts"
import { captureOptions, listen, tally } from "../lib/capture.ts"
import { connections } from "../lib/connections.ts"
import { withCapture } from "./harness.ts"

const NEEDS = [requires.netns]
const { one, two } = await clientLinks(NEEDS)

describe("found at accept time", () => {
  testWith(
    NEEDS,
    "4 clients x 1000 connections, IPv4 and IPv6",
    () =>
      withCapture(captureOptions([one.here.interface]), async (capture) => {
        using server = listen(capture)
        await Promise.all([
          connections(one.there, one.here.ipv4, server.port, 1000),
          connections(one.there, one.here.ipv4, server.port, 1000),
          connections(one.there, one.here.ipv6, server.port, 1000),
          connections(one.there, one.here.ipv6, server.port, 1000)
        ])
        const accepted = server.take()
        expect(tally(accepted)).toEqual({ hit: 4000 })
        // The SYN of this connection, not of another.
        expect(accepted.every(({ packet, clientPort }) => packet!.sport === clientPort)).toBe(true)
        expect(accepted.filter(({ packet }) => packet!.ver === 6).length).toBe(2000)
        expect(new Set(accepted.map(({ packet }) => packet!.ttl))).toEqual(new Set([64]))
        expect(capture.stats()).toMatchObject({ hit: 4000, kernel_drops: 0, copies: 0, evictions: 0, malformed: 0 })
        expect(capture.down()).toBeUndefined()
      }),
    60_000
  )

  testWith(NEEDS, "two interfaces, none counted twice", () =>
    withCapture(captureOptions([one.here.interface, two.here.interface]), async (capture) => {
      using server = listen(capture)
      await Promise.all([
        connections(one.there, one.here.ipv4, server.port, 100),
        connections(two.there, two.here.ipv6, server.port, 100)
      ])
      const accepted = server.take()
      expect(tally(accepted)).toEqual({ hit: 200 })
      expect(new Set(accepted.map(({ syn }) => syn.interfaceIndex)).size).toBe(2)
      expect(capture.stats()).toMatchObject({ syns: 200, copies: 0, retransmits: 0, interfaces: 2 })
    })
  )

  testWith(NEEDS, "any, with the interface of each SYN", () =>
    withCapture(captureOptions([]), async (capture) => {
      using server = listen(capture)
      await Promise.all([
        connections(one.there, one.here.ipv6, server.port, 100),
        connections(two.there, two.here.ipv4, server.port, 100)
      ])
      const accepted = server.take()
      expect(tally(accepted)).toEqual({ hit: 200 })
      expect(new Set(accepted.map(({ syn }) => syn.interfaceIndex)).size).toBe(2)
      expect(accepted.every(({ syn }) => syn.retransmits === 0)).toBe(true)
    })
  )

  testWith(NEEDS, "only captured interfaces: the others give not_captured", () =>
    withCapture(captureOptions([one.here.interface]), async (capture) => {
      using server = listen(capture)
      await connections(two.there, two.here.ipv4, server.port, 10)
      expect(tally(server.take())).toEqual({ not_captured: 10 })
    })
  )

  testWith(NEEDS, "behind DNAT, with key = client", async () => {
    // The tap sees the port that the client asked for, the listener another one.
    const table = `synprint_${process.pid}`
    const { run } = await import("../lib/process.ts")
    await withCapture(
      captureOptions([one.here.interface], { filter: { ports: [9], addresses: ["192.0.2.9"], key: "client" } }),
      async (capture) => {
        using server = listen(capture)
        const rule = `tcp dport 7 iifname ${one.here.interface} redirect to :${server.port}`
        await run(["nft", `table inet ${table} { chain c { type nat hook prerouting priority dstnat; ${rule}; }; }`])
        try {
          await connections(one.there, one.here.ipv4, 7, 20)
        } finally {
          await run(["nft", "delete", "table", "inet", table])
        }
        expect(tally(server.take())).toEqual({ hit: 20 })
      }
    )
  })
})

describe("VLAN", () => {
  testWith(
    [...NEEDS, requires.linkType("vlan", "id", "77")],
    "on the sub-interface, on its parent, and on any as one SYN",
    async () => {
      const vlan = await addVlan(one, 77)
      await withCapture(captureOptions([vlan.here.interface]), async (capture) => {
        using server = listen(capture)
        await connections(vlan.there, vlan.here.ipv4, server.port, 20)
        await connections(vlan.there, vlan.here.ipv6, server.port, 20)
        expect(tally(server.take())).toEqual({ hit: 40 })
        expect(capture.stats()).toMatchObject({ syns: 40, copies: 0 })
      })
      await withCapture(captureOptions([one.here.interface]), async (capture) => {
        using server = listen(capture)
        await connections(vlan.there, vlan.here.ipv4, server.port, 20)
        await connections(vlan.there, vlan.here.ipv6, server.port, 20)
        const accepted = server.take()
        expect(tally(accepted)).toEqual({ hit: 40 })
        expect(new Set(accepted.map(({ syn }) => syn.vlan))).toEqual(new Set([77]))
      })
      await withCapture(captureOptions([one.here.interface, vlan.here.interface]), async (capture) => {
        using server = listen(capture)
        await connections(vlan.there, vlan.here.ipv4, server.port, 20)
        expect(tally(server.take())).toEqual({ hit: 20 })
        expect(capture.stats()).toMatchObject({ syns: 20, copies: 20, retransmits: 0, replaced: 0 })
      })
      await withCapture(captureOptions([]), async (capture) => {
        using server = listen(capture)
        await connections(vlan.there, vlan.here.ipv4, server.port, 20)
        const accepted = server.take()
        expect(tally(accepted)).toEqual({ hit: 20 })
        expect(accepted.every(({ syn }) => syn.retransmits === 0)).toBe(true)
        expect(capture.stats()["copies"]).toBeGreaterThanOrEqual(20)
      })
    }
  )
})
