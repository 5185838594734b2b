import { expect, test } from "bun:test"
import { openChain, type CaptureOptions } from "@synprint/core/runtime"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"

const OPTIONS: CaptureOptions = {
  filter: { ports: [], addresses: [], key: "connection" },
  interfaces: [],
  capacity: 16,
  maxAgeMs: 1000,
  feed: false,
  pcap: { snaplen: 256, bufferBytes: 1 << 20, promiscuous: false },
  xdp: { hook: "auto", cgroup: "", pin: "", pinMode: 0, pinGroup: "", attach: true }
}
const registry = { xdp: () => import("./index.ts") }

test("named, it says that it is not built and what to use; auto goes on without it", async () => {
  const error = await Effect.runPromise(Effect.scoped(Effect.flip(openChain(registry, ["xdp"], OPTIONS))))
  expect(error.message).toBe(
    'xdp: cannot open the eBPF capture: not built yet (use [capture] backend = "pcap" or "saved-syn", or leave it at "auto")'
  )
  expect(error[Runtime.errorExitCode]).toBe(1)
  const chain = await Effect.runPromise(Effect.scoped(openChain(registry, "auto", OPTIONS)))
  expect(chain.choice.hints.length).toBe(1)
})
