/**
 * Cost of hints per request, beside reading and writing its head in the same run: ns of CPU time, the least of 7 rounds.
 *
 *     same      keep-alive: the User-Agent of the request before
 *     changing  two clients in turn behind one connection
 *     lying     the same, and each is a mismatch
 */
import { ConnectionInfo, BUILTIN_DATABASE, Matcher, readDatabases } from "@synprint/core"
import { signaturePacket } from "@synprint/core/testing"
import { HintLines } from "../src/fingerprint-headers/hint-lines.ts"
import { NameSet } from "../src/http1/field-kind.ts"
import { bytesOf } from "../src/http1/byte-classes.ts"
import { HeaderLines } from "../src/http1/header-lines.ts"
import { RequestHead } from "../src/http1/request-head.ts"
import { HEAD_EXTRA, type ForwardedContext, RequestWriter } from "../src/http1/request-writer.ts"
import { RequestHints } from "../src/fingerprint-headers/request-hints.ts"
import { settingsOf } from "../src/testing/index.ts"

const ROUNDS = 7
const REQUESTS = 100_000
const NOTHING = bytesOf("")
/** Maximum ratio to the cost of the head; a whole request costs twenty times as much. */
const BUDGET = 1.5

const request = (platform: string): Uint8Array =>
  bytesOf(
    [
      "GET /articles/2026/11/a-page HTTP/1.1",
      "Host: example.org",
      "Connection: keep-alive",
      'sec-ch-ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
      "sec-ch-ua-mobile: ?0",
      'sec-ch-ua-platform: "Linux"',
      `User-Agent: Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36`,
      "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
      "Sec-Fetch-Site: none",
      "Sec-Fetch-Mode: navigate",
      "Accept-Encoding: gzip, deflate, br",
      "Accept-Language: en-US,en;q=0.9",
      "Cookie: session=0123456789abcdef0123456789abcdef",
      "",
      ""
    ].join("\r\n")
  )

const { database } = readDatabases([{ name: "builtin", text: BUILTIN_DATABASE }], "modern")
const matcher = new Matcher(database!, "modern", 16)
const answer = new ConnectionInfo()
answer.reset("ok")
answer.fingerprint = matcher.fingerprintOf(signaturePacket("4:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"), 0, 0)
const { headers, hints } = settingsOf('[[routes]]\nupstream = "http://127.0.0.1:1"\n')
const lines = new HintLines(headers, hints)
const connection = lines.hinter.connection(answer, 0, new Uint8Array(16), 0)

const head = new RequestHead()
const writer = new RequestWriter(new NameSet([]), "x-tcp-spoofed")
const rewrite = {
  prefixLength: 0,
  replacement: NOTHING,
  host: undefined,
  removed: new NameSet([]),
  added: NOTHING,
  forcesNew: false
}
const out = new Uint8Array(HEAD_EXTRA * 4)
const requestHints = new RequestHints()
const context: ForwardedContext = {
  facts: {
    forwarded: bytesOf("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Port: 80\r\nX-Forwarded-Proto: http\r\n"),
    address: bytesOf("192.0.2.1"),
    scheme: bytesOf("http"),
    port: bytesOf("80"),
    isTrusted: false,
    fingerprintHeaders: bytesOf("x-tcp-status: ok\r\nx-tcp-os: Linux 4.20 or newer\r\n"),
    connectionHeaders: new HeaderLines()
  },
  hintHeaders: (spoofed) => requestHints.block(spoofed)
}

/** Nanoseconds of CPU time per request. */
function measure(requests: ReadonlyArray<Uint8Array>, withHints: boolean): number {
  const run = (count: number): void => {
    for (let n = 0; n < count; n++) {
      const bytes = requests[n % requests.length]!
      head.parse(bytes, 0, bytes.length, 128)
      if (withHints) requestHints.read(head.fields, bytes, connection, lines)
      writer.write(head, bytes, context, rewrite, NOTHING, out)
    }
  }
  run(REQUESTS)
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    run(REQUESTS)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, ((user + system) * 1000) / REQUESTS)
  }
  return least
}

const honest = request("X11; Linux x86_64")
const liar = request("Windows NT 10.0; Win64; x64")
const without = measure([honest], false)
const print = (name: string, nanoseconds: number): void =>
  console.log(`${name.padEnd(9)} ${nanoseconds.toFixed(0).padStart(5)} ns, ${(nanoseconds / without).toFixed(2)} of it`)
print("head", without)
const same = measure([honest], true)
print("same", same)
print("changing", measure([honest, request("X11; Ubuntu; Linux x86_64")], true))
print("lying", measure([liar, request("Macintosh; Intel Mac OS X 10_15_7")], true))
if (process.argv.includes("--check") && same > BUDGET * without) {
  console.error(`hints: a request with the User-Agent of the one before costs more than ${BUDGET} of its head`)
  process.exitCode = 1
}
