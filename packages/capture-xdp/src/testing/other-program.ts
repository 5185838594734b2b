/**
 * Loads a foreign eBPF object unchanged, as the peer of benchmarks.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureError } from "@synprint/service"
import { failure } from "../failure.ts"
import type { Libbpf } from "../program/libbpf.ts"

/** Returns the descriptor of one of its programs. */
export const loadOther = (
  b: Libbpf,
  bytes: Uint8Array,
  name: string
): Effect.Effect<number, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const object = yield* Effect.acquireRelease(
      Effect.suspend(() => {
        const opened = b.bpf_object__open_mem(bytes, bytes.length as never, null)
        return opened === null
          ? Effect.fail(failure(`open ${name}`, "no object", "compile it"))
          : Effect.succeed(opened)
      }),
      (opened) => Effect.sync(() => b.bpf_object__close(opened))
    )
    const result = b.bpf_object__load(object)
    if (result < 0) return yield* failure(`load ${name}`, String(result), "see what libbpf printed")
    return b.bpf_program__fd(b.bpf_object__find_program_by_name(object, name)!)
  })
