/**
 * The program in the kernel: opened from the object that this package carries, loaded with the hooks in use, owned by a Scope.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import type { CaptureError } from "@synprint/service"
import { isKernelAtLeast } from "@synprint/linux"
import objectPath from "../../bpf/syn.bpf.o" with { type: "file" }
import { EACCES, EPERM } from "../errno.ts"
import { callFailed, failure } from "../failure.ts"
import type { Libbpf } from "./libbpf.ts"
import type { Libc } from "../libc.ts"
import { openLoadLog } from "./load-log.ts"

/** libbpf prints this if it lacks CAP_BPF, even on kernels where the limit does not apply (Linux >= 5.11). */
const MEMLOCK_NOISE = /^libbpf: Failed to bump RLIMIT_MEMLOCK.*\n?/gm
/** In a bundle the import is a name beside the bundle; from sources and in the executable it is an absolute path. */
const OBJECT_PATH = resolve(import.meta.dir, objectPath)

export const PROGRAMS = ["syn_xdp", "syn_tc", "syn_cgroup"] as const
export type ProgramName = (typeof PROGRAMS)[number]
export const MAPS = ["syns", "config", "counters"] as const
export type MapName = (typeof MAPS)[number]

export interface LoadOptions {
  readonly programs: ReadonlyArray<ProgramName>
  /** Number of entries of the map of SYNs. */
  readonly capacity: number
  /** Descriptors of existing maps, which the programs use instead of new ones. */
  readonly reuse: Partial<Readonly<Record<MapName, number>>>
}

/** Descriptors of the loaded object, valid until the Scope ends. */
export interface LoadedObject {
  readonly map: (name: MapName) => number
  readonly program: (name: ProgramName) => number
}

type ObjectPointer = NonNullable<ReturnType<Libbpf["bpf_object__open_mem"]>>

export const loadObject = (
  c: Libc,
  b: Libbpf,
  options: LoadOptions
): Effect.Effect<LoadedObject, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const bytes = new Uint8Array(readFileSync(OBJECT_PATH))
    const object = yield* Effect.acquireRelease(
      Effect.suspend(() => {
        const opened = b.bpf_object__open_mem(bytes, bytes.length as never, null)
        return opened === null
          ? Effect.fail(
              failure(
                "open the eBPF object",
                "libbpf refuses it",
                "libbpf 1.0 or newer is needed: apt-get install libbpf1"
              )
            )
          : Effect.succeed(opened)
      }),
      (opened) => Effect.sync(() => b.bpf_object__close(opened))
    )
    const programs = new Map(PROGRAMS.map((name) => [name, findProgram(b, object, name)]))
    const maps = new Map(MAPS.map((name) => [name, findMap(b, object, name)]))
    for (const [name, program] of programs) b.bpf_program__set_autoload(program, options.programs.includes(name))
    b.bpf_map__set_max_entries(maps.get("syns")!, options.capacity)
    for (const [name, fd] of Object.entries(options.reuse)) b.bpf_map__reuse_fd(maps.get(name as MapName)!, fd)
    yield* load(c, b, object, options)
    const programFds = new Map([...programs].map(([name, program]) => [name, b.bpf_program__fd(program)]))
    const mapFds = new Map([...maps].map(([name, map]) => [name, b.bpf_map__fd(map)]))
    return { map: (name) => mapFds.get(name)!, program: (name) => programFds.get(name)! }
  })

/** The error carries the whole verifier log. */
const load = (c: Libc, b: Libbpf, object: ObjectPointer, options: LoadOptions): Effect.Effect<void, CaptureError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const log = yield* openLoadLog(c, b)
      const result = b.bpf_object__load(object)
      if (result === 0) return
      const said = log.text().replaceAll(MEMLOCK_NOISE, "").trim()
      const attempted = `load the eBPF program (${options.programs.join(", ")})`
      // EACCES comes from the verifier: the program is at fault, no right is missing.
      if (result === -EACCES)
        return yield* failure(attempted, `the verifier refuses it: ${said}`, "report this with the kernel's version")
      const limit = result === -EPERM ? lockedMemoryLimit() : undefined
      return yield* callFailed(
        attempted,
        result,
        "run doctor; Linux 5.8 or newer is needed, 5.18 for XDP",
        [limit, said].filter((part) => part !== undefined && part !== "").join("\n")
      )
    })
  )

/** Before Linux 5.11, maps count against RLIMIT_MEMLOCK, which libbpf raises if it can. */
function lockedMemoryLimit(): string | undefined {
  if (isKernelAtLeast(5, 11)) return undefined
  const limits = readFileSync("/proc/self/limits", "latin1")
  const found = /^Max locked memory\s+(\S+)\s+(\S+)/m.exec(limits)
  if (found === null || found[1] === "unlimited") return undefined
  return `locked memory is limited to ${found[1]} bytes (hard limit ${found[2]}): LimitMEMLOCK=infinity, or ulimits memlock -1 in Compose`
}

function findProgram(b: Libbpf, object: ObjectPointer, name: ProgramName) {
  const found = b.bpf_object__find_program_by_name(object, name)
  if (found === null) throw new Error(`syn.bpf.o has no program ${name}`)
  return found
}

function findMap(b: Libbpf, object: ObjectPointer, name: MapName) {
  const found = b.bpf_object__find_map_by_name(object, name)
  if (found === null) throw new Error(`syn.bpf.o has no map ${name}`)
  return found
}
