/**
 * Activates a filter: writes it to the inactive entry, then makes that entry the active one by writing one word.
 */
import * as Effect from "effect/Effect"
import type { CaptureError, CaptureFilter } from "@synprint/service"
import { callFailed, refusedConfig } from "../failure.ts"
import type { Libbpf } from "../program/libbpf.ts"
import { decodeActive, encodeActive, encodeFilter, SETTINGS_BYTES } from "../settings.ts"

export const writeFilter = (b: Libbpf, configMap: number, filter: CaptureFilter): Effect.Effect<void, CaptureError> =>
  Effect.suspend(() => {
    const bytes = encodeFilter(filter)
    if (typeof bytes === "string") {
      return Effect.fail(refusedConfig("build the filter", bytes, "correct [capture] ports and addresses"))
    }
    const key = new Uint32Array(new ArrayBuffer(4))
    const head = new Uint8Array(new ArrayBuffer(SETTINGS_BYTES))
    let result = b.bpf_map_lookup_elem(configMap, key, head)
    if (result >= 0) {
      const next = decodeActive(head).active === 1 ? 2 : 1
      key[0] = next
      result = b.bpf_map_update_elem(configMap, key, bytes, 0n as never)
      key[0] = 0
      if (result >= 0) result = b.bpf_map_update_elem(configMap, key, encodeActive(next), 0n as never)
    }
    return result < 0 ? Effect.fail(callFailed("set the filter", result, "see doctor")) : Effect.void
  })
