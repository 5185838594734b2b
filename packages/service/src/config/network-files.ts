/**
 * Files of networks, for lists that others publish: one network a line, up to the first comma or white space; `#` begins a comment.
 *
 *     172.224.226.0/27,GB,GB-EN,London,        iCloud Private Relay's egress-ip-ranges.csv
 *     198.51.100.0/24                          # a gateway
 */
import { readFileSync } from "node:fs"
import { parsePrefixes } from "@synprint/core"
import type { Config } from "./config.ts"
import type { Problem } from "./problem.ts"

/** Lines that are told of; of a file that is no list of networks every line is wrong. */
const PROBLEMS_MAX = 3

interface NetworkFile {
  readonly networks: ReadonlyArray<string>
  readonly problems: ReadonlyArray<Problem>
}

/** The networks of a file, without the lines that are none. */
export function readNetworkFile(path: string, file: string): NetworkFile {
  const problem = (message: string, line?: number): Problem => ({ path, message, source: file, line })
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    return { networks: [], problems: [problem(`cannot read the file: ${code ?? message}`)] }
  }
  const lines = text.split("\n").map((line) => /^[^#,\s]*/.exec(line.trimStart())![0])
  const networks = lines.filter((line) => line !== "")
  if ("containsBytes" in parsePrefixes(networks)) return { networks, problems: [] }
  const good: Array<string> = []
  const problems: Array<Problem> = []
  let wrong = 0
  lines.forEach((line, index) => {
    if (line === "") return
    const parsed = parsePrefixes([line])
    if ("containsBytes" in parsed) good.push(line)
    else if (++wrong <= PROBLEMS_MAX) problems.push(problem(parsed[0]!, index + 1))
  })
  if (wrong > PROBLEMS_MAX) problems.push(problem(`${wrong - PROBLEMS_MAX} more lines are no networks`))
  return { networks: good, problems }
}

/** What is wrong with the files that a configuration names. */
export const networkFileProblems = ({ hints }: Pick<Config, "hints">): ReadonlyArray<Problem> =>
  hints.relayFiles.flatMap((file, n) => readNetworkFile(`hints.relay_files[${n}]`, file).problems)
