/**
 * The agent's capture: like attach/attached.ts, with maps and links pinned. Capture continues without a process, and the next agent
 * takes it over without losing a SYN: maps that fit are reused, links are given the new program.
 *
 * A map that does not fit (another capacity) is created anew and takes the name of the old one before the new program sees a packet:
 * readers follow the name and still look in the old map. From an agent of another layout version the links are taken over and the maps
 * removed; readers of that layout report the version mismatch.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync } from "node:fs"
import { isBpfFileSystem } from "@synprint/linux"
import { basename } from "node:path"
import { CONNECTION_KEY_BYTES } from "@synprint/core"
import type { CaptureError } from "@synprint/service"
import type { XdpOptions } from "../config.ts"
import { detachClsact } from "../attach/clsact.ts"
import { type Attached, openAttached } from "../attach/attached.ts"
import { type BpfCalls, openBpfCalls } from "../program/bpf-call.ts"
import { EACCES, EPERM } from "../errno.ts"
import { callFailed, failure, refusedConfig } from "../failure.ts"
import type { Libbpf } from "../program/libbpf.ts"
import type { Libc } from "../libc.ts"
import { pinHint } from "../attach/link.ts"
import { type LoadedObject, type MapName, MAPS } from "../program/object.ts"
import { linkPin, linkPins, mapPin, pinDirectory, pinnedLayouts, pinsIn } from "./pins.ts"
import { LAYOUT_VERSION, RECORD_BYTES } from "../map/record.ts"
import { COUNTERS_BYTES } from "../map/counters.ts"
import { SETTINGS_BYTES } from "../settings.ts"
import { chooseTargets, type Target } from "../attach/targets.ts"

export const openPinnedCapture = (
  c: Libc,
  b: Libbpf,
  options: XdpOptions
): Effect.Effect<Attached, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const { pin } = options.config
    const group = yield* groupId(options.config.pinGroup)
    yield* makeDirectory(pin)
    const calls = yield* openBpfCalls(c)
    const reuse = yield* openFittingMaps(c, b, calls, pin, options.capacity)
    takeLinksOver(pin)
    const stale = staleLinks(pin, yield* chooseTargets(c, options))
    // An interface takes one XDP program, so an obsolete one is removed first. All others are removed once the new ones are attached.
    for (const path of stale.filter((name) => /\/link_(native|generic)_/.test(name))) rmSync(path, { force: true })
    const attached = yield* openAttached(
      c,
      b,
      options,
      reuse,
      (hook, name) => linkPin(pin, hook, name),
      (object) => pinMaps(b, object, pin, options.config.pinMode, group, reuse)
    )
    for (const path of stale) rmSync(path, { force: true })
    for (const layout of otherLayouts(pin)) {
      removeLayout(pin, layout)
      yield* Effect.logWarning(
        `took over from an agent of layout ${layout} in ${pin}; readers of that layout have to be upgraded too`
      )
    }
    return attached
  })

/** Removes hooks, links, maps and the directory; missing ones are no error. */
export const removePinned = (c: Libc, b: Libbpf, options: XdpOptions): Effect.Effect<void, CaptureError> =>
  Effect.gen(function* () {
    const { pin } = options.config
    for (const { name, choice } of yield* chooseTargets(c, options)) {
      const index = choice === undefined ? 0 : c.if_nametoindex(name)
      if (index !== 0) detachClsact(b, index)
    }
    for (const layout of pinnedLayouts(pin)) removeLayout(pin, layout)
    removeEmpty(pin)
  })

const otherLayouts = (pin: string): ReadonlyArray<number> =>
  pinnedLayouts(pin).filter((layout) => layout !== LAYOUT_VERSION)

/** Takes over the links of an agent of another layout, so that they can be given the new program without losing a SYN. */
function takeLinksOver(pin: string): void {
  const kept = new Set(linkPins(pin))
  for (const layout of otherLayouts(pin)) {
    for (const path of pinsIn(pinDirectory(pin, layout))) {
      const name = basename(path)
      const ours = `${pinDirectory(pin)}/${name}`
      if (!name.startsWith("link_") || kept.has(ours)) continue
      renameSync(path, ours)
      kept.add(ours)
    }
  }
}

/** Removes the pins of an agent of that layout, and its directory. */
function removeLayout(pin: string, layout: number): void {
  const directory = pinDirectory(pin, layout)
  for (const path of pinsIn(directory)) {
    const name = basename(path).replace(/_new$/, "")
    if (name.startsWith("link_") || MAPS.includes(name as MapName)) rmSync(path, { force: true })
  }
  removeEmpty(directory)
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // The directory does not exist or holds other files.
  }
}

/** Removes links that no target of this configuration can use. */
function staleLinks(pin: string, targets: ReadonlyArray<Target>): ReadonlyArray<string> {
  const used = new Set(
    targets.flatMap(({ name, choice }) =>
      (choice?.hooks ?? ["cgroup" as const]).map((hook) => linkPin(pin, hook, name))
    )
  )
  return linkPins(pin).filter((path) => !used.has(path))
}

/** Refuses pins that another user made: the file system may be world-writable. */
const makeDirectory = (pin: string): Effect.Effect<void, CaptureError> =>
  Effect.suspend(() => {
    const directory = pinDirectory(pin)
    const attempted = `pin in ${directory}`
    try {
      mkdirSync(directory, { recursive: true, mode: 0o755 })
      if (!isBpfFileSystem(directory)) {
        rmdirSync(directory)
        return Effect.fail(failure(attempted, "it is not in a bpf file system", `mount -t bpf bpf ${pin}`))
      }
      for (const path of [pin, directory]) {
        const { uid } = statSync(path)
        if (uid !== 0 && uid !== process.getuid?.()) {
          return Effect.fail(failure(attempted, `${path} belongs to uid ${uid}`, `remove it: rm -r ${path}`))
        }
        if (uid === process.getuid?.()) chmodSync(path, 0o755)
      }
      return Effect.void
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      return Effect.fail(
        failure(
          attempted,
          code ?? String(cause),
          code === "EACCES" || code === "EPERM"
            ? `the agent's user needs the directory: install -d -o USER ${pin}`
            : `the directory has to be in a bpf file system: mount -t bpf bpf ${pin}`,
          cause
        )
      )
    }
  })

/** Returns the pinned maps if all of them fit the program. */
const openFittingMaps = (
  c: Libc,
  b: Libbpf,
  calls: BpfCalls,
  pin: string,
  capacity: number
): Effect.Effect<Partial<Record<MapName, number>>, CaptureError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const found: Partial<Record<MapName, number>> = {}
        for (const name of MAPS) {
          const fd = b.bpf_obj_get(mapPin(pin, name))
          if (fd >= 0) found[name] = fd
        }
        return found
      }),
      (found) => Effect.sync(() => Object.values(found).forEach((fd) => c.close(fd)))
    ),
    (found) => (MAPS.every((name) => fits(calls, name, found[name], capacity)) ? found : {})
  )

function fits(calls: BpfCalls, name: MapName, fd: number | undefined, capacity: number): boolean {
  if (fd === undefined) return false
  const info = calls.mapInfo(fd)
  if (typeof info === "number") return false
  const [keyBytes, valueBytes, entries] = {
    syns: [CONNECTION_KEY_BYTES, RECORD_BYTES, capacity],
    config: [4, SETTINGS_BYTES, 3],
    counters: [4, COUNTERS_BYTES, 1]
  }[name] as [number, number, number]
  return info.keyBytes === keyBytes && info.valueBytes === valueBytes && info.capacity === entries
}

/** Pins the maps, `syns` last, since readers watch its name. Reused maps keep their pins and get mode and group anew. */
const pinMaps = (
  b: Libbpf,
  object: LoadedObject,
  pin: string,
  mode: number,
  group: number,
  reuse: Partial<Record<MapName, number>>
): Effect.Effect<void, CaptureError> =>
  Effect.suspend(() => {
    for (const name of ["counters", "config", "syns"] as const) {
      const path = mapPin(pin, name)
      const isKept = reuse[name] !== undefined
      const at = isKept ? path : `${path}_new`
      if (!isKept) {
        rmSync(at, { force: true })
        const pinned = b.bpf_obj_pin(object.map(name), at)
        if (pinned === -EPERM || pinned === -EACCES) {
          return Effect.fail(
            failure(`pin ${path}`, "EACCES", `the agent's user needs the directory: chown USER ${pinDirectory(pin)}`)
          )
        }
        if (pinned < 0) return Effect.fail(callFailed(`pin ${path}`, pinned, pinHint(path)))
      }
      try {
        if (group >= 0) chownSync(at, -1, group)
        chmodSync(at, mode)
        if (!isKept) renameSync(at, path)
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException
        return Effect.fail(
          failure(
            `give ${path} its mode and group`,
            code ?? String(cause),
            "the agent's user has to be in pin_group, or root",
            cause
          )
        )
      }
    }
    return Effect.void
  })

/** Returns the id of a group; -1 for an empty name: the group of the process. */
const groupId = (name: string): Effect.Effect<number, CaptureError> =>
  Effect.suspend(() => {
    if (name === "") return Effect.succeed(-1)
    if (/^\d{1,9}$/.test(name)) return Effect.succeed(Number(name))
    const lines = readFileSync("/etc/group", "utf8").split("\n")
    const id = lines.map((line) => line.split(":")).find(([found]) => found === name)?.[2]
    return id === undefined
      ? Effect.fail(refusedConfig("pin maps", `no group "${name}" in /etc/group`, "correct [capture.xdp] pin_group"))
      : Effect.succeed(Number(id))
  })
