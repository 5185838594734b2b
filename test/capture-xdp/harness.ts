/** Captures by eBPF in this process; the listener, the clients and the rest are those of the libpcap tests. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { xdp } from "@synprint/capture-xdp"
import type { CaptureBackend, CaptureError, CaptureOptions } from "@synprint/service"
import { openBackend } from "@synprint/service/testing"
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { captureOptions } from "../lib/capture.ts"

export type Hook = "auto" | "native" | "generic" | "tc" | "cgroup"

export function xdpOptions(
  hook: Hook,
  interfaces: ReadonlyArray<string>,
  more: Partial<CaptureOptions> = {},
  config: Readonly<Record<string, unknown>> = {}
): CaptureOptions {
  return captureOptions(interfaces, {
    capacity: 8192,
    backends: { xdp: { hook, cgroup: "", pin: "/nowhere", pinMode: 0o640, pinGroup: "", attach: true, ...config } },
    ...more
  })
}

/** Opens the capture, runs `body` and closes it again; gives what was logged. */
export async function withXdp(
  options: CaptureOptions,
  body: (capture: CaptureBackend) => Promise<void>
): Promise<ReadonlyArray<string>> {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  const open = Effect.flatMap(openBackend(xdp, options), (capture) => Effect.promise(() => body(capture)))
  await Effect.runPromise(open.pipe(Effect.scoped, Effect.provide(Layer.mergeAll(Logger.layer([logger])))))
  return lines
}

/** The error with which the capture refuses to open. */
export function xdpRefusal(options: CaptureOptions): Promise<CaptureError> {
  return Effect.runPromise(Effect.scoped(Effect.flip(openBackend(xdp, options))))
}

/** A cgroup of version 2 with this process in it while the test runs; undefined where none can be made. */
export function ownCgroup(name: string): (Disposable & { readonly path: string }) | undefined {
  const mount = /^\S+ (\S+) cgroup2 /m.exec(readFileSync("/proc/mounts", "latin1"))?.[1]
  if (mount === undefined) return undefined
  const home = /^0::(\S*)$/m.exec(readFileSync("/proc/self/cgroup", "latin1"))?.[1] ?? "/"
  const path = `${mount}/synprint-${process.pid}-${name}`
  const enter = (directory: string): void => writeFileSync(`${directory}/cgroup.procs`, String(process.pid))
  mkdirSync(path)
  enter(path)
  return {
    path,
    [Symbol.dispose]: () => {
      enter(`${mount}${home}`)
      rmdirSync(path)
    }
  }
}
