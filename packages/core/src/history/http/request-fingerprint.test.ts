import { expect, test } from "bun:test"
import { ConnectionInfo } from "../../connection-info.ts"
import { readDatabases } from "../../tcp/database/reader.ts"
import { Matcher } from "../../tcp/matching/matcher.ts"
import { REQUEST } from "../../tcp/direction.ts"
import { Packet } from "../../packet/packet.ts"
import { rounds } from "../../testing/random.ts"
import { RequestFingerprint } from "./request-fingerprint.ts"

const TEXT = `
classes = win,unix
[tcp:request]
label = s:unix:Linux:new
sig = *:64:0:*:*,*:::0
[http:request]
ua_os = Linux,Windows,iOS=[iPad]
label = s:!:Firefox:10.x or newer
sys = Windows,@unix
sig = *:Host,User-Agent,Accept=[,*/*;q=],?Accept-Language,Accept-Encoding=[gzip, deflate],Connection=[keep-alive]:Accept-Charset,Keep-Alive:Firefox/
label = s:!:curl:
sys = @unix
sig = *:Host,User-Agent,Accept=[*/*]:Connection,Accept-Encoding,Accept-Language:curl/
`
const database = readDatabases([{ name: "test.fp", text: TEXT.trimStart() }], "modern")
const reported = () => {
  if (database.database === undefined) throw new Error(JSON.stringify(database.problems))
  return new RequestFingerprint(database.database)
}

/** Facts about a client whose SYN is that of Linux, or of nobody. */
function infoFor(isLinux = true): ConnectionInfo {
  const info = new ConnectionInfo()
  info.reset("ok")
  const packet = new Packet()
  packet.ver = 4
  packet.ttl = 60
  packet.layoutLength = isLinux ? 0 : 1
  packet.win = 1000
  info.fingerprint = new Matcher(database.database!, "modern", 16).fingerprintOf(packet, REQUEST, 0)
  expect(info.fingerprint.os).toBe(isLinux ? "Linux new" : undefined)
  return info
}

function read(info: ConnectionInfo, headers: string | undefined, agent?: string): ConnectionInfo {
  const bytes = Buffer.from(`xx${headers ?? ""}${agent ?? ""}yy`, "latin1")
  const headersLength = headers === undefined ? -1 : headers.length
  reported().read(bytes, 2 + (headers?.length ?? 0), agent === undefined ? -1 : agent.length, 2, headersLength, info)
  return info
}

const firefox = (agent: string) =>
  `host: a.example\r\nuser-agent: ${agent}\r\naccept: text/html,*/*;q=0.8\r\naccept-language: de,en;q=0.5\r\naccept-encoding: gzip, deflate, br\r\n\r\n`

const LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
const WINDOWS = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"

test("headers in lower case, as HAProxy sends them, give application, flavor and language", () => {
  const info = read(infoFor(), firefox(LINUX))
  expect(info).toMatchObject({ httpName: "Firefox", httpFlavor: "10.x or newer", language: "German", badSw: 0 })
})

test("headers as they are on the wire do too, with LF alone", () => {
  const text = firefox(LINUX).replaceAll(
    /(^|\n)([a-z-]+):/g,
    (_, start: string, name: string) => `${start}${name.toUpperCase()}:`
  )
  expect(read(infoFor(), text.replaceAll("\r", ""))).toMatchObject({ httpName: "Firefox", language: "German" })
})

test("a User-Agent of another system than the SYN shows: bad_sw 1; of an unknown SYN nothing is said", () => {
  expect(read(infoFor(), firefox(WINDOWS)).badSw).toBe(1)
  expect(read(infoFor(), undefined, WINDOWS).badSw).toBe(1)
  expect(read(infoFor(), undefined, LINUX).badSw).toBe(0)
  expect(read(infoFor(), "host: a\r\n\r\n", WINDOWS).badSw).toBe(1)
  expect(read(infoFor(false), firefox(WINDOWS)).badSw).toBe(0)
  const without = new ConnectionInfo()
  without.reset("not_captured")
  expect(read(without, firefox(WINDOWS))).toMatchObject({ badSw: 0, httpName: "Firefox" })
})

test("a program that is not what its headers look like: bad_sw 2", () => {
  expect(read(infoFor(), firefox("Mozilla/5.0 (X11; Linux) Chrome/130"))).toMatchObject({
    httpName: "Firefox",
    badSw: 2
  })
})

test("what the request does not tell stays as the history has it", () => {
  const info = infoFor()
  Object.assign(info, { httpName: "Opera", language: "French", badSw: 1 })
  expect(read(info, "x: y\r\n\r\n")).toMatchObject({ httpName: "Opera", language: "French", badSw: 1 })
  expect(read(info, "")).toMatchObject({ httpName: "Opera" })
})

test("heads of any size and form are read without error, and nothing of one request is seen in the next", () => {
  const one = reported()
  let state = 1
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % below
  }
  for (let round = 0; round < rounds(3000); round++) {
    const length = random(5) === 0 ? 12_000 : random(200)
    const bytes = Uint8Array.from({ length }, () => [10, 13, 58, 32, 65 + random(50), random(256)][random(6)]!)
    one.read(bytes, 0, random(length + 1) - 1, 0, length, infoFor())
  }
  const info = infoFor()
  const many = Buffer.from(Array.from({ length: 100 }, (_, index) => `x${index}: ${"y".repeat(100)}\r\n`).join(""))
  one.read(many, 0, -1, 0, many.length, info)
  expect(info.httpName).toBeUndefined()
  const bytes = Buffer.from(firefox(LINUX))
  one.read(bytes, 0, -1, 0, bytes.length, info)
  expect(info).toMatchObject({ httpName: "Firefox", badSw: 0 })
})

test("the language is the first two letters of Accept-Language, and a third letter is none", () => {
  for (const [value, language] of [
    ["de", "German"],
    ["de-AT,en;q=0.5", "German"],
    ["de,en", "German"],
    ["d", "French"],
    ["deu", "French"],
    ["deU", "French"],
    ["xx", "French"],
    ["", "French"],
    ["fr\r\naccept-language: zu", "Zulu"],
    ["zu\r\naccept-language:", "Zulu"]
  ] as const) {
    const answer = infoFor()
    // As the history has it.
    answer.language = "French"
    expect([value, read(answer, `accept-language: ${value}\r\n\r\n`).language]).toEqual([value, language])
  }
})

test("header lines: blanks before a value, lines without colon, an empty line, 32 lines at most", () => {
  const known = (headers: string): string | undefined => read(infoFor(), headers).httpName
  expect(known("host: a\r\nuser-agent: curl/8\r\naccept: */*\r\n\r\n")).toBe("curl")
  expect(known("host:a\nuser-agent:\t curl/8\naccept:*/*")).toBe("curl")
  expect(known("HOST: a\r\nUser-AGENT: curl/8\r\nACCEPT: */*\r\n\r\n")).toBe("curl")
  expect(known("no colon\r\nhost: a\r\nuser-agent: curl/8\r\naccept: */*\r\n\r\n")).toBe("curl")
  // A header that has no value has none to contain one.
  expect(known("host: a\r\nuser-agent: curl/8\r\naccept:\r\n\r\n")).toBeUndefined()
  expect(known("host: a\r\nuser-agent: curl/8\r\naccept: text/*\r\n\r\n")).toBeUndefined()
  // Behind the empty line nothing counts.
  expect(known("host: a\r\nuser-agent: curl/8\r\naccept: */*\r\n\r\naccept-encoding: x\r\n\r\n")).toBe("curl")
  expect(known("host: a\r\nuser-agent: curl/8\r\naccept: */*\r\naccept-encoding: x\r\n\r\n")).toBeUndefined()
  // Other names, however like.
  expect(known("host: a\r\nuser-agent: curl/8\r\naccept: */*\r\naccept-encodinh: x\r\n\r\n")).toBe("curl")
  const lines = (count: number): string => "x: y\r\n".repeat(count)
  expect(known(`host: a\r\nuser-agent: curl/8\r\n${lines(29)}accept: */*\r\n\r\n`)).toBe("curl")
  expect(known(`host: a\r\nuser-agent: curl/8\r\n${lines(30)}accept: */*\r\n\r\n`)).toBeUndefined()
})

test("of headers as long as 8,192 bytes the rest is cut off", () => {
  const front = "host: a\r\nuser-agent: curl/8\r\n"
  const accept = "accept: */*"
  const filled = (length: number): string =>
    `${front}x: ${"y".repeat(length - front.length - accept.length - 5)}\r\n${accept}`
  expect(filled(8192)).toHaveLength(8192)
  expect(read(infoFor(), filled(8192)).httpName).toBe("curl")
  expect(read(infoFor(), filled(8193)).httpName).toBeUndefined()
})

test("a User-Agent beside the headers counts where they have none, and 1,024 bytes of it", () => {
  const bad = (headers: string | undefined, agent: string): number => read(infoFor(), headers, agent).badSw
  expect(bad("host: a\r\n\r\n", WINDOWS)).toBe(1)
  expect(bad(`host: a\r\nuser-agent: ${LINUX}\r\n\r\n`, WINDOWS)).toBe(0)
  expect(bad("host: a\r\nuser-agent:\r\n\r\n", WINDOWS)).toBe(1)
  expect(bad(undefined, "W")).toBe(0)
  expect(bad(undefined, `${"x".repeat(1024 - 7)}Windows`)).toBe(1)
  expect(bad(undefined, `${"x".repeat(1024 - 6)}Windows`)).toBe(0)
  // 31 lines leave room for it, 32 don't.
  expect(bad("x: y\r\n".repeat(31), WINDOWS)).toBe(1)
  expect(bad("x: y\r\n".repeat(32), WINDOWS)).toBe(0)
  // It belongs to the signature of the headers too.
  expect(read(infoFor(), "host: a\r\naccept: */*\r\n\r\n", "curl/8").httpName).toBeUndefined()
})

test("another system than that of the SYN: the first of ua_os that the User-Agent names", () => {
  const bad = (agent: string, before: 0 | 1 | 2 = 0): number => {
    const answer = infoFor()
    answer.badSw = before
    return read(answer, `host: a\r\nuser-agent: ${agent}\r\n\r\n`).badSw
  }
  expect(bad("Linux")).toBe(0)
  expect(bad("Windows")).toBe(1)
  expect(bad("iPad")).toBe(1)
  expect(bad("Windows Linux")).toBe(0)
  expect(bad("iPad Windows")).toBe(1)
  expect(bad("windows")).toBe(0)
  // A User-Agent that names no system leaves the judgement of the history.
  expect(bad("curl/8", 2)).toBe(2)
  expect(bad("Linux", 2)).toBe(0)
})
