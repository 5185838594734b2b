import { expect, test } from "bun:test"
import { Packet } from "../../packet/packet.ts"
import { fillNearPacket } from "../../testing/near-packet.ts"
import { type Random, rounds, seededRandom } from "../../testing/random.ts"
import { BUILTIN, BUILTIN_DATABASE } from "./builtin.ts"
import { readDatabases } from "./reader.ts"
import { explain } from "../explain/explain.ts"
import { printExplanation } from "../explain/text.ts"
import { Matcher } from "../matching/matcher.ts"
import { REQUEST } from "../direction.ts"
import { printSignature } from "../signature/signature.ts"
import { ParseError } from "../parse-error.ts"

const PIECES = [
  "*",
  ":",
  ",",
  ";@ ",
  ";@ family=",
  "=",
  "?",
  "ts~",
  "mss*max",
  "mss*max<=",
  "mss*clamped",
  "mss*20/ws",
  "seq=dst",
  "ecn?",
  "sig = ",
  "label = ",
  "[tcp:request]",
  "[",
  "99999999999999999999",
  "-1",
  "\0",
  "\r",
  "\u{1f600}",
  ""
]

/** The text with one to twenty pieces put in, taken out or doubled. */
function damaged(text: string, random: Random): string {
  let out = text
  for (let wounds = 1 + random.below(20); wounds > 0; wounds--) {
    const at = random.below(out.length)
    const end = Math.min(out.length, at + random.below(40))
    const kind = random.below(3)
    const middle = kind === 0 ? random.pick(PIECES) : kind === 1 ? "" : out.slice(at, end).repeat(2)
    out = out.slice(0, at) + middle + out.slice(kind === 0 ? at : end)
  }
  return out
}

/** Some whole lines of the built-in database, so that most damage falls on signatures. */
function excerpt(random: Random): string {
  const lines = BUILTIN_DATABASE.slice(BUILTIN_DATABASE.indexOf("[tcp:request]")).split("\n")
  const from = random.below(lines.length - 40)
  return `classes = win,unix,other\n[tcp:request]\nlabel = s:unix:Some:thing\n${lines.slice(from, from + 40).join("\n")}\n`
}

test("a damaged database gives problems that say where and what, or answers", () => {
  const random = seededRandom(11)
  const packet = new Packet()
  let readable = 0
  for (let i = 0; i < rounds(3000); i++) {
    const text = damaged(excerpt(random), random)
    const mode = random.pick(["modern", "modern", "p0f"] as const)
    const { database, problems } = readDatabases([{ name: BUILTIN, text }], mode)
    expect(database === undefined).toBe(problems.length > 0)
    const lines = text.split("\n")
    for (const { file, line, column, message } of problems) {
      expect(file).toBe(BUILTIN)
      expect(line).toBeWithin(1, lines.length + 1)
      expect(column).toBeWithin(1, lines[line - 1]!.length + 2)
      expect(message.length).toBeGreaterThan(10)
    }
    if (database === undefined) continue
    readable++
    const matcher = new Matcher(database, mode, 64)
    for (const line of database.requests) {
      expect(line.families).toBeGreaterThan(0)
      fillNearPacket(random, line.signature, packet)
      expect(matcher.fingerprintOf(packet, REQUEST, 0).rawSignature).toContain(":")
      if (mode === "p0f") continue
      const explanation = explain(printSignature(line.signature), database)
      if (explanation instanceof ParseError) throw new Error(explanation.message)
      expect(printExplanation(explanation)).not.toContain("undefined")
    }
  }
  expect(readable).toBeGreaterThan(rounds(100))
})
