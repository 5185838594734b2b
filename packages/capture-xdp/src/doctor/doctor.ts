/**
 * Checks of `doctor` for a capture by eBPF: from the kernel version to the same load that the service would do.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { dirname } from "node:path"
import type { Check } from "@synprint/service"
import type { XdpOptions } from "../config.ts"
import { xdpHolder } from "../attach/xdp.ts"
import { bpfLines, mtuOf, readText } from "./facts.ts"
import { offloadChecks } from "./offloads.ts"
import { bpfCallCheck, capabilityCheck, fail, kernelCheck, memlockCheck, ok, warn } from "./rights.ts"
import { driverOf, offloadsOf } from "../attach/ethtool.ts"
import type { Libbpf } from "../program/libbpf.ts"
import type { Libc } from "../libc.ts"
import { openLibbpf, openLibc } from "../program/libraries.ts"
import { isBpfFileSystem, kernelVersion, readProcessStatus } from "@synprint/linux"
import { loadObject } from "../program/object.ts"
import { pinIdentity, mapPin, pinDirectory } from "../pins/pins.ts"
import { describeProgram } from "../program/program-info.ts"
import { openReader } from "../pins/reader.ts"
import { encodeFilter } from "../settings.ts"
import { chooseTargets, hasTcx, programsOf } from "../attach/targets.ts"

/** veth and many drivers take one page less headroom and tail for XDP without multi-buffer support. */
const XDP_MTU = 3506

export const doctor = (options: XdpOptions): Effect.Effect<ReadonlyArray<Check>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const checks: Array<Check> = []
      const filter = encodeFilter(options.filter)
      if (typeof filter === "string") checks.push(fail("xdp: filter", filter, "correct [capture] ports and addresses"))
      const kernel = kernelVersion()
      checks.push(kernelCheck(kernel))
      const libc = yield* Effect.result(openLibc)
      if (libc._tag === "Failure") return [...checks, fail("xdp: libc", libc.failure.reason, libc.failure.hint)]
      const c = libc.success
      checks.push(bpfCallCheck(c, kernel))
      checks.push(...pinChecks(options.config.pin))
      if (!options.config.attach) return [...checks, yield* readerCheck(options)]
      checks.push(capabilityCheck(readProcessStatus()))
      checks.push(...memlockCheck(kernel, readText("/proc/self/limits")))
      const library = yield* Effect.result(openLibbpf)
      if (library._tag === "Failure") {
        return [...checks, fail("xdp: library", library.failure.reason, library.failure.hint)]
      }
      const b = library.success
      checks.push(ok("xdp: library", `libbpf ${String(b.libbpf_version_string())}`))
      checks.push(yield* loadCheck(c, b, options))
      checks.push(...(yield* hookChecks(c, b, options)))
      const lines = bpfLines()
      if (lines.length > 0) checks.push(ok("xdp: kernel log", lines.join(" | ")))
      return checks
    })
  )

/** Creates every map and has every program verified, as the service would, then releases them. */
const loadCheck = (c: Libc, b: Libbpf, options: XdpOptions): Effect.Effect<Check> =>
  Effect.scoped(
    Effect.gen(function* () {
      const targets = yield* chooseTargets(c, options)
      const programs = programsOf(targets)
      const before = performance.now()
      yield* loadObject(c, b, { programs, capacity: options.capacity, reuse: {} })
      const ms = (performance.now() - before).toFixed(0)
      const mebibytes = ((options.capacity * 264) / (1 << 20)).toFixed(1)
      return ok(
        "xdp: load",
        `${programs.join(", ")} and all maps in ${ms} ms, ${mebibytes} MiB for ${options.capacity} SYNs`
      )
    }).pipe(Effect.catch((error) => Effect.succeed(fail("xdp: load", error.reason, error.hint))))
  )

const hookChecks = (c: Libc, b: Libbpf, options: XdpOptions): Effect.Effect<ReadonlyArray<Check>> =>
  chooseTargets(c, options).pipe(
    Effect.map((targets) =>
      targets.flatMap(({ name, choice }): ReadonlyArray<Check> => {
        if (choice === undefined) {
          const isThere = pinIdentity(name) !== 0
          return [
            isThere
              ? ok("xdp: cgroup", name)
              : fail("xdp: cgroup", `${name}: no such directory`, "check [capture.xdp] cgroup; is the service running?")
          ]
        }
        const index = c.if_nametoindex(name)
        if (index === 0) return [fail(`xdp: ${name}`, "no such interface", "check [capture] interface")]
        const checks: Array<Check> = []
        const driver = driverOf(c, name)
        const mtu = mtuOf(name)
        const first = choice.hooks[0]!
        const hook = first === "tc" ? (hasTcx(kernelVersion()) ? "TCX" : "TC (clsact)") : `${first} XDP`
        const facts = `driver ${driver?.name ?? "unknown"}, MTU ${mtu ?? "unknown"}`
        checks.push(ok(`xdp: ${name}`, `${hook}: ${choice.reason}; ${facts}`))
        checks.push(...offloadChecks(name, first, offloadsOf(c, name)))
        const holder = xdpHolder(b, index)
        if (holder !== undefined) {
          const detail = `XDP (${holder.mode}) is held by ${describeProgram(b, c, holder.id)}`
          const isWanted = first !== "tc"
          const next = '[capture.xdp] hook = "tc" shares the interface; or read the agent\'s pins with attach = false'
          checks.push(
            isWanted ? fail(`xdp: ${name}`, detail, next) : ok(`xdp: ${name}`, `${detail}: TC runs beside it`)
          )
        }
        if (first === "native" && mtu !== undefined && mtu > XDP_MTU) {
          const next = `if attaching fails: ip link set ${name} mtu ${XDP_MTU}, or hook = "tc"`
          checks.push(warn(`xdp: ${name}`, `MTU ${mtu}: drivers without multi-buffer XDP refuse it`, next))
        }
        if (first === "native" && driver?.name === "veth") {
          const next = 'use hook = "tc": it costs no throughput'
          checks.push(warn(`xdp: ${name}`, "native XDP on veth switches off the peer's segmentation offload", next))
        }
        return checks
      })
    ),
    Effect.catch((error) => Effect.succeed([fail("xdp: interface", error.reason, error.hint)]))
  )

/** Checks the directory of pins; only the agent and its readers need it. */
function pinChecks(pin: string): ReadonlyArray<Check> {
  const isThere = pinIdentity(mapPin(pin, "syns")) !== 0
  for (let path = pin; path !== "/"; path = dirname(path)) {
    try {
      if (isBpfFileSystem(path)) {
        return [
          ok("xdp: bpffs", `${path}; ${isThere ? `pins in ${pinDirectory(pin)}` : `no pins in ${pin} (no agent)`}`)
        ]
      }
      break
    } catch {
      // The directory does not exist: check its parent.
    }
  }
  const next =
    "only the agent and its readers need it: mount -t bpf bpf /sys/fs/bpf; in Docker --volume /sys/fs/bpf:/sys/fs/bpf:ro, " +
    "in Kubernetes a hostPath volume, readOnly for front ends"
  return [warn("xdp: bpffs", `${pin} is not in a bpf file system`, next)]
}

const readerCheck = (options: XdpOptions): Effect.Effect<Check, never, Scope.Scope> =>
  openReader(options).pipe(
    Effect.map((reader) => {
      const { entries = 0, retention_ms: retentionMs = 0 } = reader.stats()
      return ok(
        "xdp: pins",
        `readable, ${entries} SYNs, retention ${retentionMs === 0 ? "not reached" : `${retentionMs} ms`}`
      )
    }),
    Effect.catch((error) => Effect.succeed(fail("xdp: pins", error.reason, error.hint)))
  )
