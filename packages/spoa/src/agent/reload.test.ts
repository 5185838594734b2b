/** Every key of the agent's configuration does on a reload what it says: takes effect, or is reported to wait for a restart. */
import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { keysThatSay, walkReloads } from "@synprint/service/testing"
import * as Effect from "effect/Effect"
import { spoaProgram } from "../config.ts"
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

/** Every key that says `restart` has another value. */
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
  const request = { schema: spoaSchema, program: spoaProgram, file: FILE, environment: {}, flags: [] }
  const { unread, named } = await walkReloads({
    request,
    texts: [FIRST, LIVE, RESTART],
    run: (track) => {
      const load = Effect.map(loader(request), (loaded) => ({ ...loaded, config: track(loaded.config) }))
      return Effect.flatMap(load, (first) => runAgent(request, first, load))
    }
  })
  expect(unread).toEqual([])
  // [p0f_api] was not there before: its keys have nothing to differ from.
  const keys = keysThatSay(spoaSchema, spoaProgram, "restart")
  const expected = new Set(keys.map((key) => (key.startsWith("p0f_api.") ? "p0f_api" : key)))
  expect(named).toEqual([[], [...expected].toSorted()])
}, 30_000)
