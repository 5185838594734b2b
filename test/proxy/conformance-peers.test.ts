/**
 * Debian's nginx and HAProxy on the conformance cases: conformance-peers.tsv notes what they do, with their versions.
 * SYNPRINT_TEST_PEERS=1 asks them again (of other versions the differences are printed), SYNPRINT_TEST_RECORD=1 writes the file anew.
 */
import { afterAll, expect } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { start, type Program } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { openConformance } from "./conformance.ts"
import { makeDirectory } from "./proxy-process.ts"

const FILE = `${import.meta.dir}/conformance-peers.tsv`
const isAsked = process.env["SYNPRINT_TEST_PEERS"] !== undefined
const isRecording = process.env["SYNPRINT_TEST_RECORD"] !== undefined
const NGINX = process.env["SYNPRINT_TEST_NGINX"] ?? "nginx"
/** Some are silent in some cases. */
const PATIENCE_MS = 700
const directory = makeDirectory()
const { upstream, cases } = openConformance(PATIENCE_MS)
afterAll(() => {
  upstream.close()
  directory.remove()
})

/** One that was free a moment ago. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

function startNginx(port: number): Program {
  const { path } = directory
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${path}/${kind};`
  )
  writeFileSync(
    `${path}/n.conf`,
    `daemon off; pid ${path}/n.pid; error_log ${path}/n.err;\nevents {}\nhttp { access_log off; client_header_timeout 1s; client_body_timeout 1s; ${places.join(" ")}\nserver { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${upstream.port}; proxy_http_version 1.1; } } }\n`
  )
  return start([NGINX, "-c", `${path}/n.conf`])
}

function startHaproxy(port: number): Program {
  writeFileSync(
    `${directory.path}/h.cfg`,
    `defaults\n mode http\n timeout connect 1s\n timeout client 2s\n timeout server 2s\nfrontend f\n bind 127.0.0.1:${port}\n default_backend b\nbackend b\n server s 127.0.0.1:${upstream.port}\n`
  )
  return start(["haproxy", "-f", `${directory.path}/h.cfg`])
}

const versionOf = (...words: ReadonlyArray<string>): string => {
  const { stdout, stderr } = Bun.spawnSync([...words])
  return /\d+\.\d+\.\d+/.exec(`${stdout.toString()}${stderr.toString()}`)?.[0] ?? "unknown"
}

const PEERS = [
  { name: "nginx", binary: NGINX, open: startNginx, version: () => versionOf(NGINX, "-v") },
  { name: "haproxy", binary: "haproxy", open: startHaproxy, version: () => versionOf("haproxy", "-v") }
]

interface Noted {
  readonly versions: Map<string, string>
  /** Peer, tab, section -> what it does. */
  readonly answers: Map<string, string>
}

/** First line: section, wanted, peers with their versions. */
function readNoted(): Noted {
  const [head = "", ...lines] = readFileSync(FILE, "utf8").trimEnd().split("\n")
  const columns = head.split("\t").slice(2)
  const versions = new Map(columns.map((column) => column.split(" ") as [string, string]))
  const answers = new Map<string, string>()
  for (const line of lines) {
    const [section = "", , ...observed] = line.split("\t")
    for (const [n, name] of [...versions.keys()].entries()) answers.set(`${name}\t${section}`, observed[n] ?? "")
  }
  return { versions, answers }
}

const observed = new Map<string, string>()
for (const { name, binary, open, version } of PEERS)
  testWith(
    isAsked || isRecording ? [requires.binaries(binary)] : [{ missing: "SYNPRINT_TEST_PEERS", isOptional: true }],
    `${name} does what is noted of it`,
    async () => {
      const port = freePort()
      await using _program = open(port)
      const deadline = performance.now() + 5000
      for (;;) {
        const isOpen = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).then(
          (socket) => socket.end() === undefined,
          () => false
        )
        if (isOpen || performance.now() > deadline) break
        await Bun.sleep(20)
      }
      for (const { section, run } of cases) observed.set(`${name}\t${section}`, await run(port))
      if (isRecording) return
      const noted = readNoted()
      const differs = cases.flatMap(({ section }) => {
        const [now, before] = [observed.get(`${name}\t${section}`), noted.answers.get(`${name}\t${section}`)]
        return now === before ? [] : [`${section}: ${now} instead of ${before}`]
      })
      if (noted.versions.get(name) === version()) expect(differs).toEqual([])
      else for (const line of differs) console.log(`${name} ${version()}  ${line}`)
    },
    120_000
  )

if (isRecording)
  afterAll(() => {
    const lines = cases.map(({ section, wanted }) =>
      [section, wanted, ...PEERS.map(({ name }) => observed.get(`${name}\t${section}`) ?? "")].join("\t")
    )
    const head = ["section", "wanted", ...PEERS.map(({ name, version }) => `${name} ${version()}`)].join("\t")
    writeFileSync(FILE, `${[head, ...lines].join("\n")}\n`)
  })
