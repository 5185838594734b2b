/**
 * Configurations of tests, given as the text of a file.
 */
import * as Result from "effect/Result"
import { type Config, type ConfigSource, parseConfig } from "../config/config.ts"
import { printProblem } from "../config/problem.ts"

const source = (text: string, more: Partial<ConfigSource>): ConfigSource => ({
  program: "spoa",
  file: "c.toml",
  text,
  environment: {},
  flags: [],
  ...more
})

export const good = (text: string, more: Partial<ConfigSource> = {}): Config => {
  const parsed = parseConfig(source(text, more))
  if (Result.isFailure(parsed)) throw parsed.failure
  return parsed.success
}

/** The problems as they are printed, none when there are none. */
export const bad = (text: string, more: Partial<ConfigSource> = {}): ReadonlyArray<string> => {
  const parsed = parseConfig(source(text, more))
  return Result.isFailure(parsed) ? parsed.failure.problems.map(printProblem) : []
}
