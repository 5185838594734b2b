/** One SYN, every way to it: what the kernel saved with the socket, libpcap and every hook tell the same of the same connection. */
import { afterAll, beforeAll, expect } from "bun:test"
import { dlopen, FFIType } from "bun:ffi"
import * as Effect from "effect/Effect"
import { backend as pcap } from "@synprint/capture-pcap"
import { backend as xdp } from "@synprint/capture-xdp"
import { decodeSyn, makeConnectionKey, Packet, parseConnectionKey } from "@synprint/core"
import { type CaptureBackend, makeRawSyn, savedSyn as kernel } from "@synprint/core/runtime"
import { captureOptions, connections } from "../capture-pcap/harness.ts"
import { connect, makeNamespace, type Link, type Namespace } from "../lib/netns.ts"
import { run } from "../lib/process.ts"
import { testWith } from "../lib/requires.ts"
import { ownCgroup, xdpOptions } from "./harness.ts"
import { BPF_NETNS, isMissing } from "./needs.ts"

let client: Namespace
let one: Link

beforeAll(async () => {
  if (isMissing(BPF_NETNS)) return
  client = await makeNamespace()
  one = await connect(undefined, client)
})

afterAll(async () => {
  if (isMissing(BPF_NETNS)) return
  await one[Symbol.asyncDispose]()
  await client[Symbol.asyncDispose]()
})

const TCP_SAVE_SYN = 27
const TCP_SAVED_SYN = 28
const { ptr, i32 } = FFIType
const { symbols: c } = dlopen("libc.so.6", {
  setsockopt: { args: [i32, i32, i32, ptr, i32], returns: i32 },
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 }
})
const fdOf = (socket: unknown): number => (socket as { readonly fd: number }).fd

function readSavedSyn(fd: number): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(512))
  const length = new Uint32Array(new ArrayBuffer(4))
  length[0] = bytes.length
  if (c.getsockopt(fd, 6, TCP_SAVED_SYN, bytes, length) !== 0) throw new Error("getsockopt TCP_SAVED_SYN")
  return bytes.slice(0, length[0])
}

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
          saved: yield* kernel.open(captureOptions([name])),
          pcap: yield* pcap.open(captureOptions([name])),
          [mode]: yield* xdp.open(xdpOptions(mode, [name])),
          tc: yield* xdp.open(xdpOptions("tc", [name]))
        }
        if (group !== undefined) ways["cgroup"] = yield* xdp.open(xdpOptions("cgroup", [], {}, { cgroup: group.path }))
        const facts: Array<Record<string, unknown>> = []
        const key = makeConnectionKey()
        const into = makeRawSyn()
        const server = Bun.listen({
          hostname: "::",
          port: 0,
          socket: {
            open(socket) {
              parseConnectionKey(socket.remoteAddress, socket.remotePort, socket.localAddress, socket.localPort, key)
              const savedSyn = readSavedSyn(fdOf(socket))
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
        const on = new Int32Array(new ArrayBuffer(4)).fill(1)
        expect(c.setsockopt(fdOf(server), 6, TCP_SAVE_SYN, on, 4)).toBe(0)
        const set = (setting: string, value: number) =>
          run([...one.there.inside, "sysctl", "-qw", `net.ipv4.${setting}=${value}`])
        yield* Effect.promise(async () => {
          for (const [setting, changed, usual] of [
            ["tcp_timestamps", 0, 1],
            ["tcp_sack", 0, 1],
            ["tcp_window_scaling", 0, 1],
            ["tcp_ecn", 1, 2],
            ["ip_default_ttl", 200, 64]
          ] as const) {
            await set(setting, changed)
            await connections(one.there, one.here.ipv4, server.port, 3)
            await connections(one.there, one.here.ipv6, server.port, 3)
            await set(setting, usual)
          }
        })
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
