/**
 * A file of networks, as others publish them: one network a line, up to the first comma or white space; `#` begins a comment.
 *
 *     172.224.226.0/27,GB,GB-EN,London,        iCloud Private Relay's egress-ip-ranges.csv
 *     198.51.100.0/24                          # a gateway
 */
import { readFileSync } from "node:fs"
import { PrefixSet, parsePrefixes } from "@synprint/core"
import type { Problem } from "./problem.ts"

/** Wrong lines that are reported one by one: in a file that is no list of networks every line is wrong. */
const PROBLEMS_MAX = 3

export interface NetworkFile {
  /** The networks of the lines that hold one. */
  readonly networks: PrefixSet
  readonly problems: ReadonlyArray<Problem>
}

/** `path`: the key that names the file, for messages. */
export function readNetworkFile(path: string, file: string): NetworkFile {
  const problem = (message: string, line?: number): Problem => ({ path, message, source: file, line })
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    return { networks: prefixSet([]), problems: [problem(`cannot read the file: ${code ?? message}`)] }
  }
  const lines = text.split("\n").map((line) => /^[^#,\s]*/.exec(line.trimStart())![0])
  const all = parsePrefixes(lines.filter((line) => line !== ""))
  if (all instanceof PrefixSet) return { networks: all, problems: [] }
  const good: Array<string> = []
  const problems: Array<Problem> = []
  let wrong = 0
  lines.forEach((line, index) => {
    if (line === "") return
    const parsed = parsePrefixes([line])
    if (parsed instanceof PrefixSet) good.push(line)
    else if (++wrong <= PROBLEMS_MAX) problems.push(problem(parsed[0]!, index + 1))
  })
  if (wrong > PROBLEMS_MAX) problems.push(problem(`${wrong - PROBLEMS_MAX} more lines are no networks`))
  return { networks: prefixSet(good), problems }
}

/** The set of texts that each parse. */
const prefixSet = (texts: ReadonlyArray<string>): PrefixSet => parsePrefixes(texts) as PrefixSet
