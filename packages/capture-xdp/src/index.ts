/**
 * @synprint/capture-xdp: SYNs by eBPF. Needs CAP_BPF and CAP_NET_ADMIN to attach, nothing to read the agent's pins.
 */
import * as Effect from "effect/Effect"
import type { BackendModule } from "@synprint/core/runtime"
import { open } from "./backend.ts"

export const backend: BackendModule = { name: "xdp", open, doctor: () => Effect.succeed([]) }

export { agent, detachAgent } from "./agent.ts"
