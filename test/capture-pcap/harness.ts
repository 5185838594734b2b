/** Captures by libpcap in this process. */
import * as Effect from "effect/Effect"
import { pcap } from "@synprint/capture-pcap"
import type { CaptureBackend, CaptureError, CaptureOptions } from "@synprint/service"
import { openBackend } from "@synprint/service/testing"

/** Opens the capture, runs `body` and closes it again, also when `body` throws. */
export function withCapture<A>(options: CaptureOptions, body: (capture: CaptureBackend) => Promise<A>): Promise<A> {
  return Effect.runPromise(
    Effect.scoped(Effect.flatMap(openBackend(pcap, options), (c) => Effect.promise(() => body(c))))
  )
}

/** The error with which the capture refuses to open. */
export function refusal(options: CaptureOptions): Promise<CaptureError> {
  return Effect.runPromise(Effect.scoped(Effect.flip(openBackend(pcap, options))))
}
