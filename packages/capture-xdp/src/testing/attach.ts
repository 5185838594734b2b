/**
 * Attaches in one given way, whichever this kernel would choose.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CaptureError } from "@synprint/service"
import { attachClsact } from "../attach/clsact.ts"
import { openBpfCalls } from "../program/bpf-call.ts"
import { openCounterMap, type MapCounters } from "../map/counter-map.ts"
import { writeFilter } from "../map/filter-map.ts"
import { openLibbpf, openLibc } from "../program/libraries.ts"
import { loadObject } from "../program/object.ts"

/** `isKept`: the filter stays after the Scope has ended, as after a kill. */
export const attachClsactForTest = (
  name: string,
  isKept: boolean
): Effect.Effect<{ readonly counters: () => MapCounters }, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const c = yield* openLibc
    const b = yield* openLibbpf
    const object = yield* loadObject(c, b, { programs: ["syn_tc"], capacity: 1024, reuse: {} })
    yield* writeFilter(b, object.map("config"), { ports: [], addresses: [], key: "connection" })
    yield* attachClsact(b, object.program("syn_tc"), { interface: name, index: c.if_nametoindex(name) }, isKept)
    const counters = openCounterMap(yield* openBpfCalls(c))
    return { counters: () => counters.read(object.map("counters"), 1024)! }
  })
