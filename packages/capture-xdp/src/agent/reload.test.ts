/** Every key of the agent's configuration does on a reload what it says: takes effect, or is reported to wait for a restart. */
import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type CaptureFilter, loadConfig, Metrics, savedSyn, type ServiceConfig, watchConfig } from "@synprint/service"
import { ConfigSchema } from "@synprint/service/config"
import { keysThatSay, walkReloads } from "@synprint/service/testing"
import * as Effect from "effect/Effect"
import { xdp } from "../index.ts"
import { followFilter } from "./agent.ts"
import { agentProgram } from "./config.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-reload-"))
afterAll(() => rmSync(directory, { recursive: true }))

const LIVE = `
[capture]
ports = [443]
addresses = ["192.0.2.1"]
`

const RESTART = `
[capture]
backend = "xdp"
interface = "lo"
capacity = 1024
max_age = "5 seconds"
[capture.xdp]
hook = "cgroup"
cgroup = "/sys/fs/cgroup"
pin = "/sys/fs/bpf/other"
pin_mode = "0600"
pin_group = "adm"
attach = false
[admin]
listen = []
ready_needs_capture = true
[log]
level = "debug"
format = "json"
observations = "/tmp/observations"
observations_format = "p0f"
`

test("the filter is taken over, everything else is named in the log", async () => {
  const schema = new ConfigSchema([agentProgram], [savedSyn, xdp])
  const request = {
    schema,
    program: agentProgram,
    file: join(directory, "agent.toml"),
    environment: {},
    flags: []
  }
  const filters: Array<CaptureFilter> = []
  const { unread, named } = await walkReloads<ServiceConfig>({
    request,
    texts: ["", LIVE, RESTART],
    run: (track) =>
      Effect.gen(function* () {
        const load = Effect.map(loadConfig(request), track)
        const loaded = yield* watchConfig({
          request,
          first: yield* load,
          load,
          config: (value) => value,
          metrics: new Metrics("agent")
        })
        yield* followFilter(loaded, (filter) => Effect.sync(() => void filters.push(filter)))
      })
  })
  expect(unread).toEqual([])
  expect(filters).toEqual([
    { ports: [443], addresses: ["192.0.2.1"], key: "connection" },
    { ports: [], addresses: [], key: "connection" }
  ])
  expect(named).toEqual([[], keysThatSay(schema, agentProgram, "restart").toSorted()])
}, 30_000)
