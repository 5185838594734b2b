/** Every key of the agent's configuration does on a reload what it says: takes effect, or is reported to wait for a restart. */
import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { keysThatSay, type TrackedConfig, trackConfig } from "@synprint/service/testing"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { type Config, spoaProgram } from "../config.ts"
import { spoaSchema } from "../testing/config.ts"
import { loader, runAgent } from "./program.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-reload-"))
afterAll(() => rmSync(directory, { recursive: true }))

const FILE = join(directory, "spoa.toml")
const P0F_FP = join(directory, "p0f.fp")
writeFileSync(P0F_FP, "classes = win,unix,other\n")
const NETWORKS = join(directory, "networks")
writeFileSync(NETWORKS, "192.0.2.0/24\n")

const FIRST = `
[capture]
backend = "saved-syn"
[spoa]
listen = "unix:${directory}/spoa.sock"
[admin]
listen = []
`

/** Every key that says `live` has another value. */
const LIVE = `${FIRST.replace("[spoa]", '[spoa]\nvariables = ["status", "hints"]')}
[fingerprint]
databases = ["builtin", "${P0F_FP}"]
[hints]
min_score = 0.5
relay_files = "${NETWORKS}"
`

/** Every key that says \`restart\` has another value. */
const RESTART = `
[capture]
backend = ["saved-syn", "pcap"]
interface = "lo"
capacity = 1024
max_age = "5 seconds"
[capture.pcap]
snaplen = 512
buffer = "32 MiB"
promiscuous = true
[capture.xdp]
hook = "cgroup"
cgroup = "/sys/fs/cgroup"
pin = "/sys/fs/bpf/other"
pin_mode = "0600"
pin_group = "adm"
attach = false
[fingerprint]
databases = "${P0F_FP}"
mode = "p0f"
tcp_enabled = true
[history]
hosts = 1000
idle = "1 minute"
sharing_window = "2 minutes"
flows = 10
flow_idle = "1 minute"
[spoa]
listen = "unix:${directory}/other.sock"
mode = "0600"
owner = "root"
group = "adm"
answers = 1000
max_frame_size = 4096
pipelining = false
allow = "10.0.0.0/8"
shutdown = "1 second"
[p0f_api]
[admin]
listen = "unix:${directory}/admin.sock"
ready_needs_capture = true
[log]
level = "debug"
format = "json"
observations = "${directory}/observations"
observations_format = "p0f"
`

test("what is live is read from the new configuration, what is not is named in the log", async () => {
  writeFileSync(FILE, FIRST)
  const request = { schema: spoaSchema, program: spoaProgram, file: FILE, environment: {}, flags: [] }
  let newest: TrackedConfig<Config> | undefined
  const load = Effect.map(loader(request), (loaded) => {
    newest = trackConfig(spoaSchema, spoaProgram, loaded.config)
    return { ...loaded, config: newest.config }
  })
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push([message].flat().join(" ")))
  const until = async (isDone: () => boolean, what: string): Promise<void> => {
    for (const deadline = performance.now() + 10_000; !isDone(); await Bun.sleep(5))
      if (performance.now() > deadline) throw new Error(`${what}: ${lines.join("\n")}`)
  }
  const unread = () => keysThatSay(spoaSchema, spoaProgram, "live").filter((key) => !newest!.reads.has(key))
  const restarts = () => lines.flatMap((line) => /^(\S+) changed: it takes a restart$/.exec(line)?.[1] ?? [])

  await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        yield* runAgent(request, yield* load, load)
        const first = newest
        writeFileSync(FILE, LIVE)
        yield* Effect.promise(() => until(() => newest !== first && lines.includes("reloaded"), "it is reloaded"))
        yield* Effect.promise(() => until(() => unread().length === 0, `never read: ${unread().join(" ")}`))
        expect(restarts()).toEqual([])

        writeFileSync(FILE, RESTART)
        // [p0f_api] is there or not: its keys are named when it is there before and after.
        const keys = keysThatSay(spoaSchema, spoaProgram, "restart")
        const named = new Set(keys.map((key) => (key.startsWith("p0f_api.") ? "p0f_api" : key)))
        yield* Effect.promise(() => until(() => restarts().length >= named.size, "keys are named"))
        expect(restarts().toSorted()).toEqual([...named].toSorted())
      })
    ).pipe(Effect.provide(Logger.layer([logger])))
  )
}, 30_000)
