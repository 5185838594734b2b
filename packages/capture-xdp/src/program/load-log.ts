/**
 * What libbpf says while it loads, the whole verifier log included: its print callback is variadic, and the va_list goes on to
 * vsnprintf of the C library as the pointer that it is.
 */
import { FFIType, JSCallback, type Pointer } from "bun:ffi"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Libbpf } from "./libbpf.ts"
import type { Libc } from "../libc.ts"

/** libbpf's BPF_LOG_BUF_MAX: no log is longer. Only what is written costs memory. */
const LOG_BYTES = 16 << 20
/** enum libbpf_print_level. */
const LIBBPF_DEBUG = 2

export interface LoadLog {
  /** Everything at level warning and information so far. */
  readonly text: () => string
}

/** libbpf has one print function per process: for the short while of a load, in this thread. */
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
