/**
 * libc and libbpf for the lifetime of a Scope.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureError } from "@synprint/service"
import { failure } from "../failure.ts"
import { LIBBPF_NAMES, loadLibbpfUnsafe, type Libbpf } from "./libbpf.ts"
import { LIBC_NAMES, loadLibcUnsafe, type Libc } from "../libc.ts"

const open = <S>(
  load: () => { readonly symbols: S; readonly close: () => void },
  names: ReadonlyArray<string>,
  hint: string
): Effect.Effect<S, CaptureError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: load,
      catch: (cause) =>
        failure(`load ${names.join(" or ")}`, cause instanceof Error ? cause.message : String(cause), hint, cause)
    }),
    (library) => Effect.sync(() => library.close())
  ).pipe(Effect.map((library) => library.symbols))

export const openLibc: Effect.Effect<Libc, CaptureError, Scope.Scope> = open(
  loadLibcUnsafe,
  LIBC_NAMES,
  "the C library of the system is needed"
)

export const openLibbpf: Effect.Effect<Libbpf, CaptureError, Scope.Scope> = open(
  loadLibbpfUnsafe,
  LIBBPF_NAMES,
  "install libbpf 1.0 or newer: apt-get install libbpf1"
)
