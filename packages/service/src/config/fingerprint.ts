/**
 * `[fingerprint]` and `[history]`: with what SYNs are compared and what is kept per address.
 */
import type { ObserverOptions } from "@synprint/core"
import { duration, flag, integer, list, nonEmpty, oneOf } from "./value.ts"
import { type Decoded, key, optionalKey, table } from "./key.ts"

export const FingerprintTable = table({
  /** `builtin` and/or p0f.fp files; across files the later wins within a tier. Mode p0f: /etc/p0f/p0f.fp when not given. */
  databases: key("databases", list(nonEmpty('"builtin" or the path of a p0f.fp file')), ["builtin"]),
  mode: key("mode", oneOf("modern", "p0f"), "modern"),
  /** The seed's switch: false = no capture at all; true without `[capture] backend` = xdp. */
  tcpEnabled: optionalKey("tcp_enabled", flag)
})

export const HistoryTable = table({
  hosts: key("hosts", integer(1, 1 << 24), 65536),
  idleMs: key("idle", duration(1000), "30 minutes"),
  /** Modern mode: how long a system behind an address is remembered when others send from there too. */
  sharingMs: key("sharing_window", duration(60_000), "1 hour"),
  /** p0f mode and the p0f socket: flows that are followed (p0f -m) and for how long (p0f -t). */
  flows: key("flows", integer(1, 1 << 20), 1000),
  flowIdleMs: key("flow_idle", duration(1000), "30 seconds")
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
