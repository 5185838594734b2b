/**
 * A bpf_link ties a program to a hook. Closing it with its Scope detaches the program; a pinned link outlives the process, and the next
 * process replaces the program without missing a packet (bpf_link_update).
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { rmSync } from "node:fs"
import type { CaptureError } from "@synprint/service"
import { callFailed } from "../failure.ts"
import { LINK_CREATE_OPTS_BYTES, type Libbpf } from "../program/libbpf.ts"
import type { Libc } from "../libc.ts"

/** struct bpf_link_info with Linux 6: type, id, prog_id, then at 16 its target: interface index or cgroup id. */
const INFO_BYTES = 64
const TARGET = 16

/**
 * Opens the pinned link or creates one: `create` attaches and returns the descriptor of the link, or the error. `target` is the interface
 * index or the inode of the cgroup; a pinned link to another target is not reused.
 */
export const ownLink = (
  c: Libc,
  b: Libbpf,
  program: number,
  target: number,
  pin: string | undefined,
  create: () => number | CaptureError
): Effect.Effect<void, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    if (pin !== undefined && updatePinned(c, b, program, target, pin)) return
    const link = yield* Effect.acquireRelease(
      Effect.suspend(() => {
        const created = create()
        return typeof created === "number" ? Effect.succeed(created) : Effect.fail(created)
      }),
      (fd) => Effect.sync(() => c.close(fd))
    )
    if (pin === undefined) return
    const pinned = b.bpf_obj_pin(link, pin)
    if (pinned < 0) return yield* callFailed(`pin the link at ${pin}`, pinned, pinHint(pin))
  })

/** Creates a link; returns its descriptor or -errno. */
export function createLink(b: Libbpf, program: number, target: number, hook: number, flags: number): number {
  const options = new Uint8Array(new ArrayBuffer(LINK_CREATE_OPTS_BYTES))
  const view = new DataView(options.buffer)
  view.setUint32(0, LINK_CREATE_OPTS_BYTES, true)
  view.setUint32(8, flags, true)
  return b.bpf_link_create(program, target, hook, options)
}

export function pinHint(pin: string): string {
  return `the directory has to be in a bpf file system: mount -t bpf bpf ${pin.slice(0, pin.lastIndexOf("/"))}`
}

/** Returns false if there is no link, or if its target is another or has vanished; its pin is removed then. */
function updatePinned(c: Libc, b: Libbpf, program: number, target: number, pin: string): boolean {
  const link = b.bpf_obj_get(pin)
  if (link < 0) return false
  const isOurs = targetOf(b, link) === target && b.bpf_link_update(link, program, null) === 0
  c.close(link)
  if (!isOurs) rmSync(pin, { force: true })
  return isOurs
}

function targetOf(b: Libbpf, link: number): number {
  const info = new Uint8Array(new ArrayBuffer(INFO_BYTES))
  const length = new Uint32Array(new ArrayBuffer(4))
  length[0] = INFO_BYTES
  if (b.bpf_obj_get_info_by_fd(link, info, length) !== 0) return -1
  return new DataView(info.buffer).getUint32(TARGET, true)
}
