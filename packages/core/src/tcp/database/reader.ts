/**
 * Reads p0f.fp files into one Database: ids, names and positions run on over all of them.
 */
import { DatabaseContents, type DatabaseProblem } from "./contents.ts"
import { DatabaseFileReader } from "./file-reader.ts"
import type { Database } from "./database.ts"
import type { Mode } from "../mode.ts"

export type { DatabaseProblem } from "./contents.ts"

/** One database file: its name for messages and its text. */
export interface DatabaseText {
  readonly name: string
  readonly text: string
}

/** `database` is undefined exactly when there are problems. */
export interface DatabaseReading {
  readonly database: Database | undefined
  readonly problems: ReadonlyArray<DatabaseProblem>
}

/** `file:line:column: message`. */
export function printProblem(problem: DatabaseProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`
}

/** Reads several files as one database. */
export function readDatabases(files: ReadonlyArray<DatabaseText>, mode: Mode): DatabaseReading {
  const contents = new DatabaseContents()
  for (const [at, file] of files.entries()) new DatabaseFileReader(contents, file.name, at, mode).read(file.text)
  const { problems } = contents
  return { database: problems.length === 0 ? contents.database() : undefined, problems }
}
