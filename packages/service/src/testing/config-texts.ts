/**
 * Configurations of tests, given as the text of a file.
 */
import * as Result from "effect/Result"
import { type ConfigSource, parseConfig } from "../config/parse.ts"
import { printProblem } from "../config/problem.ts"
import type { ConfigSchema, Program, ServiceConfig } from "../config/schema.ts"

export interface ConfigTexts<C> {
  readonly good: (text: string, more?: Partial<ConfigSource>) => C
  /** The problems as they are printed. */
  readonly bad: (text: string, more?: Partial<ConfigSource>) => ReadonlyArray<string>
}

/** Parses texts as the program would, from a file c.toml. */
export function configTexts<C extends ServiceConfig>(schema: ConfigSchema, program: Program<C>): ConfigTexts<C> {
  const parse = (text: string, more: Partial<ConfigSource>) =>
    parseConfig<C>({ schema, program, file: "c.toml", text, environment: {}, flags: [], ...more })
  return {
    good: (text, more = {}) => {
      const parsed = parse(text, more)
      if (Result.isFailure(parsed)) throw parsed.failure
      return parsed.success
    },
    bad: (text, more = {}) => {
      const parsed = parse(text, more)
      return Result.isFailure(parsed) ? parsed.failure.problems.map(printProblem) : []
    }
  }
}
