/**
 * TCX ingress (Linux 6.6): a bpf_link in the list of programs of an interface. Our program is first and always continues with the next,
 * so it neither hides another program nor is hidden by one that ends the list.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureError } from "@synprint/service"
import { callFailed } from "../failure.ts"
import { BPF_F_BEFORE, BPF_TCX_INGRESS, type Libbpf } from "../program/libbpf.ts"
import type { Libc } from "../libc.ts"
import { createLink, ownLink } from "./link.ts"

export const attachTcx = (
  c: Libc,
  b: Libbpf,
  program: number,
  target: { readonly interface: string; readonly index: number },
  pin: string | undefined
): Effect.Effect<void, CaptureError, Scope.Scope> =>
  ownLink(c, b, program, target.index, pin, () => {
    const link = createLink(b, program, target.index, BPF_TCX_INGRESS, BPF_F_BEFORE)
    if (link >= 0) return link
    return callFailed(`attach TCX to ${target.interface}`, link, "see doctor; TCX needs Linux 6.6")
  })
