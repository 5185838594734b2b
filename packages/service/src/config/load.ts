/**
 * Loads a configuration with the files that it names. `--check`, a start and a reload all come here, so what is checked is what runs.
 */
import { PrefixSet } from "@synprint/core"
import * as Effect from "effect/Effect"
import { databaseProblems } from "./databases.ts"
import { readNetworkFile } from "./network-file.ts"
import { type ConfigReading, type ConfigRequest, readConfig } from "./parse.ts"
import { ConfigInvalid, invalid } from "./problem.ts"
import type { ServiceConfig } from "./schema.ts"

/** The file's text, "" without a file. */
const readConfigFile = (file: string | undefined): Effect.Effect<string, ConfigInvalid> =>
  file === undefined
    ? Effect.succeed("")
    : Effect.tryPromise({
        try: () => Bun.file(file).text(),
        catch: (cause) =>
          invalid(file, `cannot read the file: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`)
      })

/** Every problem of the configuration and of the files that it names; databases are loaded by `databaseLoader`. */
export const inspectConfig = <C extends ServiceConfig>(
  request: ConfigRequest<C>
): Effect.Effect<ConfigReading<C>, ConfigInvalid> =>
  Effect.map(readConfigFile(request.file), (text) => {
    const { config, problems } = readConfig({ ...request, text })
    if (config === undefined) return { config, problems }
    const files = config.hints.relayFiles.map((file, n) => readNetworkFile(`hints.relay_files[${n}]`, file))
    const relays = PrefixSet.union([config.hints.relays, ...files.map(({ networks }) => networks)])
    return {
      config: { ...config, hints: { ...config.hints, relays } },
      problems: [...problems, ...files.flatMap((file) => file.problems), ...request.program.checkFiles(config)]
    }
  })

/** Called again for a reload: the files may have changed, environment and flags have not. */
export const loadConfig = <C extends ServiceConfig>(request: ConfigRequest<C>): Effect.Effect<C, ConfigInvalid> =>
  Effect.flatMap(inspectConfig(request), ({ config, problems }) =>
    config === undefined || problems.length > 0 ? Effect.fail(new ConfigInvalid({ problems })) : Effect.succeed(config)
  )

/** `--check`: the problems, databases included, or the line that says that all is well. Opens nothing that serves. */
export const checkConfig = (request: ConfigRequest): Effect.Effect<string, ConfigInvalid> =>
  Effect.gen(function* () {
    const { config, problems } = yield* inspectConfig(request)
    const all = [
      ...problems,
      ...(config !== undefined && request.program.matches ? databaseProblems(config.fingerprint) : [])
    ]
    if (all.length > 0) return yield* new ConfigInvalid({ problems: all })
    return `${request.file ?? "defaults"}: ok`
  })
