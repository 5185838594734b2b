/**
 * One backend without a chain.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { BackendModule, CaptureBackend, CaptureError, CaptureOptions, Check } from "../capture/backend.ts"
import { backendConfig } from "../config/capture.ts"

/** With the table of the backend from `options.backends`, or its defaults. */
export const openBackend = (
  module: BackendModule,
  options: CaptureOptions
): Effect.Effect<CaptureBackend, CaptureError, Scope.Scope> =>
  Effect.flatMap(
    Effect.promise(() => module.load()),
    ({ open }) => open({ ...options, config: backendConfig(module, options.backends) })
  )

/** The checks of `doctor` for one backend. */
export const doctorOf = (module: BackendModule, options: CaptureOptions): Effect.Effect<ReadonlyArray<Check>> =>
  Effect.flatMap(
    Effect.promise(() => module.load()),
    ({ doctor }) => doctor({ ...options, config: backendConfig(module, options.backends) })
  )
