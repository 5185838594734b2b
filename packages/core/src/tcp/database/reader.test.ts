import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { type DatabaseReading, printProblem, readDatabases } from "./reader.ts"
import type { Database } from "./database.ts"
import { printSignature } from "../signature/signature.ts"
import { type Mode } from "../mode.ts"

const read = (text: string, mode: Mode = "modern"): DatabaseReading => readDatabases([{ name: "x.fp", text }], mode)

const loaded = (text: string, mode: Mode = "modern"): Database => {
  const { database, problems } = read(text, mode)
  expect(problems.map(printProblem)).toEqual([])
  return database!
}

const problems = (text: string, mode: Mode = "modern"): ReadonlyArray<string> =>
  read(text, mode).problems.map(printProblem)

const SIG = "*:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+:0"

const SMALL = `classes = win,unix
; a comment
[mtu]
label = Ethernet or modem
sig   = 576
sig   = 1500

[tcp:request]
label = s:unix:Linux:3.11 and newer
sig   = ${SIG}
label = g:unix:linux:
  sig=4:64:0:*:*,*:mss:df:0
label = s:!:NMap:SYN scan: v|2
sys = @unix, Windows,Mac OS X
sig = *:64-:0:1460:1024,0:mss::0
[http:request]
ua_os = Linux,iOS=[iPad]
label = s:!:curl:
sys = @unix
sig = 1:Host,?User-Agent=[curl/],X-New:Accept,Date: curl
[tcp:response]
label = s:win:Windows:XP
sig = *:128:0:*:65535,0:mss,nop,nop,sok:df,id+:0
`

for (const mode of ["p0f", "modern"] as const) {
  test(`reads every kind of line (${mode})`, () => {
    const database = loaded(SMALL, mode)
    expect(database.classes).toEqual(["win", "unix"])
    expect(database.names).toEqual(["Linux", "NMap", "Windows", "Mac OS X", "iOS", "curl"])
    expect(database.count).toBe(7)
    expect(database.links).toEqual(
      new Map([
        [576, "Ethernet or modem"],
        [1500, "Ethernet or modem"]
      ])
    )
    expect(
      database.requests.map(({ title, line, label }) => [title, line, label.id, label.generic, label.classId])
    ).toEqual([
      ["Linux 3.11 and newer", 10, 0, false, 1],
      ["Linux", 12, 1, true, 1],
      ["NMap SYN scan: v|2", 15, 2, false, -1]
    ])
    expect(printSignature(database.requests[0]!.signature)).toBe(SIG)
    expect(database.requests[2]!.sys).toEqual([
      { isClass: true, id: 1 },
      { isClass: false, id: 2 },
      { isClass: false, id: 3 }
    ])
    expect(database.responses.map(({ title, label, index }) => [title, label.id, index])).toEqual([
      ["Windows XP", 4, 0]
    ])
    const [curl] = database.http.requests
    const { headerNames } = database.http
    expect(curl?.headers.map(({ id, optional, value }) => [headerNames[id], optional, value])).toEqual([
      ["Host", false, undefined],
      ["User-Agent", true, "curl/"],
      ["X-New", false, undefined]
    ])
    expect(curl?.absent.map((id) => headerNames[id])).toEqual(["Accept", "Date"])
    expect([curl?.ver, curl?.expsw, curl?.title]).toEqual([1, " curl", "curl"])
    expect(database.http.uaOs.map(({ nameId, substring }) => [database.names[nameId], substring])).toEqual([
      ["Linux", "Linux"],
      ["iOS", "iPad"]
    ])
  })

  test(`CRLF, a byte order mark and blanks at line ends change nothing (${mode})`, () => {
    const plain = loaded(SMALL, mode)
    const strip = (database: Database): unknown =>
      JSON.parse(JSON.stringify({ ...database, links: [...database.links] }))
    expect(strip(loaded(SMALL.replaceAll("\n", "\r\n"), mode))).toEqual(strip(plain))
    expect(strip(loaded(`\ufeff${SMALL}`, mode))).toEqual(strip(plain))
    const blanks = SMALL.replaceAll(/^(sig.*:0|classes.*|\[.*|sys.*|ua_os.*)$/gm, "$1 \t")
    expect(blanks).not.toBe(SMALL)
    expect(strip(loaded(blanks, mode))).toEqual(strip(plain))
  })
}

test("blanks that count: expsw in both modes, flavors in p0f mode", () => {
  const text = "[http:response]\nlabel = s:!:A:b \nsys = A\nsig = *:Host:: a \n"
  expect(loaded(text, "p0f").http.responses[0]).toMatchObject({ title: "A b ", expsw: " a " })
  expect(loaded(text, "modern").http.responses[0]).toMatchObject({ title: "A b", expsw: " a " })
})

test("header ids begin with p0f's own six", () => {
  expect(loaded("").http.headerNames.slice(0, 6)).toEqual([
    "User-Agent",
    "Server",
    "Accept-Language",
    "Via",
    "X-Forwarded-For",
    "Date"
  ])
})

test("reports all problems at once, each with line, column and what to do", () => {
  const text = `classes = win,un ix
[tcp:requests]
sig = ignored until a section is known
[tcp:request]
sig = ${SIG}
label = s:mac:Mac OS X:
sig = 4:64:0:*:*,*:mss:dff:0
label = s:win:Windows
label = s:!:App:
sig = ${SIG}
what is this
[mtu]
  label = x
  sig = 65536
colour = red
classes = late
`
  expect(problems(text)).toEqual([
    "x.fp:1:15: classes: 'un ix' is not a name of letters and digits",
    "x.fp:2:1: '[tcp:requests]' is no section: use [mtu] [tcp:request] [tcp:response] [http:request] [http:response]",
    "x.fp:5:1: 'sig' is misplaced: a section and a label must come first",
    "x.fp:6:11: class 'mac' is unknown (known: !, win): declare it by 'classes =' before the first section",
    "x.fp:7:24: quirks: 'dff' is no quirk: use df id+ id- ecn 0+ flow seq- ack+ ack- uptr+ urgf+ pushf+ ts1- ts2+ opt+ exws bad seq=dst",
    "x.fp:8:9: label: 's:win:Windows' is not type:class:name:flavor with type g or s, a class, a name of letters, digits, blanks and ./-_!?(), and a colon before the flavor even if that is empty",
    "x.fp:10:1: 'sys' is missing: a label of class ! needs 'sys = @class,Name' before its first sig",
    "x.fp:11:1: 'what is this' is no statement: write [section], name = value, or ; before a comment",
    "x.fp:14:9: sig: '65536' is not an MTU from 1 to 65535",
    "x.fp:15:1: 'colour' is no field: use classes, label, sys, sig or ua_os",
    "x.fp:16:1: 'classes' is misplaced: it must come before the first section"
  ])
  expect(read(text).database).toBeUndefined()
})

const REFUSED: ReadonlyArray<readonly [string, string]> = [
  ["label before a section", "label = s:unix:A:\n"],
  ["sys twice", "classes = u\n[tcp:request]\nlabel = s:!:A:\nsys = @u\nsys = @u\n"],
  ["sys of an OS label", "classes = u\n[tcp:request]\nlabel = s:u:A:\nsys = @u\n"],
  ["label in place of sys", "[tcp:request]\nlabel = s:!:A:\nlabel = s:!:B:\n"],
  ["unknown class in sys", "[tcp:request]\nlabel = s:!:A:\nsys = @u\n"],
  ["ua_os after a label", "[http:request]\nlabel = s:!:A:\nsys = B\nua_os = B\n"],
  ["ua_os among responses", "[http:response]\nua_os = B\n"],
  ["text after a section", "[mtu] x\n"],
  ["classes ending in a comma", "classes = a,\n"],
  ["sys ending in a comma", "[tcp:request]\nlabel = s:!:A:\nsys = B,\n"],
  ["an empty link name", "[mtu]\nlabel =\n"],
  ["an MTU of 0", "[mtu]\nlabel = a\nsig = 0\n"],
  ["an MTU with a sign", "[mtu]\nlabel = a\nsig = +1500\n"],
  ["an HTTP version of 2", "[http:request]\nlabel = s:!:A:\nsys = B\nsig = 2:Host::\n"],
  ["an empty substring", "[http:request]\nlabel = s:!:A:\nsys = B\nsig = *:Host=[]::\n"],
  ["an open substring", "[http:request]\nlabel = s:!:A:\nsys = B\nsig = *:Host=[a::\n"],
  ["a colon in expsw", "[http:request]\nlabel = s:!:A:\nsys = B\nsig = *:Host::a:b\n"],
  ["33 headers", `[http:request]\nlabel = s:!:A:\nsys = B\nsig = *:${"Host,".repeat(33)}::\n`],
  ["an equal sign at the line start", "= a\n"],
  ["a NUL byte", "[mtu]\nlabel = a\0b\n"]
]

test.each(REFUSED)("both modes refuse %s, with one message", (_, text) => {
  expect(problems(text, "p0f").length).toBe(1)
  expect(problems(text, "modern").length).toBe(1)
})

test("labels get new ids when their text repeats, names keep the first spelling", () => {
  const text = `classes = Unix\n[tcp:request]\nlabel = s:unix:linux:a\nlabel = s:UNIX:LINUX:a\nsig = ${SIG}\n`
  const [line] = loaded(text).requests
  expect(line).toMatchObject({ title: "linux a", label: { id: 1, nameId: 0, classId: 0 } })
})

const HEAD = "classes = u\n[tcp:request]\nlabel = s:u:A:1\n"
/** Pairs of lines, and p0f's judgement of the second (C-05). */
const COVERED: ReadonlyArray<readonly [first: string, second: string, p0fRefuses: boolean, modernWarns: boolean]> = [
  ["4:64:0:*:8192,7:mss:df,id+:0", "4:64:0:*:8192,7:mss:df,id+:0", true, true],
  ["*:64:0:*:8192,7:mss:df,id+:0", "*:64:0:*:8192,7:mss:df,id+:0", false, true],
  ["*:64:0:*:8192,7:mss::0", "*:64:0:*:8192,7:mss::0", true, true],
  ["*:64:0:*:8192,7:mss:df:0", "4:64:0:*:8192,7:mss:df:0", true, true],
  ["*:64:0:*:8192,7:mss::0", "6:64:0:*:8192,7:mss::0", true, true],
  ["4:64:0:*:8192,7:mss::0", "6:64:0:*:8192,7:mss::0", true, false],
  ["*:64:0:*:8192,*:mss::*", "*:64:0:1460:8192,7:mss::0", true, true],
  ["*:64:0:1460:8192,7:mss::0", "*:64:0:*:8192,7:mss::0", false, false],
  ["*:64:0:*:mss*4,7:mss::0", "*:64:0:1460:5840,7:mss::0", true, true],
  ["*:64:0:*:mss*4,7:mss::0", "*:64:0:*:5840,7:mss::0", false, false],
  ["*:64:0:*:*,7:mss::0", "*:64:0:*:mss*4,7:mss::0", false, false],
  ["*:64:0:*:*,7:mss::0", "*:64:0:*:8192,7:mss::0", true, true],
  ["*:64:0:*:%512,7:mss::0", "*:64:0:*:8192,7:mss::0", true, true],
  ["*:64:0:*:mtu*2,7:mss::0", "*:64:0:1400:2880,7:mss::0", true, true],
  ["*:128:0:*:8192,7:mss::0", "*:100:0:*:8192,7:mss::0", true, true],
  ["*:128:0:*:8192,7:mss::0", "*:64:0:*:8192,7:mss::0", false, false]
]

test.each(COVERED)("%s then %s: p0f mode refuses: %p, modern mode warns: %p", (first, second, refuses, warns) => {
  const text = `${HEAD}sig = ${first}\nsig = ${second}\n`
  expect(problems(text, "p0f")).toEqual(
    refuses ? ["x.fp:5:7: this signature never answers: line 4 covers it: remove one, or use mode = modern"] : []
  )
  const database = loaded(text, "modern")
  expect(database.requests.length).toBe(2)
  expect(database.warnings).toEqual(warns ? ["x.fp:5: this signature never answers: line 4 covers it"] : [])
})

test("a generic line covers no specific one; a line of another file or direction covers none", () => {
  const generic = `classes = u\n[tcp:request]\nlabel = g:u:A:\nsig = 4:64:0:*:8192,7:mss::0\nlabel = s:u:A:\nsig = 4:64:0:*:8192,7:mss::0\n`
  expect(problems(generic, "p0f")).toEqual([])
  expect(loaded(generic).warnings).toEqual([])
  const file = { name: "x.fp", text: `${HEAD}sig = ${SIG}\n[tcp:response]\nlabel = s:u:A:\nsig = ${SIG}\n` }
  expect(readDatabases([file, file], "modern").database?.warnings).toEqual([])
})

test("HTTP lines cover others by their required headers", () => {
  const http = (first: string, second: string): number =>
    problems(`[http:request]\nlabel = s:!:A:\nsys = B\nsig = ${first}\nsig = ${second}\n`, "p0f").length
  expect(http("*:Host,Accept::", "1:Host,Via,Accept::")).toBe(1)
  expect(http("1:Host::", "*:Host::")).toBe(0)
  expect(http("*:Host,Accept::", "1:Accept,Host::")).toBe(0)
  expect(http("*:Host=[a]::", "1:Host=[bab]::")).toBe(1)
  expect(http("*:Host=[a]::", "1:Host::")).toBe(0)
  expect(http("*:Host::", "1:?Host,Via::")).toBe(0)
  expect(http("*:Host:Via:", "1:Host::")).toBe(0)
  expect(http("*:Host:Via:", "1:Host:Date,Via:")).toBe(1)
  expect(http("*:Host:Via,Via:", "1:Host:Via:")).toBe(0)
  expect(http("*:Host,?Via::", "1:Via,Host::")).toBe(0)
})

test("several files share names, ids and positions; the later file's link wins, within a file the first", () => {
  const a = {
    name: "a.fp",
    text: `classes = u\n[mtu]\nlabel = one\nsig = 1500\nsig = 1400\nlabel = two\nsig = 1400\n[tcp:request]\nlabel = s:u:A:\nsig = ${SIG}\n`
  }
  const b = {
    name: "b.fp",
    text: `classes = U,v\n[mtu]\nlabel = three\nsig = 1500\n[tcp:request]\nlabel = s:v:a:x\nsig = ${SIG}\n`
  }
  const { database } = readDatabases([a, b], "modern")
  expect(database?.links).toEqual(
    new Map([
      [1500, "three"],
      [1400, "one"]
    ])
  )
  expect(database?.linkLines.length).toBe(4)
  expect(database?.classes).toEqual(["u", "v"])
  expect(
    database?.requests.map(({ title, index, file, fileIndex, label }) => [title, index, file, fileIndex, label.id])
  ).toEqual([
    ["A", 0, "a.fp", 0, 0],
    ["A x", 1, "b.fp", 1, 1]
  ])
  const broken = readDatabases(
    [
      { name: "a.fp", text: "[x]" },
      { name: "b.fp", text: "\n[y]" }
    ],
    "modern"
  )
  expect(broken.problems.map(({ file, line }) => [file, line])).toEqual([
    ["a.fp", 1],
    ["b.fp", 2]
  ])
})

test("attributes belong to the label or sig that follows; the sig's own win", () => {
  const text = `classes = u
[mtu]
;@ source=RFC 894
label = Ethernet
sig = 1500
[tcp:request]
;@ evidence=measured; source=a
;@ date=2026-11
label = s:u:A:
;@ clock=yes; evidence = field
sig = 4:64:0:*:1,7:mss::0
sig = 4:64:0:*:2,7:mss::0
label = s:u:B:
sig = 4:64:0:*:3,7:mss::0
`
  const database = loaded(text)
  expect(database.linkLines[0]!.attributes).toEqual(new Map([["source", "RFC 894"]]))
  expect(database.requests.map(({ clock }) => clock)).toEqual([true, false, false])
  expect(database.requests.map(({ attributes }) => Object.fromEntries(attributes))).toEqual([
    { evidence: "field", source: "a", date: "2026-11", clock: "yes" },
    { evidence: "measured", source: "a", date: "2026-11" },
    {}
  ])
  expect(problems(";@ a=1; what\n")).toEqual(["x.fp:1:8: ';@' must be followed by name=value; name=value, not 'what'"])
  expect(problems(";@ a=1; what\n", "p0f")).toEqual([])
})

const P0F_FP = "/etc/p0f/p0f.fp"
if (!existsSync(P0F_FP)) process.stderr.write(`skipped: ${P0F_FP} is not there (apt-get install p0f)\n`)

test.skipIf(!existsSync(P0F_FP))("loads Debian's p0f.fp: 322 signatures, its two duplicates kept", () => {
  const text = readFileSync(P0F_FP, "utf8")
  for (const mode of ["p0f", "modern"] as const) {
    const database = loaded(text, mode)
    expect(database.count).toBe(322)
    expect(database.linkLines.length).toBe(25)
    expect([database.requests.length, database.responses.length]).toEqual([91, 101])
    expect([database.http.requests.length, database.http.responses.length]).toEqual([85, 20])
    expect(database.http.headerNames.length).toBe(52)
    expect(database.names.length).toBe(61)
    expect(database.http.uaOs.length).toBe(9)
    expect(new Set(database.requests.map(({ label }) => label.id)).size).toBe(45)
    expect(database.warnings.length).toBe(mode === "modern" ? 2 : 0)
    for (const { signature } of database.requests) expect(printSignature(signature)).toBeString()
  }
})

test.skipIf(!existsSync(P0F_FP))("prints every signature of p0f.fp as it stands there", () => {
  const text = readFileSync(P0F_FP, "utf8")
  const lines = text.split("\n")
  const { requests, responses } = loaded(text)
  let same = 0
  for (const { signature, line } of [...requests, ...responses]) {
    const written = lines[line - 1]!.replace(/^sig\s*=\s*/, "")
    if (printSignature(signature) === written) same++
    else expect(new Set(printSignature(signature).split(/[:,]/))).toEqual(new Set(written.split(/[:,]/)))
  }
  expect(same).toBeGreaterThan(180)
})
