/**
 * A bpf_link: what ties a program to a hook. Closed with its Scope it lets go of the hook; pinned, it outlives the process, and the
 * next one puts its own program in its place without a packet passing in between (bpf_link_update).
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { rmSync } from "node:fs"
import { CaptureError } from "@synprint/core/runtime"
import { ENOENT, errorName } from "./errno.ts"
import { callFailed } from "./failure.ts"
import type { Libbpf } from "./libbpf.ts"
import type { Libc } from "./libc.ts"

/** `create` attaches and gives the descriptor of the link, or why it could not. */
export const ownLink = (
  c: Libc,
  b: Libbpf,
  program: number,
  pin: string | undefined,
  create: () => number | CaptureError
): Effect.Effect<void, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    if (pin !== undefined && updatePinned(c, b, program, pin)) return
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

export function pinHint(pin: string): string {
  return `the directory has to be in a bpf file system: mount -t bpf bpf ${pin.slice(0, pin.lastIndexOf("/"))}`
}

/** false: there is no link, or its hook is gone (interface deleted): the pin is removed then. */
function updatePinned(c: Libc, b: Libbpf, program: number, pin: string): boolean {
  const link = b.bpf_obj_get(pin)
  if (link < 0) {
    if (link !== -ENOENT) throw new Error(`${pin}: ${errorName(link)}`)
    return false
  }
  const updated = b.bpf_link_update(link, program, null)
  c.close(link)
  if (updated === 0) return true
  rmSync(pin, { force: true })
  return false
}
