/**
 * Loads the databases of a configuration; a problem is a problem of the configuration (exit 78, or a reload that is rejected).
 */
import * as Effect from "effect/Effect"
import { BUILTIN } from "../fingerprint/builtin-database.ts"
import type { Database } from "../fingerprint/database.ts"
import { ConfigInvalid, type Problem } from "./config-problem.ts"
import type { FingerprintConfig } from "./config-fingerprint.ts"
import { readDatabaseFiles } from "./database-files.ts"

/** Every problem in every database file of the configuration. */
export const databaseProblems = (config: FingerprintConfig): ReadonlyArray<Problem> => read(config).problems

const read = (
  config: FingerprintConfig
): { readonly database: Database | undefined; readonly problems: ReadonlyArray<Problem> } => {
  const { database, problems } = readDatabaseFiles(config.databases, config.mode)
  return { database, problems: problems.map(({ file, line, message }) => ({ path: "", source: file, line, message })) }
}

export const loadDatabases = (config: FingerprintConfig): Effect.Effect<Database, ConfigInvalid> =>
  Effect.suspend(() => {
    const { database, problems } = read(config)
    return database === undefined ? Effect.fail(new ConfigInvalid({ problems })) : Effect.succeed(database)
  })

/** The files behind the names, for `live`. */
export const databaseFileNames = (config: FingerprintConfig): ReadonlyArray<string> =>
  config.databases.filter((name) => name !== BUILTIN)
