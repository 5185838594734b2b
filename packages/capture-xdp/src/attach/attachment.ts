/**
 * One hook over its lifetime: attached, lost with its interface or cgroup, attached again (0.25 to 2 s apart), detached with the Scope.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { type CaptureError, watchInterval } from "@synprint/service"

/** Interval at which the attached interface or cgroup is compared with the present one of that name. */
const WATCH_MS = 250
const RETRY = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("2 seconds")])

export interface Attachment {
  /** Name of the interface, or directory of the cgroup. */
  readonly name: string
  /** Description such as `TCX (veth is a virtual interface: ...)`; undefined while nothing is attached. */
  hook: string | undefined
  /** Reason why nothing is attached. */
  reason: string | undefined
  /** Number of times the hook was attached again. */
  reattached: number
}

export interface AttachmentOptions {
  readonly name: string
  /** Interface index or inode that has the name now; 0: none. */
  readonly identity: () => number
  /** Attaches for the lifetime of the Scope; returns a description of the hook. */
  readonly attach: (identity: number) => Effect.Effect<string, CaptureError, Scope.Scope>
  readonly absent: () => CaptureError
}

export const openAttachment = (options: AttachmentOptions): Effect.Effect<Attachment, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const { name } = options
    const owner = yield* Effect.scope
    const attachment: Attachment = { name, hook: undefined, reason: undefined, reattached: 0 }
    let current: { readonly identity: number; readonly scope: Scope.Closeable } | undefined

    const attachOnce = Effect.gen(function* () {
      const identity = options.identity()
      if (identity === 0) return yield* options.absent()
      const scope = yield* Scope.fork(owner)
      const hook = yield* options.attach(identity).pipe(
        Scope.provide(scope),
        Effect.tapError(() => Scope.close(scope, Exit.void))
      )
      current = { identity, scope }
      attachment.hook = hook
      attachment.reason = undefined
    })

    const isAway = (): boolean => current === undefined || options.identity() !== current.identity

    const reattach = Effect.gen(function* () {
      const last = current
      if (last !== undefined) {
        attachment.reason = `${name}: ${options.identity() === 0 ? "it disappeared" : "another took its name"}`
        current = undefined
        attachment.hook = undefined
        yield* Scope.close(last.scope, Exit.void)
        yield* Effect.logWarning(`xdp: lost ${attachment.reason}, trying again`)
      }
      yield* attachOnce.pipe(
        Effect.tapError((error) =>
          Effect.sync(() => {
            attachment.reason = `${name}: ${error.reason}`
          })
        ),
        Effect.retry(RETRY)
      )
      attachment.reattached++
      yield* Effect.logInfo(`xdp: captures on ${name} again: ${attachment.hook ?? ""}`)
    }).pipe(Effect.catchCause((cause) => Effect.logError(`xdp: watching ${name} failed`, cause)))

    yield* attachOnce
    yield* watchInterval(`xdp watch of ${name}`, WATCH_MS, isAway, reattach)
    return attachment
  })
