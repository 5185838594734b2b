/**
 * The arguments of `read`, without effect/cli: undefined for whatever is not plainly right, so that the full command line can
 * say what is wrong.
 */
import type { ReadOptions } from "@synprint/service/read"

/** The choices that the command line leaves open. */
export type ReadArguments = ReadOptions

const FORMATS: ReadonlySet<string> = new Set(["text", "json", "p0f", "none"])

/** "1000,10000" within p0f's ranges -> numbers. */
export function parsePair(text: string, maximum: readonly [number, number]): readonly [number, number] | undefined {
  const found = /^(\d{1,8}),(\d{1,8})$/.exec(text)
  if (found === null) return undefined
  const pair = [Number(found[1]), Number(found[2])] as const
  return pair.every((n, i) => n >= 1 && n <= maximum[i]!) ? pair : undefined
}

// p0f's own ranges (-m, -t) except that hosts and flows may go as high as memory allows.
export const MAX_LIMITS = [1 << 20, 1 << 24] as const
export const MAX_AGES = [1_000_000, 1_000_000] as const

export function parseReadArguments(words: ReadonlyArray<string>): ReadArguments | undefined {
  const files: Array<string> = []
  const databases: Array<string> = []
  let format: string | undefined
  let output: string | undefined
  let limits: readonly [number, number] | undefined
  let ages: readonly [number, number] | undefined
  for (let i = 0; i < words.length; i++) {
    let word = words[i]!
    if (word === "-" || !word.startsWith("-")) {
      files.push(word)
      continue
    }
    let argument: string | undefined
    const equals = word.indexOf("=")
    if (word.startsWith("--") && equals > 0) {
      argument = word.slice(equals + 1)
      word = word.slice(0, equals)
    } else argument = words[++i]
    if (argument === undefined || argument === "") return undefined
    if (word === "-f" || word === "--database") databases.push(argument)
    else if (word === "--format" && format === undefined && FORMATS.has(argument)) format = argument
    else if ((word === "-o" || word === "--output") && output === undefined) output = argument
    else if (word === "--limits" && limits === undefined) limits = parsePair(argument, MAX_LIMITS)
    else if (word === "--ages" && ages === undefined) ages = parsePair(argument, MAX_AGES)
    else return undefined
    if ((word === "--limits" && limits === undefined) || (word === "--ages" && ages === undefined)) return undefined
  }
  if (files.length === 0 || files.filter((file) => file === "-").length > 1) return undefined
  return { files, databases, format: (format ?? "text") as ReadOptions["format"], output, limits, ages }
}
