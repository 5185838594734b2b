/**
 * The messages of libbpf during a load, including the whole verifier log. libbpf's print callback is variadic; its va_list is passed as a
 * pointer to vsnprintf of the C library.
 */
import { FFIType, JSCallback, type Pointer } from "bun:ffi"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Libbpf } from "./libbpf.ts"
import type { Libc } from "../libc.ts"

/** BPF_LOG_BUF_MAX of libbpf, the maximum length of a log. Only the pages that are written cost memory. */
const LOG_BYTES = 16 << 20
/** enum libbpf_print_level. */
const LIBBPF_DEBUG = 2

export interface LoadLog {
  /** All messages of the levels warning and information so far. */
  readonly text: () => string
}

/** Installs the print function, which libbpf has once per process, for the duration of a load in this thread. */
export const openLoadLog = (c: Libc, b: Libbpf): Effect.Effect<LoadLog, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const bytes = new Uint8Array(new ArrayBuffer(LOG_BYTES))
      const lines: Array<string> = []
      const print = new JSCallback(
        (level: number, format: Pointer, list: Pointer) => {
          if (level === LIBBPF_DEBUG) return 0
          const length = c.vsnprintf(bytes, bytes.length as never, format, list)
          const end = Math.min(length, bytes.length - 1)
          lines.push(new TextDecoder().decode(bytes.subarray(0, end)).trimEnd())
          return length
        },
        { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 }
      )
      b.libbpf_set_print(print.ptr)
      return { print, log: { text: () => lines.join("\n") } }
    }),
    ({ print }) =>
      Effect.sync(() => {
        b.libbpf_set_print(null)
        print.close()
      })
  ).pipe(Effect.map(({ log }) => log))
