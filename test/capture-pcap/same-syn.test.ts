/** One decoder: the same SYN from the kernel (TCP_SAVED_SYN) and from libpcap gives the same facts. */
import { describe, expect } from "bun:test"
import { pcap } from "@synprint/capture-pcap"
import { Packet, decodeSyn, makeConnectionKey, parseConnectionKey } from "@synprint/core"
import { makeRawSyn, openChain, savedSyn } from "@synprint/service"
import { openBackend } from "@synprint/service/testing"
import * as Effect from "effect/Effect"
import { clientLinks } from "../lib/links.ts"
import { requires, testWith } from "../lib/requires.ts"
import { captureOptions } from "../lib/capture.ts"
import { unlikeConnections } from "../lib/connections.ts"
import { keepSyns, readSavedSyn } from "../lib/saved-syn.ts"

const NEEDS = [requires.netns]
const { one: link } = await clientLinks(NEEDS)

describe.each([
  ["headers alone", 1],
  ["with the MAC header", 2]
] as const)("TCP_SAVE_SYN %s", (_, mode) => {
  testWith(NEEDS, `mode ${mode}: equal facts over IPv4 and IPv6, from several kinds of client`, () =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const tap = yield* openBackend(pcap, captureOptions([link.here.interface]))
          const chain = yield* openChain([savedSyn, pcap], ["saved-syn", "pcap"], captureOptions([link.here.interface]))
          const key = makeConnectionKey()
          const pairs: Array<{ readonly saved: Packet; readonly captured: Packet }> = []
          const server = Bun.listen({
            hostname: "::",
            port: 0,
            socket: {
              open(socket) {
                parseConnectionKey(socket.remoteAddress, socket.remotePort, socket.localAddress, socket.localPort, key)
                const saved = { key, savedSyn: readSavedSyn(socket), openedAtMs: Date.now() }
                const one = makeRawSyn()
                const other = makeRawSyn()
                if (chain.lookup(saved, one) !== "hit") throw new Error("the kernel kept no SYN")
                if (tap.lookup({ ...saved, savedSyn: undefined }, other) !== "hit") throw new Error("not captured")
                const pair = { saved: new Packet(), captured: new Packet() }
                if (decodeSyn(one, pair.saved) !== 0 || decodeSyn(other, pair.captured) !== 0)
                  throw new Error("bad SYN")
                pairs.push(pair)
                // The kernel gives it once; then the capture answers.
                if (chain.lookup({ ...saved, savedSyn: readSavedSyn(socket) }, one) !== "hit")
                  throw new Error("the chain does not go on")
                socket.end()
              },
              data() {}
            }
          })
          yield* Effect.addFinalizer(() => Effect.sync(() => server.stop(true)))
          keepSyns(server, mode)
          yield* Effect.promise(() => unlikeConnections(link, server.port))
          expect(pairs.length).toBe(30)
          // The offset of the payload depends on the link header, which only one of them has.
          for (const { saved, captured } of pairs) expect({ ...saved, payload: 0 }).toEqual({ ...captured, payload: 0 })
          // The clients did differ, so equal is not the same as empty.
          expect(
            new Set(pairs.map(({ saved }) => `${saved.layout.join()} ${saved.quirks} ${saved.ttl}`)).size
          ).toBeGreaterThan(5)
          expect(chain.members.map((member) => member.lookups)).toMatchObject([{ hit: 30, syncookie: 30 }, { hit: 30 }])
        })
      )
    )
  )
})
