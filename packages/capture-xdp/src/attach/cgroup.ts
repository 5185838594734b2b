/**
 * cgroup_skb ingress: SYNs that reach the listening sockets of a cgroup (version 2) by any interface, after DNAT. Several programs can
 * share the hook (a link implies BPF_F_ALLOW_MULTI).
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureError } from "@synprint/service"
import { EBUSY, errorName, lastErrno } from "../errno.ts"
import { callFailed, refusedConfig } from "../failure.ts"
import { BPF_CGROUP_INET_INGRESS, type Libbpf } from "../program/libbpf.ts"
import { type Libc, O_RDONLY_CLOEXEC } from "../libc.ts"
import { ownLink } from "./link.ts"

export const attachCgroup = (
  c: Libc,
  b: Libbpf,
  program: number,
  cgroup: string,
  inode: number,
  pin: string | undefined
): Effect.Effect<void, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = c.open(cgroup, O_RDONLY_CLOEXEC)
    if (directory < 0) {
      return yield* refusedConfig(
        `open the cgroup ${cgroup}`,
        errorName(lastErrno(c)),
        "set [capture.xdp] cgroup to a directory of the cgroup2 file system, such as /sys/fs/cgroup/system.slice/haproxy.service"
      )
    }
    yield* ownLink(c, b, program, inode, pin, () => {
      const link = b.bpf_link_create(program, directory, BPF_CGROUP_INET_INGRESS, null)
      if (link >= 0) return link
      const hint =
        link === -EBUSY
          ? "a program above it in the cgroup tree was attached without BPF_F_ALLOW_MULTI: see bpftool cgroup tree"
          : "it has to be a directory of the cgroup2 file system; see doctor"
      return callFailed(`attach to the cgroup ${cgroup}`, link, hint)
    }).pipe(Effect.ensuring(Effect.sync(() => c.close(directory))))
  })
