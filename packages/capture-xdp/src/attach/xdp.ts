/**
 * XDP, native (in the driver) or generic (in the stack), by a bpf_link: the program goes with its owner and cannot be replaced by others.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureError } from "@synprint/service"
import { EBUSY, EEXIST, EINVAL, ENODEV, EOPNOTSUPP, ERANGE } from "../errno.ts"
import { callFailed, failure } from "../failure.ts"
import {
  BPF_XDP,
  type Libbpf,
  XDP_FLAGS_DRV_MODE,
  XDP_FLAGS_SKB_MODE,
  XDP_QUERY_OPTS_BYTES
} from "../program/libbpf.ts"
import type { Libc } from "../libc.ts"
import { createLink, ownLink } from "./link.ts"
import { describeProgram } from "../program/program-info.ts"

export type XdpMode = "native" | "generic"

/** `pin`: path at which the link outlives the process; an existing link there is given the new program. */
export const attachXdp = (
  c: Libc,
  b: Libbpf,
  program: number,
  target: { readonly interface: string; readonly index: number },
  mode: XdpMode,
  pin: string | undefined
): Effect.Effect<void, CaptureError, Scope.Scope> =>
  ownLink(c, b, program, target.index, pin, () => {
    const flags = mode === "native" ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE
    const link = createLink(b, program, target.index, BPF_XDP, flags)
    return link >= 0 ? link : refused(c, b, target, mode, link)
  })

function refused(
  c: Libc,
  b: Libbpf,
  target: { readonly interface: string; readonly index: number },
  mode: XdpMode,
  error: number
): CaptureError {
  const attempted = `attach XDP (${mode}) to ${target.interface}`
  switch (error) {
    case -EBUSY:
    case -EEXIST: {
      const holder = xdpHolder(b, target.index)
      const who = holder === undefined ? "another program" : `${holder.mode} ${describeProgram(b, c, holder.id)}`
      return failure(
        attempted,
        `the interface has one place for XDP and ${who} holds it`,
        'share the interface with [capture.xdp] hook = "tc"; if the holder is synprint\'s agent, read its pins with attach = false; ' +
          `else find its owner with bpftool net show dev ${target.interface}`
      )
    }
    case -EOPNOTSUPP:
      return failure(attempted, "the driver has no native XDP", '[capture.xdp] hook = "tc" (or "generic")')
    case -ERANGE:
      return failure(
        attempted,
        "the MTU is too large for XDP in this driver",
        `ip link set ${target.interface} mtu 1500, or hook = "tc"`
      )
    case -EINVAL:
      return callFailed(attempted, error, 'offloads of the interface may be in the way: see doctor, or use hook = "tc"')
    case -ENODEV:
      return failure(attempted, "no such interface", "check [capture] interface")
    default:
      return callFailed(attempted, error, 'see doctor, or use [capture.xdp] hook = "tc"')
  }
}

export interface XdpHolder {
  readonly id: number
  readonly mode: "native" | "generic" | "offloaded"
}

/** Names the program that is attached to the XDP hook of an interface. */
export function xdpHolder(b: Libbpf, index: number): XdpHolder | undefined {
  const options = new Uint8Array(new ArrayBuffer(XDP_QUERY_OPTS_BYTES))
  const view = new DataView(options.buffer)
  view.setUint32(0, XDP_QUERY_OPTS_BYTES, true)
  if (b.bpf_xdp_query(index, 0, options) !== 0) return undefined
  for (const [at, mode] of [
    [12, "native"],
    [20, "generic"],
    [16, "offloaded"]
  ] as const) {
    const id = view.getUint32(at, true)
    if (id !== 0) return { id, mode }
  }
  return undefined
}
