/**
 * Walks the keys of a running program: what each says of a reload has to be true.
 */
import { writeFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import type { ConfigRequest } from "../config/parse.ts"
import type { ServiceConfig } from "../config/schema.ts"
import { keysThatSay, type TrackedConfig, trackConfig } from "./tracked-config.ts"

export interface ReloadWalk<C extends ServiceConfig> {
  readonly request: ConfigRequest<C> & { readonly file: string }
  /** Texts of the file: at the start; with other values of live keys; with other values of all keys that wait for a restart. */
  readonly texts: readonly [first: string, live: string, restart: string]
  /** Runs the program, with `track` applied to each configuration that it loads. */
  readonly run: (track: (config: C) => C) => Effect.Effect<void, unknown, Scope.Scope>
}

export interface WalkedKeys {
  /** Live keys that the program did not read from the new configuration. */
  readonly unread: ReadonlyArray<string>
  /** Keys that the log names, when live keys and when the others changed. */
  readonly named: readonly [live: ReadonlyArray<string>, restart: ReadonlyArray<string>]
}

const WAIT_MS = 5000

export function walkReloads<C extends ServiceConfig>({ request, texts, run }: ReloadWalk<C>): Promise<WalkedKeys> {
  const { schema, program, file } = request
  let newest: TrackedConfig<C> | undefined
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push([message].flat().join(" ")))
  const until = (isDone: () => boolean) =>
    Effect.promise(async () => {
      // oxlint-disable-next-line no-await-in-loop -- it waits
      for (const end = performance.now() + WAIT_MS; !isDone() && performance.now() < end;) await Bun.sleep(5)
    })
  const unread = () => keysThatSay(schema, program, "live").filter((key) => !newest!.reads.has(key))
  const named = () => lines.flatMap((line) => /^(\S+) changed: it takes a restart\b/.exec(line)?.[1] ?? []).toSorted()
  const reloads = () => lines.filter((line) => line === "reloaded").length
  writeFileSync(file, texts[0])
  return Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        yield* run((config) => {
          newest = trackConfig(schema, program, config)
          return newest.config
        })
        writeFileSync(file, texts[1])
        yield* until(() => reloads() === 1)
        yield* until(() => unread().length === 0)
        const left = unread()
        const early = named()
        writeFileSync(file, texts[2])
        yield* until(() => reloads() === 2)
        const keys = keysThatSay(schema, program, "restart")
        // A table that comes or goes is named alone, so there may be fewer.
        let count = -1
        for (; count !== named().length && count < keys.length; yield* Effect.sleep("100 millis"))
          count = named().length
        return { unread: left, named: [early, named()] as const }
      })
    ).pipe(Effect.provide(Logger.layer([logger])))
  )
}
