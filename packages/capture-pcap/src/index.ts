/**
 * @synprint/capture-pcap: SYNs by libpcap. Needs CAP_NET_RAW and nothing else.
 */
import type { BackendModule } from "@synprint/service"
import { open } from "./backend.ts"
import { doctor } from "./doctor.ts"

export const backend: BackendModule = { name: "pcap", open, doctor }
