/**
 * The rights of this process, from /proc/self/status (proc_pid_status(5)):
 *
 *     CapEff:  0000000000002000      effective capabilities, a bit each (linux/capability.h)
 *     CapBnd:  000001ffffffffff      bounding set: what the process can have at most
 *     Seccomp: 2                     2: a filter is active
 */
import { readFileSync } from "node:fs"

/** Capabilities that synprint uses or reports (linux/capability.h). */
export const CAPABILITIES = {
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39
} as const
export type Capability = keyof typeof CAPABILITIES

/** Text of /proc/self/status; empty if there is no /proc. */
export function readProcessStatus(): string {
  try {
    return readFileSync("/proc/self/status", "latin1")
  } catch {
    return ""
  }
}

/** Returns true if a capability is in a set of the process. */
export function hasCapability(status: string, set: "CapEff" | "CapBnd", capability: Capability): boolean {
  const bits = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"
  return ((BigInt(`0x${bits}`) >> BigInt(CAPABILITIES[capability])) & 1n) === 1n
}

/** Returns true if a seccomp filter is active. */
export function isSeccompFiltered(status: string = readProcessStatus()): boolean {
  return /^Seccomp:\s*2$/m.test(status)
}
