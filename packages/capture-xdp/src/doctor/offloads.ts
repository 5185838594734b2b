/** Offloads of an interface that matter to the program: the ones that are on, and those that prevent native XDP. */
import type { Check } from "@synprint/service"
import { ok, warn } from "./rights.ts"
import type { Hook } from "../attach/hook-choice.ts"

/**
 * ethtool's name of a feature, the name of its option where that differs, and the effect here. LRO and GRO never merge SYNs, but some
 * offloads prevent attaching.
 */
const OFFLOADS = [
  { feature: "rx-lro", option: "lro", refuses: true },
  { feature: "rx-gro-hw", option: "rx-gro-hw", refuses: true },
  { feature: "rx-gro", option: "gro", refuses: false },
  { feature: "rx-vlan-hw-parse", option: "rxvlan", refuses: false }
] as const

/** `first` is the hook that is tried first. undefined: the interface does not report its offloads. */
export function offloadChecks(
  name: string,
  first: Exclude<Hook, "cgroup">,
  active: ReadonlySet<string> | undefined
): ReadonlyArray<Check> {
  if (active === undefined) return []
  const states = OFFLOADS.map(({ feature }) => `${feature} ${active.has(feature) ? "on" : "off"}`)
  const checks: Array<Check> = [ok(`xdp: ${name}`, `offloads: ${states.join(", ")}`)]
  if (first !== "native") return checks
  for (const { feature, option, refuses } of OFFLOADS) {
    if (!refuses || !active.has(feature)) continue
    const next = `if attaching fails: ethtool -K ${name} ${option} off, or hook = "tc"`
    checks.push(warn(`xdp: ${name}`, `${feature} is on: most drivers refuse native XDP with it`, next))
  }
  if (active.has("rx-vlan-hw-parse")) {
    const next = `where the tag matters: ethtool -K ${name} rxvlan off, or hook = "tc", which reads it from the metadata`
    checks.push(
      ok(`xdp: ${name}`, `the card takes VLAN tags off before native XDP: SYNs come without their tag (${next})`)
    )
  }
  return checks
}
