/**
 * `doctor`: kernel, capabilities, seccomp, locked memory. Each failure names the setting for Docker, Compose, systemd and Kubernetes.
 */
import type { Check } from "@synprint/service"
import { BPF_CALL } from "../program/bpf-call.ts"
import { ENOSYS, EPERM, errorName, lastErrno } from "../errno.ts"
import { hasXdp } from "../attach/hook-choice.ts"
import type { Libc } from "../libc.ts"
import { hasCapability, isSeccompFiltered } from "@synprint/linux"
import { hasFreeReaders } from "../pins/pin-failure.ts"
import { hasTcx } from "../attach/targets.ts"

const CAPABILITIES = ["CAP_NET_ADMIN", "CAP_BPF"] as const
/** A number that no command of bpf(2) has. */
const NO_COMMAND = 9999

/** Checks the kernel version; before 5.8 there is no CAP_BPF and no cgroup link. */
export function kernelCheck(kernel: ReadonlyArray<number>): Check {
  const [major = 0, minor = 0] = kernel
  const version = kernel.join(".")
  if (major < 5 || (major === 5 && minor < 8)) {
    return fail(
      "xdp: kernel",
      `Linux ${version}: 5.8 is the oldest that is supported`,
      '[capture] backend = "pcap" or "saved-syn"'
    )
  }
  const hooks = [
    hasXdp(kernel) ? "XDP" : "no XDP (5.18)",
    hasTcx(kernel) ? "TCX" : "TC by clsact (TCX: 6.6)",
    "cgroup",
    hasFreeReaders(kernel) ? "readers without capability" : "readers need CAP_BPF (free: 5.19)"
  ]
  return ok("xdp: kernel", `Linux ${version}: ${hooks.join(", ")}`)
}

/** Checks the capabilities in the text of /proc/self/status. */
export function capabilityCheck(status: string): Check {
  const name = "xdp: capabilities"
  const missingIn = (set: "CapEff" | "CapBnd"): ReadonlyArray<string> =>
    CAPABILITIES.filter((capability) => !hasCapability(status, set, capability))
  const missing = missingIn("CapEff")
  if (missing.length === 0) return ok(name, "CAP_BPF and CAP_NET_ADMIN are effective")
  const unbounded = missingIn("CapBnd")
  if (unbounded.length > 0) {
    return fail(
      name,
      `${unbounded.join(" and ")} not in the bounding set of this process`,
      "Docker: --cap-add BPF --cap-add NET_ADMIN; Compose: cap_add: [BPF, NET_ADMIN]; systemd: CapabilityBoundingSet=CAP_BPF " +
        "CAP_NET_ADMIN; Kubernetes: securityContext.capabilities.add: [BPF, NET_ADMIN]"
    )
  }
  return fail(
    name,
    `${missing.join(" and ")} not effective`,
    "systemd: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN; in a container run as root or set the ambient set (setpriv --ambient-caps)"
  )
}

/** Checks bpf(2) by an unknown command, which fails with EINVAL unless the call as a whole is forbidden. */
export function bpfCallCheck(c: Libc, kernel: ReadonlyArray<number>): Check {
  const attr = new Uint8Array(new ArrayBuffer(128))
  const result = c.syscall(BPF_CALL, NO_COMMAND, attr, attr.length)
  const error = result < 0 ? lastErrno(c) : 0
  const name = "xdp: bpf(2)"
  if (error !== EPERM && error !== ENOSYS) return ok(name, "allowed")
  if (isSeccompFiltered()) {
    return fail(
      name,
      `${errorName(error)}: a seccomp filter blocks it`,
      "Docker: --security-opt seccomp=seccomp.json; Compose: security_opt: [seccomp:seccomp.json]; systemd: SystemCallFilter=bpf; " +
        "Kubernetes: seccompProfile: {type: Localhost, localhostProfile: ...} with the profile in examples/"
    )
  }
  if (error === ENOSYS) return fail(name, "the kernel was built without it", "use pcap or saved-syn")
  return hasFreeReaders(kernel)
    ? fail(name, errorName(error), "a security module may forbid it: see the audit log")
    : fail(name, `${errorName(error)}: before Linux 5.19 it takes CAP_BPF`, "grant CAP_BPF")
}

/** Checks locked memory in the text of /proc/self/limits. Since 5.11, memory of maps counts against the cgroup. */
export function memlockCheck([major = 0, minor = 0]: ReadonlyArray<number>, limits: string): ReadonlyArray<Check> {
  if (major > 5 || (major === 5 && minor >= 11)) return []
  const [, soft, hard] = /^Max locked memory\s+(\S+)\s+(\S+)/m.exec(limits) ?? []
  const name = "xdp: locked memory"
  if (hard === "unlimited") return [ok(name, `limit ${soft}, raised when it loads`)]
  return [
    fail(
      name,
      `hard limit ${hard ?? "unknown"} bytes: maps count against it before Linux 5.11`,
      "Docker: --ulimit memlock=-1; Compose: ulimits: memlock: {soft: -1, hard: -1}; systemd: LimitMEMLOCK=infinity"
    )
  ]
}

export function ok(name: string, detail: string): Check {
  return { name, result: "ok", detail, next: undefined }
}

export function warn(name: string, detail: string, next: string): Check {
  return { name, result: "warn", detail, next }
}

export function fail(name: string, detail: string, next: string): Check {
  return { name, result: "fail", detail, next }
}
