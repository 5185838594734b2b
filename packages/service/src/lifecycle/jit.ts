/**
 * Checks that Bun compiles: bun:ffi does not work without its JIT, and hot paths are ten times slower without the optimising one.
 */
import { dlopen } from "bun:ffi"
import { numberOfDFGCompiles } from "bun:jsc"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { EXIT_FAILURE } from "./exit-codes.ts"

export class WithoutJit extends Data.TaggedError("WithoutJit")<{ readonly reason: string }> {
  override get message(): string {
    return `this Bun can't call the C library: ${this.reason} (remove BUN_JSC_useJIT from the environment, or MemoryDenyWriteExecute= from the unit)`
  }
  override get [Runtime.errorExitCode](): number {
    return EXIT_FAILURE
  }
}

/** The count that JavaScriptCore gives for every function when it has no optimising compiler (JSTestingHelpers.cpp: numberOfDFGCompiles). */
const NEVER = 1_000_000

/** False: everything works, slowly. */
export const isOptimising = (probe: () => void = () => {}): boolean => numberOfDFGCompiles(probe) < NEVER

/** `open`: of a test. */
export const requireJit = (open: typeof dlopen = dlopen): Effect.Effect<void, WithoutJit> =>
  Effect.try({
    try: () => open("libc.so.6", { getpid: { args: [], returns: "i32" } }).close(),
    catch: (cause) => new WithoutJit({ reason: (cause as Error).message })
  })
