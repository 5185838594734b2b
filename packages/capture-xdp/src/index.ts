/**
 * @synprint/capture-xdp captures SYNs by eBPF. Attaching needs CAP_BPF and CAP_NET_ADMIN; reading the agent's pins needs no capability.
 */
import type { BackendModule } from "@synprint/service"
import { open, share } from "./backend.ts"
import { doctor } from "./doctor/doctor.ts"

export const backend: BackendModule = { name: "xdp", open, share, doctor }

export { agent, detachAgent } from "./agent/agent.ts"
