/**
 * @synprint/capture-xdp captures SYNs by eBPF. Attaching needs CAP_BPF and CAP_NET_ADMIN; reading the agent's pins needs no capability.
 */
import type { BackendModule } from "@synprint/service/config"
import { XdpTable } from "./config.ts"

export const xdp: BackendModule<typeof XdpTable.keys> = {
  name: "xdp",
  autoRank: 20,
  config: XdpTable,
  check: ({ hook, cgroup, attach }) =>
    hook === "cgroup" && attach && cgroup === ""
      ? [{ key: "cgroup", message: 'capture.xdp.hook = "cgroup" needs the path of a cgroup (v2) directory' }]
      : [],
  // `auto` reads existing pins and attaches nothing.
  configForAuto: (config) => ({ ...config, attach: false }),
  deliversPackets: false,
  statNames: { evictions: "evictions", syns: "syns", entries: "entries", retentionMs: "retention_ms" },
  huginnVariables: {
    HUGINN_EBPF_INTERFACE: "capture.interface",
    HUGINN_EBPF_DST_IP: "capture.addresses",
    HUGINN_EBPF_DST_PORT: "capture.ports"
  },
  load: async () => {
    const [{ open, share }, { doctor }] = await Promise.all([import("./backend.ts"), import("./doctor/doctor.ts")])
    return { open, share, doctor }
  }
}
