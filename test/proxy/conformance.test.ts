/**
 * HTTP/1.1 over raw sockets: every case against this proxy, where RFC 9112 decides, and for the record against nginx and HAProxy where
 * they are installed (SYNPRINT_TEST_RECORD=1 prints what they do).
 */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import {
  CHUNK_CASES,
  type FakeUpstream,
  openFakeUpstream,
  RawClient,
  readRequest,
  REQUEST_CASES
} from "@synprint/proxy/testing"
import { start as startProgram } from "../lib/process.ts"
import { makeDirectory, type ProxyProcess, startProxyProcess } from "./proxy-process.ts"

const directory = makeDirectory()
let upstream: FakeUpstream
let proxy: ProxyProcess
beforeAll(async () => {
  upstream = openFakeUpstream((side) => {
    // Answers whatever looks complete to a lenient server: what came through is judged, not this.
    const end = side.text.indexOf("\r\n\r\n")
    if (end >= 0 && side.answered === 0 && (readRequest(side.text) !== "incomplete" || side.text.includes("\n0\r\n"))) {
      side.answered++
      side.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
      side.socket.end()
    }
  })
  proxy = await startProxyProcess(
    `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = 1\n[[routes]]\nupstream = "${upstream.target}"\n`,
    directory.path
  )
})
afterAll(async () => {
  await proxy.stop()
  upstream.close()
  directory.remove()
})

const CASES: ReadonlyArray<readonly [section: string, text: string, outcome: string | number]> = [
  ...REQUEST_CASES,
  ...CHUNK_CASES.map(
    ([section, body, outcome]) =>
      [section, `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${body}`, outcome] as const
  )
]

/** What a proxy answers: a status, or "closed"; and whether anything of a refused request came through. */
async function ask(port: number, text: string): Promise<string> {
  const before = upstream.connections.length
  const client = await RawClient.connect(port)
  client.send(text)
  const isAnswered = (received: string, { hasEnded, isClosed }: RawClient) =>
    hasEnded || isClosed || /^HTTP\/1\.\d 200[^]*ok$|^HTTP\/1\.\d [45]\d\d[^]*\r\n\r\n/.test(received)
  const answer = await client.until(isAnswered, 700).catch(() => "silent")
  client.reset()
  const status = /^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1] ?? (answer === "" ? "closed" : answer)
  return `${status} ${upstream.connections.length - before}`
}

test.each(CASES)("RFC 9112 %s", async (_section, text, outcome) => {
  // Without their bodies some of the accepted heads are incomplete requests; the parser's own test has them.
  if (outcome === "ok" && readRequest(text) === "incomplete") return
  expect(await ask(proxy.ports[0]!, text)).toBe(outcome === "ok" ? "200 1" : `${outcome} 0`)
})

const isRecording = process.env["SYNPRINT_TEST_RECORD"] !== undefined

const record = (name: string, body: () => Promise<void>, timeoutMs: number): void => {
  if (isRecording) test(name, body, timeoutMs)
}

record(
  "for the record: nginx and HAProxy",
  async () => {
    const haproxy = `${directory.path}/h.cfg`
    writeFileSync(
      haproxy,
      `defaults\n mode http\n timeout connect 1s\n timeout client 2s\n timeout server 2s\nfrontend f\n bind 127.0.0.1:18791\n default_backend b\nbackend b\n server s 127.0.0.1:${upstream.port}\n`
    )
    const nginx = `${directory.path}/n.conf`
    writeFileSync(
      nginx,
      `daemon off; pid ${directory.path}/n.pid; error_log ${directory.path}/n.err;\nevents {}\nhttp { access_log off; client_header_timeout 1s; client_body_timeout 1s; ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${directory.path}/${kind};`).join(" ")}\nserver { listen 127.0.0.1:18792; location / { proxy_pass http://127.0.0.1:${upstream.port}; proxy_http_version 1.1; } } }\n`
    )
    const nginxBinary = process.env["SYNPRINT_TEST_NGINX"] ?? Bun.which("nginx")
    const peers: Array<readonly [string, number, ReadonlyArray<string>]> = [
      ["haproxy", 18_791, ["haproxy", "-f", haproxy]]
    ]
    if (nginxBinary !== null) peers.push(["nginx", 18_792, [nginxBinary, "-c", nginx]])
    for (const [name, port, words] of peers) {
      await using program = startProgram(words)
      await Bun.sleep(500)
      let same = 0
      for (const [section, text, outcome] of CASES) {
        if (outcome === "ok" && readRequest(text) === "incomplete") continue
        const told = await ask(port, text)
        const isRight =
          outcome === "ok"
            ? told === "200 1"
            : told.startsWith("4") || told.startsWith("5")
              ? told.endsWith(" 0")
              : false
        if (isRight) same++
        else console.log(`${name}  ${section}: ${told} instead of ${outcome}`)
      }
      console.log(`${name}: ${same} of ${CASES.length} as RFC 9112 has it (${program.pid})`)
    }
  },
  120_000
)
