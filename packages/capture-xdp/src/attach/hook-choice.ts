/**
 * The hook that `hook = "auto"` chooses for an interface, and the reason.
 *
 * Native XDP costs nothing on real network cards that support it. On veth it switches off the peer's segmentation offload (one TCP
 * stream: 20 -> 4.6 Gbit/s), and on virtio and cloud interfaces it takes queues or is missing; TC sees the same SYNs there for 2 ns
 * more. Generic XDP copies packets, so it is used only on request or if nothing else works.
 */
import type { Driver } from "./ethtool.ts"

export type Hook = "native" | "generic" | "tc" | "cgroup"

export interface HookChoice {
  /** Hooks in the order in which they are tried. */
  readonly hooks: ReadonlyArray<Exclude<Hook, "cgroup">>
  readonly reason: string
}

/** Drivers of virtual machines and clouds: their native XDP needs spare queues or a small MTU, or is slower than TC. */
const VIRTUAL = new Set(["virtio_net", "ena", "gve", "hv_netvsc", "mana", "vmxnet3", "xen-netfront", "vif", "e1000"])

/** The kernel that introduced bpf_xdp_load_bytes. */
export function hasXdp([major = 0, minor = 0]: ReadonlyArray<number>): boolean {
  return major > 5 || (major === 5 && minor >= 18)
}

export function chooseHooks(
  wanted: "auto" | Exclude<Hook, "cgroup">,
  driver: Driver | undefined,
  kernel: ReadonlyArray<number>
): HookChoice {
  if (wanted !== "auto") return { hooks: [wanted], reason: "as configured" }
  const xdp = hasXdp(kernel)
  const rest: ReadonlyArray<"tc" | "generic"> = xdp ? ["tc", "generic"] : ["tc"]
  if (!xdp) return { hooks: rest, reason: `XDP needs Linux 5.18, this is ${kernel.join(".")}` }
  if (driver === undefined) return { hooks: rest, reason: "it names no driver: TC costs it no offloads" }
  if (driver.bus === "" || VIRTUAL.has(driver.name)) {
    return { hooks: rest, reason: `${driver.name} is a virtual interface: TC costs it no offloads` }
  }
  return { hooks: ["native", ...rest], reason: `${driver.name} is a network card` }
}
