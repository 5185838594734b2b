/**
 * The targets of the program: each configured interface, or the cgroup, with the hooks that are tried in turn.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { statSync } from "node:fs"
import type { CaptureError } from "@synprint/service"
import type { XdpOptions } from "../config.ts"
import { attachCgroup } from "./cgroup.ts"
import { attachClsact } from "./clsact.ts"
import { type Attachment, openAttachment } from "./attachment.ts"
import { attachTcx } from "./tcx.ts"
import { attachXdp } from "./xdp.ts"
import { refusedConfig } from "../failure.ts"
import { chooseHooks, type Hook, type HookChoice } from "./hook-choice.ts"
import { driverOf } from "./ethtool.ts"
import { defaultInterfaces, interfaceNames, kernelVersion } from "@synprint/linux"
import type { Libbpf } from "../program/libbpf.ts"
import type { Libc } from "../libc.ts"
import { type LoadedObject, type ProgramName } from "../program/object.ts"

export interface Target {
  readonly name: string
  /** undefined: a cgroup. */
  readonly choice: HookChoice | undefined
}

/** Path of the pin of a link by hook and target; undefined: links end with the process. */
export type LinkPin = (hook: Hook, name: string) => string | undefined

export const chooseTargets = (c: Libc, options: XdpOptions): Effect.Effect<ReadonlyArray<Target>, CaptureError> =>
  Effect.suspend((): Effect.Effect<ReadonlyArray<Target>, CaptureError> => {
    const { hook, cgroup } = options.config
    if (hook === "cgroup") {
      return cgroup === ""
        ? Effect.fail(
            refusedConfig(
              "attach to a cgroup",
              "none is named",
              "set [capture.xdp] cgroup to the directory of the server's cgroup, such as /sys/fs/cgroup/system.slice/haproxy.service"
            )
          )
        : Effect.succeed([{ name: cgroup, choice: undefined }])
    }
    const names = options.interfaces.length === 0 ? defaultInterfaces() : [...new Set(options.interfaces)]
    if (names.length === 0) {
      const some = interfaceNames().join(", ")
      return Effect.fail(
        refusedConfig("find an interface", "there is no default route", `set [capture] interface to some of ${some}`)
      )
    }
    const kernel = kernelVersion()
    return Effect.succeed(names.map((name) => ({ name, choice: chooseHooks(hook, driverOf(c, name), kernel) })))
  })

/** The programs that the targets may need. */
export function programsOf(targets: ReadonlyArray<Target>): ReadonlyArray<ProgramName> {
  const names = new Set<ProgramName>()
  for (const { choice } of targets) {
    if (choice === undefined) names.add("syn_cgroup")
    else for (const hook of choice.hooks) names.add(hook === "tc" ? "syn_tc" : "syn_xdp")
  }
  return [...names]
}

export const openTarget = (
  c: Libc,
  b: Libbpf,
  object: LoadedObject,
  target: Target,
  pinOf: LinkPin
): Effect.Effect<Attachment, CaptureError, Scope.Scope> => {
  const { name, choice } = target
  if (choice === undefined) {
    return openAttachment({
      name,
      identity: () => inodeOf(name),
      attach: (inode) =>
        attachCgroup(c, b, object.program("syn_cgroup"), name, inode, pinOf("cgroup", name)).pipe(
          Effect.as("cgroup_skb ingress")
        ),
      absent: () => refusedConfig(`attach to the cgroup ${name}`, "no such directory", "check [capture.xdp] cgroup")
    })
  }
  return openAttachment({
    name,
    identity: () => c.if_nametoindex(name),
    attach: (index) => attachFirst(c, b, object, { interface: name, index }, choice, pinOf),
    absent: () =>
      refusedConfig(
        `attach to ${name}`,
        "no such interface",
        `set [capture] interface to some of ${interfaceNames().join(", ")}`
      )
  })
}

/** Attaches to the first hook that works; if none does, fails with the error of the first. */
const attachFirst = (
  c: Libc,
  b: Libbpf,
  object: LoadedObject,
  at: { readonly interface: string; readonly index: number },
  choice: HookChoice,
  pinOf: LinkPin
): Effect.Effect<string, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    let first: CaptureError | undefined
    for (const hook of choice.hooks) {
      const pin = pinOf(hook, at.interface)
      const result = yield* Effect.result(attachHook(c, b, object, at, hook, pin))
      if (result._tag === "Success") {
        const why = first === undefined ? choice.reason : `${first.attempted} failed: ${first.reason}`
        return `${result.success} (${why})`
      }
      first ??= result.failure
    }
    return yield* first!
  })

const attachHook = (
  c: Libc,
  b: Libbpf,
  object: LoadedObject,
  at: { readonly interface: string; readonly index: number },
  hook: Exclude<Hook, "cgroup">,
  pin: string | undefined
): Effect.Effect<string, CaptureError, Scope.Scope> => {
  if (hook !== "tc") return Effect.as(attachXdp(c, b, object.program("syn_xdp"), at, hook, pin), `${hook} XDP`)
  const program = object.program("syn_tc")
  return hasTcx(kernelVersion())
    ? Effect.as(attachTcx(c, b, program, at, pin), "TCX ingress")
    : Effect.as(attachClsact(b, program, at, pin !== undefined), "TC ingress (clsact)")
}

export function hasTcx([major = 0, minor = 0]: ReadonlyArray<number>): boolean {
  return major > 6 || (major === 6 && minor >= 6)
}

function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0
}
