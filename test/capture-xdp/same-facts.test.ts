/** One SYN, every way to it: what the kernel saved with the socket, libpcap and every hook report the same for the same connection. */
import { expect } from "bun:test"
import * as Effect from "effect/Effect"
import { pcap } from "@synprint/capture-pcap"
import { xdp } from "@synprint/capture-xdp"
import { Packet, decodeSyn, makeConnectionKey, parseConnectionKey } from "@synprint/core"
import { type CaptureBackend, makeRawSyn, savedSyn as kernel } from "@synprint/service"
import { openBackend } from "@synprint/service/testing"
import { captureOptions } from "../lib/capture.ts"
import { unlikeConnections } from "../lib/connections.ts"
import { keepSyns, readSavedSyn } from "../lib/saved-syn.ts"
import { clientLinks } from "../lib/links.ts"
import { testWith } from "../lib/requires.ts"
import { ownCgroup, xdpOptions } from "./harness.ts"
import { BPF_NETNS } from "./needs.ts"

const { one } = await clientLinks(BPF_NETNS)

// An interface has one place for XDP, native or generic: a round of traffic each.
for (const mode of ["native", "generic"] as const) {
  testWith(
    BPF_NETNS,
    `saved SYN, libpcap, ${mode} XDP, TC and cgroup: the same facts of the same connections`,
    async () => {
      using group = ownCgroup("same")
      const name = one.here.interface
      const program = Effect.gen(function* () {
        const ways: Record<string, CaptureBackend> = {
          saved: yield* openBackend(kernel, captureOptions([name])),
          pcap: yield* openBackend(pcap, captureOptions([name])),
          [mode]: yield* openBackend(xdp, xdpOptions(mode, [name])),
          tc: yield* openBackend(xdp, xdpOptions("tc", [name]))
        }
        if (group !== undefined)
          ways["cgroup"] = yield* openBackend(xdp, xdpOptions("cgroup", [], {}, { cgroup: group.path }))
        const facts: Array<Record<string, unknown>> = []
        const key = makeConnectionKey()
        const into = makeRawSyn()
        const server = Bun.listen({
          hostname: "::",
          port: 0,
          socket: {
            open(socket) {
              parseConnectionKey(socket.remoteAddress, socket.remotePort, socket.localAddress, socket.localPort, key)
              const savedSyn = readSavedSyn(socket)
              const seen: Record<string, unknown> = {}
              for (const [way, capture] of Object.entries(ways)) {
                const packet = new Packet()
                const result = capture.lookup({ key, savedSyn, openedAtMs: Date.now() }, into)
                const verdict = result === "hit" ? decodeSyn(into, packet) : result
                seen[way] = { verdict, ...packet, payload: 0, layout: [...packet.layout] }
              }
              facts.push(seen)
              socket.end()
            },
            data() {}
          }
        })
        yield* Effect.addFinalizer(() => Effect.sync(() => server.stop(true)))
        keepSyns(server, 1)
        yield* Effect.promise(() => unlikeConnections(one, server.port))
        expect(facts.length).toBe(30)
        for (const seen of facts) {
          for (const way of Object.keys(ways)) expect([way, seen[way]]).toEqual([way, seen["saved"]])
          expect(seen["saved"]).toMatchObject({ verdict: 0 })
        }
        expect(
          new Set(facts.map(({ saved }) => JSON.stringify({ ...(saved as Packet), sport: 0, seq: 0 }))).size
        ).toBeGreaterThan(5)
      })
      await Effect.runPromise(Effect.scoped(program))
    },
    60_000
  )
}
