/** One decoder: the same SYN from the kernel (TCP_SAVED_SYN) and from libpcap gives the same facts. */
import { afterAll, beforeAll, describe, expect } from "bun:test"
import { dlopen, FFIType } from "bun:ffi"
import { backend as pcap } from "@synprint/capture-pcap"
import { decodeSyn, makeConnectionKey, Packet, parseConnectionKey } from "@synprint/core"
import { makeRawSyn, openChain, savedSyn } from "@synprint/core/runtime"
import * as Effect from "effect/Effect"
import { connect, makeNamespace, type Link, type Namespace } from "../lib/netns.ts"
import { run } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { captureOptions, connections } from "./harness.ts"

const IPPROTO_TCP = 6
const TCP_SAVE_SYN = 27
const TCP_SAVED_SYN = 28
const { ptr, i32 } = FFIType
const { symbols: c } = dlopen("libc.so.6", {
  setsockopt: { args: [i32, i32, i32, ptr, i32], returns: i32 },
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 }
})

const NEEDS = [requires.netns]
let client: Namespace
let link: Link

beforeAll(async () => {
  if (requires.netns.missing !== undefined) return
  client = await makeNamespace()
  link = await connect(undefined, client)
})

afterAll(async () => {
  if (requires.netns.missing !== undefined) return
  await link[Symbol.asyncDispose]()
  await client[Symbol.asyncDispose]()
})

/** Bytes of the SYN that the kernel kept with an accepted socket. */
function readSavedSyn(fd: number): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(512))
  const length = new Uint32Array(new ArrayBuffer(4))
  length[0] = bytes.length
  if (c.getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, bytes, length) !== 0) throw new Error("getsockopt TCP_SAVED_SYN")
  return bytes.slice(0, length[0])
}

/** Not in Bun's types: the descriptor of a listener or socket. */
const fdOf = (socket: unknown): number => (socket as { readonly fd: number }).fd

describe.each([
  ["headers alone", 1],
  ["with the MAC header", 2]
])("TCP_SAVE_SYN %s", (_, mode) => {
  testWith(NEEDS, `mode ${mode}: equal facts over IPv4 and IPv6, from several kinds of client`, () =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const tap = yield* pcap.open(captureOptions([link.here.interface]))
          const chain = yield* openChain(
            { "saved-syn": async () => ({ backend: savedSyn }), pcap: async () => ({ backend: pcap }) },
            ["saved-syn", "pcap"],
            captureOptions([link.here.interface])
          )
          const key = makeConnectionKey()
          const pairs: Array<{ readonly saved: Packet; readonly captured: Packet }> = []
          const server = Bun.listen({
            hostname: "::",
            port: 0,
            socket: {
              open(socket) {
                parseConnectionKey(socket.remoteAddress, socket.remotePort, socket.localAddress, socket.localPort, key)
                const saved = { key, savedSyn: readSavedSyn(fdOf(socket)), openedAtMs: Date.now() }
                const one = makeRawSyn()
                const other = makeRawSyn()
                if (chain.lookup(saved, one) !== "hit") throw new Error("the kernel kept no SYN")
                if (tap.lookup({ ...saved, savedSyn: undefined }, other) !== "hit") throw new Error("not captured")
                const pair = { saved: new Packet(), captured: new Packet() }
                if (decodeSyn(one, pair.saved) !== 0 || decodeSyn(other, pair.captured) !== 0)
                  throw new Error("bad SYN")
                pairs.push(pair)
                // The kernel gives it once; then the capture answers.
                if (chain.lookup({ ...saved, savedSyn: readSavedSyn(fdOf(socket)) }, one) !== "hit")
                  throw new Error("the chain does not go on")
                socket.end()
              },
              data() {}
            }
          })
          yield* Effect.addFinalizer(() => Effect.sync(() => server.stop(true)))
          const on = new Int32Array(new ArrayBuffer(4))
          on[0] = mode
          expect(c.setsockopt(fdOf(server), IPPROTO_TCP, TCP_SAVE_SYN, on, 4)).toBe(0)
          const set = (name: string, value: number) =>
            run([...link.there.inside, "sysctl", "-qw", `net.ipv4.${name}=${value}`])
          yield* Effect.promise(async () => {
            for (const [name, changed, usual] of [
              ["tcp_timestamps", 0, 1],
              ["tcp_sack", 0, 1],
              ["tcp_window_scaling", 0, 1],
              ["tcp_ecn", 1, 2],
              ["ip_default_ttl", 200, 64]
            ] as const) {
              await set(name, changed)
              await connections(link.there, link.here.ipv4, server.port, 3)
              await connections(link.there, link.here.ipv6, server.port, 3)
              await set(name, usual)
            }
          })
          expect(pairs.length).toBe(30)
          // Where the payload would begin depends on what the bytes begin with.
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
