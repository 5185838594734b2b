/**
 * A filter of the clsact qdisc (tc-bpf(8)) for kernels before 6.6. It has the first priority and returns TC_ACT_UNSPEC, so other filters
 * run as before. A filter outlives its process, so one that was left behind at our handle is replaced.
 *
 * The qdisc is never deleted: other programs may use it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureError } from "@synprint/service"
import { EEXIST } from "../errno.ts"
import { callFailed } from "../failure.ts"
import { TC_HOOK_BYTES, TC_OPTS_BYTES, type Libbpf } from "../program/libbpf.ts"

/** "syn" in ASCII, which identifies our filter among those of the same priority. */
const HANDLE = 0x73796e
const PRIORITY = 1
const BPF_TC_INGRESS = 1
const BPF_TC_F_REPLACE = 1

export const attachClsact = (
  b: Libbpf,
  program: number,
  target: { readonly interface: string; readonly index: number },
  isKept: boolean
): Effect.Effect<void, CaptureError, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.suspend(() => {
        const hook = hookOf(target.index)
        const created = b.bpf_tc_hook_create(hook)
        if (created < 0 && created !== -EEXIST) {
          return Effect.fail(callFailed(`make the clsact qdisc of ${target.interface}`, created, "see doctor"))
        }
        const attached = b.bpf_tc_attach(hook, filterOptions(program))
        return attached < 0
          ? Effect.fail(callFailed(`attach a TC filter to ${target.interface}`, attached, "see doctor"))
          : Effect.void
      }),
      () => Effect.sync(() => (isKept ? 0 : detachClsact(b, target.index)))
    )
  )

/** Detaches our filter; returns 0 or -errno. */
export function detachClsact(b: Libbpf, index: number): number {
  return b.bpf_tc_detach(hookOf(index), filterOptions(undefined))
}

function hookOf(index: number): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(TC_HOOK_BYTES))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, TC_HOOK_BYTES, true)
  view.setInt32(8, index, true)
  view.setInt32(12, BPF_TC_INGRESS, true)
  return bytes
}

/** bpf_tc_opts; to detach, program and flags must be 0. */
function filterOptions(program: number | undefined): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(TC_OPTS_BYTES))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, TC_OPTS_BYTES, true)
  if (program !== undefined) {
    view.setInt32(8, program, true)
    view.setUint32(12, BPF_TC_F_REPLACE, true)
  }
  view.setUint32(20, HANDLE, true)
  view.setUint32(24, PRIORITY, true)
  return bytes
}
