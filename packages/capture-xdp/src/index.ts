/**
 * @synprint/capture-xdp: SYNs by eBPF. Not built yet: opening it says so and names what works instead.
 */
import * as Effect from "effect/Effect"
import { type BackendModule, CaptureError } from "@synprint/core/runtime"

const REASON = "not built yet"
const HINT = 'use [capture] backend = "pcap" or "saved-syn", or leave it at "auto"'

export const backend: BackendModule = {
  name: "xdp",
  open: () =>
    Effect.fail(
      new CaptureError({
        backend: "xdp",
        attempted: "open the eBPF capture",
        reason: REASON,
        hint: HINT,
        kind: "failure"
      })
    ),
  doctor: () => Effect.succeed([{ name: "xdp", result: "warn", detail: REASON, next: HINT }])
}

export { agent } from "./agent.ts"
