/**
 * Reload: on SIGHUP, or when a file of the configuration (databases included) changes. What does not load changes nothing.
 *
 * The directories are watched, not the files: editors replace a file by rename, Kubernetes swaps a symbolic link beside it. An
 * event only says "look again"; a file counts as changed when its device, inode, size or time differ.
 */
import { type FSWatcher, statSync, watch } from "node:fs"
import { dirname, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { background } from "./daemons.ts"
import { onSignal } from "./logging.ts"
import { databaseFileNames } from "../config/databases.ts"
import type { ConfigRequest } from "../config/parse.ts"
import { needsRestart } from "../config/restart.ts"
import type { Program, ServiceConfig } from "../config/schema.ts"
import type { Metrics } from "../metrics/metrics.ts"

/** A configuration, with what was made of its files, that is loaded again when one of its files changes. */
export interface WatchedConfig<A, C extends ServiceConfig> {
  readonly options: WatchOptions<A, C, any>
  /** Plain read for hot code. */
  readonly current: () => A
  /** The current value first, then every new one. */
  readonly changes: Stream.Stream<A>
}

export interface WatchOptions<A, C extends ServiceConfig, E> {
  readonly request: ConfigRequest<C>
  /** The configuration with which the program started. */
  readonly first: A
  readonly load: Effect.Effect<A, E>
  readonly config: (value: A) => C
  readonly metrics: Metrics
  readonly debounceMs?: number
}

/** Files whose change loads again. */
export const watchedFiles = <C extends ServiceConfig>(program: Program<C>, config: C): ReadonlyArray<string> => [
  ...(config.file === undefined ? [] : [config.file]),
  ...(program.matches ? databaseFileNames(config.fingerprint) : []),
  ...config.hints.relayFiles,
  ...program.files(config)
]

function stamp(files: ReadonlyArray<string>): string {
  return files
    .map((file) => {
      const at = statSync(file, { bigint: true, throwIfNoEntry: false })
      return at === undefined ? "-" : `${at.dev}:${at.ino}:${at.size}:${at.mtimeNs}`
    })
    .join(" ")
}

/** Loads again while the Scope is open. */
export const watchConfig = <A, C extends ServiceConfig, E extends { readonly message: string }>(
  options: WatchOptions<A, C, E>
): Effect.Effect<WatchedConfig<A, C>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { first, config } = options
    const filesOf = (value: A): ReadonlyArray<string> => watchedFiles(options.request.program, config(value))
    const ref = yield* SubscriptionRef.make(first)
    const name = "synprint_config_reload_total"
    const help = "Reloads of configuration and databases."
    const loaded = options.metrics.counter(name, help, { result: "ok" })
    const rejected = options.metrics.counter(name, help, { result: "rejected" })
    const triggers = yield* Queue.sliding<"signal" | "file">(1)

    let files = filesOf(first)
    let seen = stamp(files)
    const watchers = new Map<string, FSWatcher>()
    const watchDirectories = (value: A): ReadonlyArray<string> => {
      const wanted = new Set(config(value).reload.watch ? files.map((file) => dirname(resolve(file))) : [])
      const failed: Array<string> = []
      for (const [directory, watcher] of watchers) {
        if (wanted.has(directory)) continue
        watcher.close()
        watchers.delete(directory)
      }
      for (const directory of wanted) {
        if (watchers.has(directory)) continue
        try {
          const watcher = watch(directory, { persistent: false }, () => Queue.offerUnsafe(triggers, "file"))
          watcher.on("error", () => watchers.delete(directory))
          watchers.set(directory, watcher)
        } catch (cause) {
          failed.push(`${directory}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`)
        }
      }
      return failed
    }
    const follow = Effect.fnUntraced(function* (value: A) {
      for (const failed of watchDirectories(value))
        yield* Effect.logWarning(`cannot watch ${failed} (send SIGHUP after a change)`)
    })
    yield* Effect.acquireRelease(follow(first), () =>
      Effect.sync(() => {
        for (const watcher of watchers.values()) watcher.close()
      })
    )
    let signalled = false
    yield* onSignal("SIGHUP", () => {
      signalled = true
      Queue.offerUnsafe(triggers, "signal")
    })

    const reload = Effect.gen(function* () {
      const why = signalled ? "SIGHUP" : "file"
      signalled = false
      const now = stamp(files)
      if (why === "file" && now === seen) return
      seen = now
      yield* options.load.pipe(
        Effect.matchEffect({
          onFailure: (error) => {
            rejected.value++
            return Effect.logError(`reload rejected, nothing changed: ${error.message}`)
          },
          onSuccess: Effect.fnUntraced(function* (value: A) {
            loaded.value++
            files = filesOf(value)
            seen = stamp(files)
            yield* follow(value)
            yield* SubscriptionRef.set(ref, value)
            yield* Effect.logInfo("reloaded")
          })
        }),
        Effect.annotateLogs({ why })
      )
    })
    yield* background(
      "reload",
      Stream.fromQueue(triggers).pipe(
        Stream.debounce(options.debounceMs ?? 50),
        Stream.runForEach(() => reload)
      )
    )
    return { options, current: () => SubscriptionRef.getUnsafe(ref), changes: SubscriptionRef.changes(ref) }
  })

export interface ReloadOptions<A> {
  /** Takes over what a reload can change. */
  readonly apply: (next: A) => Effect.Effect<void>
  /** The event that the other keys wait for, for the log. */
  readonly restart?: string
}

/** Applies every new value while the Scope is open, and logs the keys that wait for a restart. */
export const applyReloads = <A, C extends ServiceConfig>(
  { options, changes }: WatchedConfig<A, C>,
  { apply, restart = "a restart" }: ReloadOptions<A>
): Effect.Effect<void, never, Scope.Scope> => {
  const { request, first, config } = options
  return background(
    "reload",
    changes.pipe(
      Stream.filter((next) => next !== first),
      Stream.runForEach((next) =>
        Effect.gen(function* () {
          yield* apply(next)
          for (const key of needsRestart(request.schema, request.program, config(first), config(next)))
            yield* Effect.logWarning(`${key} changed: it takes ${restart}`)
        })
      )
    )
  )
}
