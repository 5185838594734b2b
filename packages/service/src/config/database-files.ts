/**
 * Database files: the names of `[fingerprint] databases` -> one Database, or every problem in every file.
 *
 * Imports nothing of Effect: `read` starts with it.
 */
import { readFileSync } from "node:fs"
import { BUILTIN, BUILTIN_DATABASE, type Database, type DatabaseText, type Mode, readDatabases } from "@synprint/core"

/** The database of Debian's p0f, which mode p0f uses when none is named. */
export const P0F_DATABASE = "/etc/p0f/p0f.fp"

export interface DatabaseFileProblem {
  readonly file: string
  readonly line: number | undefined
  readonly message: string
}

export interface DatabaseFiles {
  /** undefined exactly when there are problems. */
  readonly database: Database | undefined
  readonly problems: ReadonlyArray<DatabaseFileProblem>
  /** The databases that could be read. */
  readonly texts: ReadonlyArray<DatabaseText>
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file: check fingerprint.databases, or apt-get install p0f for /etc/p0f/p0f.fp",
  EACCES: "the process may not read it: check the owner and mode of the file and its directories",
  EISDIR: "it is a directory: name the p0f.fp file in it"
}

/** With the same texts as `before`, `before` itself: who keeps something by database sees that it is the same. */
export function readDatabaseFiles(names: ReadonlyArray<string>, mode: Mode, before?: DatabaseFiles): DatabaseFiles {
  const texts: Array<DatabaseText> = []
  const problems: Array<DatabaseFileProblem> = []
  for (const name of names) {
    if (name === BUILTIN) {
      texts.push({ name, text: BUILTIN_DATABASE })
      continue
    }
    try {
      texts.push({ name, text: readFileSync(name, "utf8") })
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause)
      problems.push({
        file: name,
        line: undefined,
        message: `cannot read the database: ${code} (${WHY[code] ?? "check the file"})`
      })
    }
  }
  if (problems.length === 0 && before?.database !== undefined && isSame(texts, before.texts)) return before
  const { database, problems: found } = readDatabases(texts, mode)
  for (const { file, line, column, message } of found)
    problems.push({ file, line, message: `${message} (column ${column})` })
  return { database: problems.length === 0 ? database : undefined, problems, texts }
}

const isSame = (a: ReadonlyArray<DatabaseText>, b: ReadonlyArray<DatabaseText>): boolean =>
  a.length === b.length && a.every(({ name, text }, n) => name === b[n]!.name && text === b[n]!.text)
