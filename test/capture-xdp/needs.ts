/** Requirements of the tests of the eBPF backend: bpf(2) and libbpf. */
import { dlopen } from "bun:ffi"
import { type Requirement, requires } from "../lib/requires.ts"

const libbpf: Requirement = (() => {
  try {
    dlopen("libbpf.so.1", { libbpf_version_string: { args: [], returns: "cstring" } }).close()
    return { missing: undefined }
  } catch {
    return { missing: "libbpf (apt-get install libbpf1)" }
  }
})()

/** To load programs. */
export const BPF: ReadonlyArray<Requirement> = [requires.root, libbpf, requires.kernel("5.18", "XDP")]
/** To attach them to interfaces of namespaces. */
export const BPF_NETNS: ReadonlyArray<Requirement> = [...BPF, requires.netns]

export const isMissing = (needs: ReadonlyArray<Requirement>): boolean =>
  needs.some(({ missing }) => missing !== undefined)
