/**
 * Memory to which native code keeps pointers: it comes from calloc, so the garbage collector never moves it; a Scope owns it.
 */
import { toArrayBuffer } from "bun:ffi"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Libc } from "../libc.ts"

export interface Memory {
  readonly address: number
  /** The bytes; do not use them after the Scope has ended. */
  readonly buffer: ArrayBuffer
}

export const allocate = (c: Libc, size: number): Effect.Effect<Memory, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pointer = c.calloc(1 as never, size as never)
      if (pointer === null) throw new RangeError(`calloc: no ${size} bytes of memory`)
      return { pointer, memory: { address: Number(pointer), buffer: toArrayBuffer(pointer, 0, size) } }
    }),
    ({ pointer }) => Effect.sync(() => c.free(pointer))
  ).pipe(Effect.map(({ memory }) => memory))
