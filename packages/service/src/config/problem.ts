/**
 * Problems of a configuration: all at once, each with the path of its key and the file and line, or variable, or flag, that gave the value.
 */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"
import { EXIT_CONFIG } from "../lifecycle/exit-codes.ts"

export interface Problem {
  /** Dotted path as the file spells it; empty when the problem has none (syntax, a missing file). */
  readonly path: string
  readonly message: string
  /** The file, the variable `SYNPRINT_...` or the flag `--...` that said so; undefined: a default or a combination. */
  readonly source: string | undefined
  readonly line: number | undefined
}

export const printProblem = (problem: Problem): string =>
  [
    problem.source === undefined
      ? ""
      : problem.line === undefined
        ? problem.source
        : `${problem.source}:${problem.line}`,
    problem.path,
    problem.message
  ]
    .filter((part) => part !== "")
    .join(": ")

/** Exit 78: the configuration can't work as it is. */
export class ConfigInvalid extends Data.TaggedError("ConfigInvalid")<{ readonly problems: ReadonlyArray<Problem> }> {
  override get message(): string {
    const lines = this.problems.map(printProblem)
    return lines.length === 1
      ? `configuration: ${lines[0]}`
      : `configuration: ${lines.length} problems\n  ${lines.join("\n  ")}`
  }
  override get [Runtime.errorExitCode](): number {
    return EXIT_CONFIG
  }
}

/** One problem that is no key's: a file that can't be read, a database that does not parse. */
export const invalid = (source: string | undefined, message: string, path = "", line?: number): ConfigInvalid =>
  new ConfigInvalid({ problems: [{ path, message, source, line }] })

/** A problem between keys: where `path` was given is found by whoever read the file. */
export const problemAt = (path: string, message: string): Problem => ({
  path,
  message,
  source: undefined,
  line: undefined
})
