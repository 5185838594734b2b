/**
 * `[fingerprint]` and `[history]`: what SYNs are compared with and what is kept per address.
 */
import type { ObserverOptions } from "@synprint/core"
import { type Decoded, key, optionalKey, table } from "./table.ts"
import { duration, flag, integer, list, nonEmpty, oneOf } from "./value.ts"

export const FingerprintTable = table({
  databases: key("databases", list(nonEmpty('"builtin" or the path of a p0f.fp file')), ["builtin"], {
    reload: "live",
    text: '"builtin" and files in the format of p0f.fp. Specific lines go before generic, generic before fuzzy; then the later file. With mode = "p0f" the default is /etc/p0f/p0f.fp.'
  }),
  mode: key("mode", oneOf("modern", "p0f"), "modern", {
    reload: "restart",
    text: '"modern": right about current stacks. "p0f": what p0f 3.09b says, to the byte.'
  }),
  tcpEnabled: optionalKey("tcp_enabled", flag, {
    reload: "restart",
    text: 'false: no capture, every status is "disabled". true, when one of the variables HUGINN_EBPF_INTERFACE, HUGINN_EBPF_DST_IP and HUGINN_EBPF_DST_PORT is set and [capture] names no backend: the xdp backend as huginn-proxy sets it up, which needs all three.',
    example: true
  })
})

export const HistoryTable = table({
  hosts: key("hosts", integer(1, 1 << 24), 65536, {
    reload: "restart",
    text: "Addresses that are remembered, for uptime, nat, first_seen and the like."
  }),
  idleMs: key("idle", duration(1000), "30 minutes", {
    reload: "restart",
    text: "How long an address is remembered after its last connection."
  }),
  sharingMs: key("sharing_window", duration(60_000), "1 hour", {
    reload: "restart",
    text: "An address is shared (nat, hint shared-address) when several systems take turns behind it within this time. Not in mode p0f."
  }),
  flows: key("flows", integer(1, 1 << 20), 1000, {
    reload: "restart",
    text: "p0f mode and the p0f socket only: connections that are followed, p0f's -m."
  }),
  flowIdleMs: key("flow_idle", duration(1000), "30 seconds", {
    reload: "restart",
    text: "p0f mode and the p0f socket only: how long a connection is followed, p0f's -t."
  })
})

export type FingerprintConfig = Decoded<typeof FingerprintTable.keys>
export type HistoryConfig = Decoded<typeof HistoryTable.keys>

export const historyLimits = ({ hosts, idleMs, sharingMs, flows, flowIdleMs }: HistoryConfig) =>
  ({
    maxFlows: flows,
    maxHosts: hosts,
    flowAgeSeconds: flowIdleMs / 1000,
    hostIdleMinutes: idleMs / 60_000,
    sharingSeconds: sharingMs / 1000
  }) satisfies Partial<ObserverOptions>
