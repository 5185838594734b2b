/**
 * The examples of the built-in database against the captures and tables they come from, and its lines against every labelled SYN.
 *
 * An example is compared without its TTL, which says how far away the capture was made.
 */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { BUILTIN, BUILTIN_DATABASE, readDatabases } from "@synprint/core"
import {
  CONTRADICTIONS,
  type TcpSignature,
  answersAlone,
  contradictsFamily,
  readAgentTable,
  readSignatureTable,
  sharedFile
} from "@synprint/core/testing"

const { requests } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern").database!

const rowsOf = (path: string): ReadonlyArray<ReadonlyArray<string>> =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))

const withoutTtl = (signature: string): string => signature.replace(/^([46*]):[^:]*:/, "$1:")
/** The window of a JA4T column in place of p0f's multiplier. */
const literal = (signature: string, window: string): string => signature.replace(/^((?:[^:]*:){4})[^,]*/, `$1${window}`)

const paths = {
  linux: sharedFile("data/groundtruth/linux-6.18-syn.tsv"),
  tools: sharedFile("data/groundtruth/tools-syn.tsv"),
  vpn: sharedFile("data/groundtruth/vpn-mss.tsv"),
  agents: sharedFile("data/ua-evidence.tsv"),
  signatures: sharedFile("data/modern-signatures.tsv"),
  captures: sharedFile("pcaps")
}
const isComplete = Object.values(paths).every((path) => path !== undefined)

/** Every SYN of the shared data, in the form of the examples but without a TTL. */
function seenSyns(): ReadonlySet<string> {
  const seen = new Set<string>()
  const add = (signature: string | undefined, window: string | undefined): void => {
    if (signature !== undefined && window !== undefined && window !== "") {
      seen.add(withoutTtl(literal(signature, window.split("_")[0]!)))
    }
  }
  for (const row of rowsOf(paths.linux!)) add(row[6], row[8])
  for (const row of rowsOf(paths.tools!)) add(row[5], row[7])
  for (const row of rowsOf(paths.vpn!)) add(row[6], row[7])
  for (const row of rowsOf(paths.agents!)) add(row[0], row[1])
  for (const file of new Bun.Glob("**/*.syn.tsv").scanSync({ cwd: paths.captures! })) {
    for (const row of rowsOf(join(paths.captures!, file))) if (row[2] === "S") add(row[9], row[12])
  }
  for (const { signatures } of readSignatureTable(paths.signatures!)) {
    for (const signature of signatures) seen.add(withoutTtl(signature))
  }
  return seen
}

const examplesOf = (line: TcpSignature): ReadonlyArray<string> => line.attributes.get("example")?.split(" ") ?? []

test.skipIf(!isComplete)("what a line calls measured or seen in the field was seen", () => {
  const seen = seenSyns()
  const byPlace = Map.groupBy(requests, ({ line }) => line)
  for (const [place, lines] of byPlace) {
    const evidence = lines[0]!.attributes.get("evidence")!
    if (evidence !== "measured" && evidence !== "field") continue
    const examples = examplesOf(lines[0]!)
    expect([place, examples.some((example) => seen.has(withoutTtl(example))), examples]).toEqual([
      place,
      true,
      examples
    ])
  }
})

test.skipIf(!isComplete)("no line would answer for a labelled SYN of another family", () => {
  let compared = 0
  for (const row of [...readSignatureTable(paths.signatures!), ...readAgentTable(paths.agents!)]) {
    const { family, signature, signatures, label } = row
    if (family === undefined) continue
    if (CONTRADICTIONS.some((other) => other.signature === signature && other.claimed === family)) continue
    for (const line of requests) {
      if (!contradictsFamily(line, family)) continue
      for (const syn of signatures) {
        compared++
        const claims = answersAlone(line, syn)
        expect([syn, label, claims ? line.title : ""]).toEqual([syn, label, ""])
      }
    }
  }
  expect(compared).toBeGreaterThan(50_000)
})
