/**
 * Loading of databases: random and mutated p0f.fp texts through the installed p0f and through our reader in p0f mode. Both load the
 * same number of signatures, or both refuse. Blanks before the end of a line are the one thing that only we forgive.
 */
import { expect } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readDatabases } from "@synprint/core"
import {
  type Random,
  printProblem,
  printSignature,
  randomSignature,
  seededRandom,
  writePcap
} from "@synprint/core/testing"
import { requires, testWith } from "../lib/requires.ts"

const FILES = 1000
const P0F_FP = "/etc/p0f/p0f.fp"

const HEADERS = ["Host", "User-Agent", "Accept", "?Referer", "Via=[x]", "A=[b c]", "?X=[q]"]
const EXPSW = ["", " x", "Foo/"]
const INSERTS = [
  ",",
  ":",
  "-",
  "+",
  "*",
  "?",
  "0",
  "1",
  "64",
  "eol+1",
  "df",
  "mss",
  " ",
  "=",
  "[",
  "]",
  "@",
  "!",
  ";",
  "256"
]
const MORE_INSERTS = ["65536", "%", "ws", "sack", "\t", "x", ".", "|"]

const some = (random: Random, most: number, line: (at: number) => ReadonlyArray<string>): ReadonlyArray<string> =>
  Array.from({ length: 1 + random.below(most) }, (_, at) => line(at)).flat()

const list = (random: Random, of: ReadonlyArray<string>, below: number): string =>
  Array.from({ length: random.below(below) }, () => random.pick(of)).join(",")

function tcpLines(random: Random): ReadonlyArray<string> {
  const sigs = some(random, 6, (at) => {
    const sig = `sig = ${printSignature(randomSignature(random))}`
    return random.once(4) ? [`label = ${random.pick(["s", "g"])}:unix:A:${at}`, sig] : [sig]
  })
  return ["classes = unix,win", "[tcp:request]", "label = s:unix:A:b", ...sigs]
}

function httpLines(random: Random): ReadonlyArray<string> {
  const head = ["classes = unix,win", `[http:${random.pick(["request", "response"])}]`]
  const uaOs = random.once(2) ? ["ua_os = Linux,Mac OS X=[Mac],iOS=[a]"] : []
  const sigs = some(random, 5, (at) => {
    const absent = list(random, ["Host", "Via", "Referer", "X"], 3)
    const sig = `sig = ${random.pick(["*", "0", "1"])}:${list(random, HEADERS, 4)}:${absent}:${random.pick(EXPSW)}`
    return random.once(3) ? [`label = ${random.pick(["s", "g"])}:unix:A:${at}`, sig] : [sig]
  })
  return [...head, ...uaOs, "label = s:!:App:1", "sys = @unix,Linux", ...sigs]
}

const OTHER = [
  "classes = unix,win",
  "[mtu]",
  "label = a b",
  "sig = 1500",
  "[tcp:response]",
  "label = g:win:X.y-(z)!:3:4|5",
  "sig = 4:64-:4:*:mss*4,2:mss,nop,ws:df:0",
  "label = s:!:tool:",
  "sys = @win, Foo",
  "sig = *:128:0:*:8192,*:mss,?34,eol+2::*"
]

/** Some lines of Debian's file, with the section and label they stand under. */
function excerpt(random: Random, lines: ReadonlyArray<string>): ReadonlyArray<string> {
  const at = random.below(lines.length - 12)
  const before = lines.slice(0, at)
  const last = (start: string): ReadonlyArray<string> => before.filter((line) => line.startsWith(start)).slice(-1)
  return [lines[0]!, ...last("["), ...last("label"), ...last("sys"), ...lines.slice(at, at + 2 + random.below(10))]
}

function mutate(random: Random, from: ReadonlyArray<string>): ReadonlyArray<string> {
  const lines = [...from]
  for (let mutations = random.below(3); mutations > 0; mutations--) {
    const which = random.below(lines.length)
    const line = lines[which]!
    const at = random.below(line.length + 1)
    const text = random.pick([...INSERTS, ...MORE_INSERTS])
    switch (random.below(5)) {
      case 0:
        lines[which] = line.slice(0, at) + text + line.slice(at)
        break
      case 1:
        lines[which] = line.slice(0, at) + line.slice(at + 1 + random.below(3))
        break
      case 2:
        lines[which] = line.slice(0, at) + text + line.slice(at + 1)
        break
      case 3:
        lines.splice(which, 1)
        break
      default:
        lines.splice(which, 0, random.pick(lines))
    }
    if (lines.length === 0) lines.push("; nothing left")
  }
  return lines
}

/** Signatures that p0f loads, -1 when it refuses the file. */
function loadedByP0f(database: string, capture: string): number {
  const run = Bun.spawnSync(["p0f", "-f", database, "-r", capture], { stdout: "pipe", stderr: "pipe" })
  if (run.exitCode !== 0) return -1
  const text = run.stdout.toString()
  return text.includes("No signatures found") ? 0 : Number(/Loaded (\d+) signature/.exec(text)?.[1])
}

testWith(
  [requires.binaries("p0f"), requires.file(P0F_FP, "p0f's database")],
  `p0f and we load the same of ${FILES} databases`,
  () => {
    const directory = mkdtempSync(join(tmpdir(), "synprint-database-"))
    try {
      const capture = join(directory, "empty.pcap")
      const path = join(directory, "x.fp")
      writeFileSync(capture, writePcap([]))
      const debian = readFileSync(P0F_FP, "utf8")
      writeFileSync(path, debian)
      expect(loadedByP0f(path, capture)).toBe(322)
      const statements = debian.split("\n").filter((line) => line !== "" && !line.startsWith(";"))
      let loaded = 0
      let refused = 0
      for (let seed = 0; seed < FILES; seed++) {
        const random = seededRandom(seed)
        const kinds = [tcpLines, httpLines, () => OTHER, (source: Random) => excerpt(source, statements)]
        const lines = mutate(random, random.pick(kinds)(random))
        const text = `${lines.join("\n")}\n`
        writeFileSync(path, text)
        const theirs = loadedByP0f(path, capture)
        const { database, problems } = readDatabases([{ name: "x.fp", text }], "p0f")
        const ours = database?.count ?? -1
        if (theirs < 0) refused++
        else loaded++
        const forgiven = theirs < 0 && ours >= 0 && lines.some((line) => /[ \t]$/.test(line))
        if (ours !== theirs && !forgiven) {
          expect({ seed, text, ours, why: problems.map(printProblem) }).toEqual({ seed, text, ours: theirs, why: [] })
        }
      }
      expect(loaded).toBeGreaterThan(FILES / 5)
      expect(refused).toBeGreaterThan(FILES / 5)
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
  60_000
)
