/**
 * Loads the program, activates the filter and attaches every target. A front end does this with `attach = true`, the agent with pins.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureError, CaptureFilter } from "@synprint/service"
import type { XdpOptions } from "../config.ts"
import type { Attachment } from "./attachment.ts"
import { refusedConfig } from "../failure.ts"
import { writeFilter } from "../map/filter-map.ts"
import type { Libbpf } from "../program/libbpf.ts"
import type { Libc } from "../libc.ts"
import { loadObject, type LoadedObject, type LoadOptions } from "../program/object.ts"
import { encodeFilter } from "../settings.ts"
import { chooseTargets, type LinkPin, openTarget, programsOf } from "./targets.ts"

export interface Attached {
  readonly object: LoadedObject
  readonly attachments: ReadonlyArray<Attachment>
  readonly setFilter: (filter: CaptureFilter) => Effect.Effect<void, CaptureError>
}

/** `beforeAttach` runs once the program is loaded and before it sees a packet. */
export const openAttached = (
  c: Libc,
  b: Libbpf,
  options: XdpOptions,
  reuse: LoadOptions["reuse"],
  pinOf: LinkPin,
  beforeAttach: (object: LoadedObject) => Effect.Effect<void, CaptureError, Scope.Scope>
): Effect.Effect<Attached, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    yield* checkFilter(options.filter)
    const targets = yield* chooseTargets(c, options)
    const object = yield* loadObject(c, b, { programs: programsOf(targets), capacity: options.capacity, reuse })
    yield* writeFilter(b, object.map("config"), options.filter)
    yield* beforeAttach(object)
    const attachments: Array<Attachment> = []
    for (const target of targets) attachments.push(yield* openTarget(c, b, object, target, pinOf))
    yield* Effect.logInfo(`xdp: ${attachments.map(({ name, hook }) => `${name}: ${hook ?? ""}`).join("; ")}`)
    return { object, attachments, setFilter: (filter) => writeFilter(b, object.map("config"), filter) }
  })

/** Refuses a configuration that the program can't hold, before anything is loaded. */
const checkFilter = (filter: CaptureFilter): Effect.Effect<void, CaptureError> => {
  const bytes = encodeFilter(filter)
  return typeof bytes === "string"
    ? Effect.fail(refusedConfig("build the filter", bytes, "correct [capture] ports and addresses"))
    : Effect.void
}
