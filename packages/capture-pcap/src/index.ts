/**
 * @synprint/capture-pcap: SYNs by libpcap. Needs CAP_NET_RAW and nothing else.
 */
import type { BackendModule } from "@synprint/service/config"
import { PcapTable } from "./config.ts"

export const pcap: BackendModule<typeof PcapTable.keys> = {
  name: "pcap",
  autoRank: 30,
  config: PcapTable,
  deliversPackets: true,
  statNames: {
    kernelDrops: "kernel_drops",
    interfaceDrops: "interface_drops",
    evictions: "evictions",
    syns: "syns",
    entries: "entries",
    retentionMs: "retention_ms"
  },
  load: async () => {
    const [{ open }, { doctor }] = await Promise.all([import("./backend.ts"), import("./doctor.ts")])
    return { open, doctor }
  }
}
