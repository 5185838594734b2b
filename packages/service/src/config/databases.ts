/**
 * Loads the databases of a configuration; a problem is a problem of the configuration (exit 78, or a reload that is rejected).
 */
import * as Effect from "effect/Effect"
import { BUILTIN, type Database } from "@synprint/core"
import { ConfigInvalid, type Problem } from "./problem.ts"
import type { FingerprintConfig } from "./fingerprint.ts"
import { type DatabaseFiles, readDatabaseFiles } from "./database-files.ts"

/** Every problem in every database file of the configuration. */
export const databaseProblems = (config: FingerprintConfig): ReadonlyArray<Problem> =>
  problemsOf(readDatabaseFiles(config.databases, config.mode))

const problemsOf = (read: DatabaseFiles): ReadonlyArray<Problem> =>
  read.problems.map(({ file, line, message }) => ({ path: "", source: file, line, message }))

export const loadDatabases = (config: FingerprintConfig): Effect.Effect<Database, ConfigInvalid> =>
  databaseLoader()(config)

/** Loads again and again: the same texts give the same Database, so that a reload of other things need not match anew. */
export const databaseLoader = (): ((config: FingerprintConfig) => Effect.Effect<Database, ConfigInvalid>) => {
  let before: DatabaseFiles | undefined
  return (config) =>
    Effect.suspend(() => {
      const read = readDatabaseFiles(config.databases, config.mode, before)
      if (read.database === undefined) return Effect.fail(new ConfigInvalid({ problems: problemsOf(read) }))
      before = read
      return Effect.succeed(read.database)
    })
}

/** The files behind the names, for `watchConfig`. */
export const databaseFileNames = (config: FingerprintConfig): ReadonlyArray<string> =>
  config.databases.filter((name) => name !== BUILTIN)
