import { expect, test } from "bun:test"
import type { dlopen } from "bun:ffi"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { requireJit } from "./jit.ts"

test("a Bun that calls the C library is good, one that can't says what forbids it", async () => {
  await Effect.runPromise(requireJit())
  const open = (() => {
    throw new Error("no JIT")
  }) as unknown as typeof dlopen
  const error = await Effect.runPromise(Effect.flip(requireJit(open)))
  expect(error.message).toStartWith("this Bun can't call the C library: no JIT (")
  expect(error[Runtime.errorExitCode]).toBe(1)
})
