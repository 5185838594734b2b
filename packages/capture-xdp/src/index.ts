/**
 * @synprint/capture-xdp: SYNs by eBPF. Needs CAP_BPF and CAP_NET_ADMIN to attach, nothing to read the agent's pins.
 */
import type { BackendModule } from "@synprint/service"
import { open, share } from "./backend.ts"
import { doctor } from "./doctor/doctor.ts"

export const backend: BackendModule = { name: "xdp", open, share, doctor }

export { agent, detachAgent } from "./agent/agent.ts"
