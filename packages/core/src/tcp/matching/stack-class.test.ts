import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { seededRandom } from "../../testing/random.ts"
import { sharedFile } from "../../testing/shared.ts"
import { signaturePacket } from "../../testing/signature-packet.ts"
import { BUILTIN, BUILTIN_DATABASE } from "../database/builtin.ts"
import { readDatabases } from "../database/reader.ts"
import { Matcher } from "./matcher.ts"
import { ENTRY_SHIFT, FACT_STACK } from "./fingerprint-facts.ts"
import { REQUEST } from "../direction.ts"
import { mergeClasses, OTHER_FAMILY, OTHER_LAYOUT, SAME_STACK, stackDifference } from "./stack-class.ts"

const matcherOf = (name: string, text: string): Matcher =>
  new Matcher(readDatabases([{ name, text }], "modern").database!, "modern", 4096)
const builtin = matcherOf(BUILTIN, BUILTIN_DATABASE)
/** Knows nothing: classes are made of options alone. */
const bare = matcherOf("empty.fp", "classes = unix\n")

const classOf = (signature: string, matcher = builtin): number =>
  matcher.factWords[(matcher.lookup(signaturePacket(signature), REQUEST, 0) << ENTRY_SHIFT) + FACT_STACK]!

const LINUX = "4:64:0:1460:64240,7:mss,sok,ts,nop,ws:df,id+:0"
const WINDOWS = "4:128:0:1460:64240,8:mss,nop,ws,nop,nop,sok:df,id+:0"
const APPLE = "4:64:0:1460:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0"
const FREEBSD = "4:64:0:1460:65535,6:mss,nop,ws,sok,ts:df,id+:0"
const OPENBSD = "4:64:0:1460:16384,6:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0"
const NETBSD = "4:64:0:1460:32768,3:mss,nop,ws,sok,nop,nop,nop,nop,ts:df,id+:0"

test("systems with lines of their own differ in family", () => {
  const stacks = [LINUX, WINDOWS, APPLE, FREEBSD]
  for (const a of stacks)
    for (const b of stacks)
      expect(`${a} ${b} ${stackDifference(classOf(a), classOf(b))}`).toBe(
        `${a} ${b} ${a === b ? SAME_STACK : OTHER_FAMILY}`
      )
})

test("without lines the order of options and the NOPs between them tell stacks apart", () => {
  // Windows writes what others write, less timestamps.
  const stacks = [LINUX, APPLE, OPENBSD, NETBSD, FREEBSD]
  for (const a of stacks)
    for (const b of stacks) {
      const difference = stackDifference(classOf(a, bare), classOf(b, bare))
      expect(`${a} ${b} ${difference}`).toBe(`${a} ${b} ${a === b ? SAME_STACK : OTHER_LAYOUT}`)
    }
  expect(stackDifference(classOf(WINDOWS, bare), classOf(LINUX, bare))).toBe(OTHER_LAYOUT)
})

test("one system varies without becoming two", () => {
  for (const matcher of [builtin, bare])
    for (const [what, one, other] of [
      ["ECN", LINUX, LINUX.replace("id+", "id+,ecn")],
      ["Fast Open", LINUX, LINUX.replace("nop,ws", "nop,ws,?34,nop,nop")],
      ["MPTCP", LINUX, LINUX.replace("nop,ws", "nop,ws,?30")],
      ["MPTCP within", APPLE, APPLE.replace("nop,ws,nop,nop", "nop,ws,?30")],
      ["MD5", "4:64:0:1460:64240,7:nop,nop,?19,mss,nop,nop,sok,nop,ws:df,id+:0", LINUX],
      ["window scale", LINUX, LINUX.replace(",7:", ",10:")],
      ["SO_RCVBUF", LINUX, LINUX.replace("64240,7", "8760,0")],
      ["TCP_WINDOW_CLAMP", LINUX, LINUX.replace("64240", "500")],
      ["timestamps off", LINUX, "4:64:0:1460:64240,7:mss,nop,nop,sok,nop,ws:df,id+:0"],
      ["timestamps blanked on the path", LINUX, LINUX.replace("ts,", "nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,")],
      ["SACK off", LINUX, "4:64:0:1460:64240,7:mss,nop,nop,ts,nop,ws:df,id+:0"],
      ["DF off", LINUX, LINUX.replace("df,id+", "")],
      ["clamped", LINUX, LINUX.replace("1460", "1353")],
      ["another distance", LINUX, LINUX.replace(":64:", ":51:")],
      ["a retransmission without options", WINDOWS, "4:128:0:1460:64240,0:mss,nop,nop,sok:df,id+:0"],
      ["the phone window of Windows 11", WINDOWS, WINDOWS.replace("64240", "65535")],
      ["scaling off", WINDOWS, "4:128:0:1460:65535,0:mss,nop,nop,sok:df,id+:0"]
    ] as const)
      expect(`${what} ${stackDifference(classOf(one, matcher), classOf(other, matcher))}`).toBe(`${what} 0`)
})

test("what a tool writes says nothing of the system below it", () => {
  expect(classOf("4:55:0:1460:1024,0:mss::0")).toBe(0)
  expect(classOf("4:64:0:0:512,0::id+:0")).toBe(0)
  expect(classOf("4:64:0:1460:1400,0:mss:df:0", bare)).toBe(0)
})

test("all SYNs that one Linux was made to send are of one stack", () => {
  const table = sharedFile("data/groundtruth/linux-6.18-syn.tsv")
  if (table === undefined) {
    console.log("skipped: stack classes of Linux 6.18: no ../shared/data/groundtruth/linux-6.18-syn.tsv")
    return
  }
  const rows = readFileSync(table, "utf8").trim().split("\n").slice(1)
  const signatures = rows.map((row) => {
    const fields = row.split("\t")
    return fields[6]!.replace(/^((?:[^:]*:){4})[^,]*/, `$1${fields[8]!.split("_")[0]}`)
  })
  expect(signatures.length).toBe(455)
  for (const matcher of [builtin, bare]) {
    const classes = signatures.map((signature) => classOf(signature, matcher))
    const different = new Set<string>()
    for (const [n, a] of classes.entries())
      for (const [m, b] of classes.entries())
        if (a !== 0 && b !== 0 && stackDifference(a, b) !== SAME_STACK)
          different.add(`${signatures[n]} ${signatures[m]}`)
    expect([...different]).toEqual([])
    // And what was seen of it stays different from Windows, in whatever order it came.
    const merged = classes.filter((stack) => stack !== 0).reduce(mergeClasses)
    expect(stackDifference(merged, classOf(WINDOWS, matcher))).not.toBe(SAME_STACK)
  }
})

test("difference is symmetric, none to itself, and merging keeps what is known", () => {
  const random = seededRandom(20)
  const kinds = ["mss", "nop", "ws", "sok", "ts", "?34", "?30", "eol+0"]
  const signature = (): string => {
    const layout: Array<string> = []
    for (let n = random.below(9); n > 0; n--) layout.push(kinds[random.below(kinds.length - 1)]!)
    if (random.below(4) === 0) layout.push("eol+0")
    const ttl = [64, 128, 255, 50, 120][random.below(5)]!
    return `4:${ttl}:0:1460:${random.below(65536)},${random.below(15)}:${layout.join(",")}:df,id+:0`
  }
  for (let n = 0; n < 5000; n++) {
    const a = classOf(signature(), n % 2 === 0 ? builtin : bare)
    const b = classOf(signature(), n % 3 === 0 ? builtin : bare)
    expect(stackDifference(a, a)).toBe(SAME_STACK)
    expect(stackDifference(a, b)).toBe(stackDifference(b, a))
    if (stackDifference(a, b) === SAME_STACK) expect(stackDifference(mergeClasses(a, b), a)).toBe(SAME_STACK)
  }
})
