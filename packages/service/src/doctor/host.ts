/**
 * Checks of the host: kernel, rights, limits, sysctls, namespaces, interfaces.
 */
import { existsSync, readFileSync, readlinkSync } from "node:fs"
import { release } from "node:os"
import { join } from "node:path"
import {
  CAPABILITIES,
  type Capability,
  hasCapability,
  isKernelAtLeast,
  isSeccompFiltered,
  kernelVersion
} from "@synprint/linux"
import type { Check } from "../capture/backend.ts"
import { check } from "./check.ts"

/** The host that is looked at. */
export interface Host {
  /** The directory that holds `proc` and `sys`. */
  readonly root: string
  /** The kernel's version, as uname(2) reports it. */
  readonly release: string
}

const THIS_HOST: Host = { root: "/", release: release() }

const read = ({ root }: Host, path: string): string | undefined => {
  try {
    return readFileSync(join(root, path), "utf8").trim()
  } catch {
    return undefined
  }
}

const isAtLeast = (host: Host, major: number, minor: number): boolean =>
  isKernelAtLeast(major, minor, kernelVersion(host.release))

function kernelChecks(host: Host): ReadonlyArray<Check> {
  const version = host.release
  if (!isAtLeast(host, 4, 18))
    return [
      check("kernel", "warn", `${version}: too old for the xdp backend`, "use saved-syn or pcap, or Linux 5.8 or newer")
    ]
  if (!isAtLeast(host, 5, 11)) return [check("kernel", "ok", `${version}: eBPF memory counts against RLIMIT_MEMLOCK`)]
  return [check("kernel", "ok", version)]
}

function rightChecks(host: Host): ReadonlyArray<Check> {
  const status = read(host, "proc/self/status") ?? ""
  const names = (Object.keys(CAPABILITIES) as ReadonlyArray<Capability>).filter((name) =>
    hasCapability(status, "CapEff", name)
  )
  const lines = [
    check(
      "rights",
      "ok",
      `uid ${process.getuid?.() ?? "?"}, ${names.length === 0 ? "no capability of use here: saved-syn needs none" : names.join(" ")}`
    )
  ]
  if (isSeccompFiltered(status)) {
    lines.push(
      check(
        "seccomp",
        "warn",
        "a filter is active; container runtimes' default profiles block bpf()",
        "for the xdp backend use a profile that allows bpf()"
      )
    )
  }
  return lines
}

function limitChecks(host: Host): ReadonlyArray<Check> {
  const limits = read(host, "proc/self/limits") ?? ""
  const soft = (name: string): string | undefined => new RegExp(`^${name}\\s+(\\S+)`, "m").exec(limits)?.[1]
  const files = soft("Max open files")
  const lines: Array<Check> = []
  lines.push(
    files !== undefined && files !== "unlimited" && Number(files) < 4096
      ? check("open files", "warn", `the soft limit is ${files}`, "LimitNOFILE=65536 in the unit, or ulimit -n 65536")
      : check("open files", "ok", `limit ${files ?? "unknown"}`)
  )
  const memlock = soft("Max locked memory")
  if (!isAtLeast(host, 5, 11) && memlock !== "unlimited") {
    lines.push(
      check(
        "locked memory",
        "warn",
        `limit ${memlock ?? "unknown"}: eBPF maps may not fit`,
        "LimitMEMLOCK=infinity, in Docker ulimits: memlock: -1"
      )
    )
  }
  return lines
}

function sysctlChecks(host: Host): ReadonlyArray<Check> {
  const sysctl = (name: string): string | undefined => read(host, `proc/sys/${name.replaceAll(".", "/")}`)
  const lines: Array<Check> = []
  const cookies = sysctl("net.ipv4.tcp_syncookies")
  lines.push(
    cookies === "2"
      ? check(
          "tcp_syncookies",
          "warn",
          "2: every handshake goes by cookies, the kernel keeps no SYN",
          "sysctl -w net.ipv4.tcp_syncookies=1, or use pcap"
        )
      : check(
          "tcp_syncookies",
          "ok",
          cookies === undefined
            ? "not readable"
            : `${cookies}${cookies === "1" ? ": cookies only when the queue overflows" : ""}`
        )
  )
  const backlog = Number(sysctl("net.core.somaxconn") ?? Number.NaN)
  lines.push(
    backlog < 1024
      ? check(
          "somaxconn",
          "warn",
          `${backlog}: bursts of connections overflow into SYN cookies`,
          "sysctl -w net.core.somaxconn=4096"
        )
      : check("somaxconn", "ok", String(backlog))
  )
  const unprivileged = sysctl("kernel.unprivileged_bpf_disabled")
  if (unprivileged !== undefined)
    lines.push(
      check(
        "unprivileged bpf",
        "ok",
        `${unprivileged}: ${unprivileged === "0" ? "allowed" : "bpf() needs CAP_BPF, reading pins does not"}`
      )
    )
  return lines
}

function namespaceChecks({ root }: Host): ReadonlyArray<Check> {
  try {
    const own = readlinkSync(join(root, "proc/self/ns/net"))
    if (readlinkSync(join(root, "proc/1/ns/net")) !== own) {
      return [
        check(
          "network namespace",
          "warn",
          "not that of pid 1: SYNs to other namespaces are not seen here",
          "run beside HAProxy: hostNetwork: true, or network_mode: host"
        )
      ]
    }
    return [check("network namespace", "ok", "that of pid 1")]
  } catch {
    return [] // /proc/1/ns needs ptrace rights: without them nothing can be said
  }
}

function interfaceChecks(host: Host, interfaces: ReadonlyArray<string>): ReadonlyArray<Check> {
  return interfaces
    .filter((name) => name !== "any")
    .map((name) => {
      if (!existsSync(join(host.root, "sys/class/net", name)))
        return check(`interface ${name}`, "fail", "there is none of this name", "ip link, then capture.interface")
      const up = (Number(read(host, `sys/class/net/${name}/flags`) ?? 0) & 1) === 1 // IFF_UP
      return up
        ? check(`interface ${name}`, "ok", "up")
        : check(`interface ${name}`, "fail", "down", `ip link set ${name} up`)
    })
}

/** `interfaces`: those that the configuration names. */
export function hostChecks(interfaces: ReadonlyArray<string>, host: Host = THIS_HOST): ReadonlyArray<Check> {
  return [
    check("bun", "ok", Bun.version),
    ...kernelChecks(host),
    ...rightChecks(host),
    ...limitChecks(host),
    ...sysctlChecks(host),
    ...namespaceChecks(host),
    ...interfaceChecks(host, interfaces)
  ]
}
