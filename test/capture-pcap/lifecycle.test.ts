/** Opening, losing, finding again, filtering anew, closing. */
import { describe, expect } from "bun:test"
import { pcap } from "@synprint/capture-pcap"
import { ethernet, tcp } from "@synprint/core/testing"
import type { CaptureBackend } from "@synprint/service"
import { openBackend } from "@synprint/service/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { held, leaks } from "../lib/leaks.ts"
import { clientLinks } from "../lib/links.ts"
import { run } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { captureOptions, find, listen, tally } from "../lib/capture.ts"
import { connections } from "../lib/connections.ts"
import { injectBlocking } from "../lib/inject.ts"
import { refusal, withCapture } from "./harness.ts"
import { until } from "../lib/until.ts"

const NEEDS = [requires.netns]
const { one, two } = await clientLinks(NEEDS)

/** Captures, and gives what was logged meanwhile. `clock`: its fibers live in virtual time, moved by `pass`. */
async function logged(
  interfaces: ReadonlyArray<string>,
  body: (capture: CaptureBackend, pass: (time: "1 minute") => Promise<void>) => Promise<void>
): Promise<ReadonlyArray<string>> {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  await Effect.runPromise(
    Effect.gen(function* () {
      const capture = yield* openBackend(pcap, captureOptions(interfaces))
      const context = yield* Effect.context<never>()
      const pass = (time: "1 minute") => Effect.runPromiseWith(context)(TestClock.adjust(time))
      yield* Effect.promise(() => body(capture, pass))
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(Logger.layer([logger]), TestClock.layer())))
  )
  return lines
}

describe("an interface that goes away", () => {
  testWith(
    NEEDS,
    "and comes back is captured again; the others go on meanwhile",
    () =>
      withCapture(captureOptions([one.here.interface, two.here.interface]), async (capture) => {
        using server = listen(capture)
        await one.cut()
        await until(() => capture.down() !== undefined, "the loss is noticed")
        expect(capture.down()).toStartWith(`${one.here.interface}: `)
        expect(capture.stats()).toMatchObject({ interfaces: 1, interfaces_down: 1 })
        await connections(two.there, two.here.ipv4, server.port, 5)
        expect(tally(server.take())).toEqual({ hit: 5 })

        await one.again()
        await until(() => capture.down() === undefined, "the interface is captured again")
        await connections(one.there, one.here.ipv4, server.port, 5)
        await connections(one.there, one.here.ipv6, server.port, 5)
        expect(tally(server.take())).toEqual({ hit: 10 })
        expect(capture.stats()).toMatchObject({ interfaces: 2, interfaces_down: 0, reopened: 1 })
      }),
    90_000
  )

  testWith(
    NEEDS,
    "backend_down only when none is left, and the SYNs it has are still given",
    () =>
      withCapture(captureOptions([one.here.interface]), async (capture) => {
        using server = listen(capture)
        await connections(one.there, one.here.ipv4, server.port, 1)
        expect(tally(server.take())).toEqual({ hit: 1 })
        await one.cut()
        await until(() => capture.stats()["interfaces"] === 0, "the loss is noticed")
        await connections(two.there, two.here.ipv4, server.port, 3)
        expect(tally(server.take())).toEqual({ backend_down: 3 })
        await one.again()
        await until(() => capture.down() === undefined, "the interface is captured again")
        await connections(two.there, two.here.ipv4, server.port, 1)
        expect(tally(server.take())).toEqual({ not_captured: 1 })
      }),
    90_000
  )

  testWith(
    NEEDS,
    "down and up again: captures on",
    () =>
      withCapture(captureOptions([one.here.interface]), async (capture) => {
        using server = listen(capture)
        await run(["ip", "link", "set", one.here.interface, "down"])
        await Bun.sleep(600)
        await run(["ip", "link", "set", one.here.interface, "up"])
        await until(() => capture.down() === undefined, "the interface is captured again")
        await connections(one.there, one.here.ipv4, server.port, 5)
        expect(tally(server.take())).toEqual({ hit: 5 })
      }),
    90_000
  )

  testWith(NEEDS, "replaced under its name between two looks", () =>
    withCapture(captureOptions([one.here.interface]), async (capture) => {
      using server = listen(capture)
      await one.cut()
      await one.again()
      await until(() => capture.stats()["reopened"] === 1 && capture.down() === undefined, "captured again")
      await connections(one.there, one.here.ipv4, server.port, 5)
      expect(tally(server.take())).toEqual({ hit: 5 })
    })
  )
})

describe("setFilter", () => {
  testWith(NEEDS, "takes effect on what is open", () =>
    withCapture(
      captureOptions([one.here.interface], { filter: { ports: [1], addresses: [], key: "connection" } }),
      async (capture) => {
        using server = listen(capture)
        const ask = async () => {
          await connections(one.there, one.here.ipv4, server.port, 5)
          return tally(server.take())
        }
        expect(await ask()).toEqual({ not_captured: 5 })
        await Effect.runPromise(
          capture.setFilter({ ports: [server.port], addresses: [one.here.ipv4, one.here.ipv6], key: "connection" })
        )
        expect(await ask()).toEqual({ hit: 5 })
        await Effect.runPromise(capture.setFilter({ ports: [], addresses: ["192.0.2.1"], key: "connection" }))
        expect(await ask()).toEqual({ not_captured: 5 })
        await Effect.runPromise(capture.setFilter({ ports: [1], addresses: ["192.0.2.1"], key: "client" }))
        expect(await ask()).toEqual({ hit: 5 })
        const bad = await Effect.runPromise(
          Effect.flip(capture.setFilter({ ports: [], addresses: ["localhost"], key: "client" }))
        )
        expect(bad).toMatchObject({ kind: "config", reason: "localhost: expected an IPv4 or IPv6 address" })
        expect(await ask()).toEqual({ hit: 5 })
      }
    )
  )

  // Packets in the moment of the change itself are lost: libpcap shuts the socket for some 0.5 ms (0.5 to 3 of 5000 SYNs/s).
  testWith([...NEEDS, requires.binaries("tcpreplay")], "keeps what waited in the ring", () =>
    withCapture(captureOptions([one.here.interface]), async (capture) => {
      const client = (n: number): [string, number] => [`192.0.2.${n & 127}`, 2000 + n]
      const frames = Array.from({ length: 500 }, (_, n) => {
        const [src, sport] = client(n)
        return ethernet(tcp({ src, sport, dst: "198.51.100.7", dport: 443 })).bytes
      })
      const sent = injectBlocking(one.there, frames)
      expect(sent).toContain("500 packets")
      expect(capture.stats()["packets"]).toBe(0)
      Effect.runSync(capture.setFilter({ ports: [443], addresses: ["198.51.100.7"], key: "connection" }))
      for (let n = 0; n < 500; n++) {
        expect((await find(capture, client(n), ["198.51.100.7", 443], 0)).result).toBe("hit")
      }
    })
  )
})

describe("a set-up that misses", () => {
  testWith(NEEDS, "names the interface that should be captured, once a minute", async () => {
    const lines = await logged([two.here.interface], async (capture, pass) => {
      using server = listen(capture)
      await connections(one.there, one.here.ipv4, server.port, 3)
      expect(tally(server.take())).toEqual({ not_captured: 3 })
      await pass("1 minute")
      await pass("1 minute")
    })
    expect(lines).toEqual([
      `pcap: 3 lookups found no SYN: ${one.here.ipv4} is on ${one.here.interface}, which is not captured ` +
        `(captured: ${two.here.interface}; add it to [capture] interface)`
    ])
  })
})

describe("what cannot be opened", () => {
  testWith(NEEDS, "no such interface: 78, with those that exist", async () => {
    const error = await refusal(captureOptions(["eth77"]))
    expect(error.kind).toBe("config")
    expect(error.message).toStartWith("pcap: cannot open eth77: no such interface (set [capture] interface to one of ")
    expect(error.message).toContain(one.here.interface)
  })

  testWith(NEEDS, "an interface that is down: what to do", async () => {
    await run(["ip", "link", "set", two.here.interface, "down"])
    const error = await refusal(captureOptions([two.here.interface])).finally(() =>
      run(["ip", "link", "set", two.here.interface, "up"])
    )
    expect(error).toMatchObject({ kind: "failure", hint: `ip link set ${two.here.interface} up` })
  })

  testWith(NEEDS, "a bad port or address: 78 before anything is opened", async () => {
    const error = await refusal(captureOptions(["eth77"], { filter: { ports: [0], addresses: ["x"], key: "client" } }))
    expect(error.message).toBe(
      "pcap: cannot build the filter: 0: expected a port from 1 to 65535; x: expected an IPv4 or IPv6 address " +
        "(correct [capture] ports and addresses)"
    )
    expect(error.kind).toBe("config")
  })
})

describe("closing", () => {
  testWith(
    NEEDS,
    "after an interface was opened again: look-ups go on and say so",
    async () => {
      const last = await withCapture(captureOptions([one.here.interface]), async (capture) => {
        await one.cut()
        await one.again()
        await until(() => capture.stats()["reopened"] === 1 && capture.down() === undefined, "captured again")
        return capture
      })
      using server = listen(last)
      await connections(one.there, one.here.ipv4, server.port, 3)
      expect(tally(server.take())).toEqual({ backend_down: 3 })
      expect(last.stats()).toMatchObject({ interfaces: 0 })
    },
    90_000
  )

  testWith(
    NEEDS,
    "gives every descriptor and mapping back, 50 times, failures included",
    async () => {
      const options = captureOptions([one.here.interface, "any"], { capacity: 64, feed: true })
      const cycle = async (): Promise<void> => {
        await withCapture(options, async () => undefined)
        await refusal(captureOptions([one.here.interface, "eth77"], { capacity: 64 }))
      }
      // The first cycle loads what stays: libraries, the event loop's own descriptors.
      await cycle()
      const before = held()
      for (let n = 0; n < 50; n++) await cycle()
      expect(leaks(before, held())).toEqual([])
    },
    60_000
  )
})
