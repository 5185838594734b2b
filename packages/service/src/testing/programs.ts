/**
 * A small program and two small backends, for tests of the configuration that need no particular ones.
 */
import type { BackendModule } from "../capture/backend.ts"
import { savedSyn } from "../capture/saved-syn.ts"
import { type ConfigOf, ConfigSchema, type Program } from "../config/schema.ts"
import { key, subTable, table } from "../config/table.ts"
import { flag, integer, listenAddresses, networks } from "../config/value.ts"
import { makeFakeBackend, makeFakeModule } from "./fake-backend.ts"

const PlainTable = table({
  listen: key("listen", listenAddresses, ["127.0.0.1:7000"], { reload: "restart" }),
  size: key("size", integer(1, 100), 10, { reload: "live" }),
  allow: key("allow", networks, [], { reload: "live" })
})

const tables = { plain: subTable("plain", PlainTable) }

export type PlainConfig = ConfigOf<typeof tables>

export const plainProgram: Program<PlainConfig> = {
  name: "plain",
  tables,
  ignores: [],
  refuses: {},
  adminPort: 7100,
  onlyBackend: undefined,
  matches: true,
  wantsPackets: () => false,
  listeners: ({ plain }) => [{ setting: "plain.listen", addresses: plain.listen }],
  check: () => [],
  files: () => [],
  checkFiles: () => [],
  doctor: async () => []
}

/** Another program: its table is [other], and it looks into no history. */
export const otherProgram: Program = {
  ...plainProgram,
  name: "other",
  tables: { other: subTable("other", table({ size: key("size", integer(1, 100), 10, { reload: "live" }) })) },
  ignores: ["history"],
  refuses: { plain: "the other program can't be plain" },
  adminPort: 7200,
  onlyBackend: "pins",
  matches: false,
  listeners: () => []
}

export const tap = makeFakeModule("tap", () => makeFakeBackend("tap"), {
  autoRank: 30,
  deliversPackets: true,
  config: table({ ring: key("ring", integer(1, 100), 10, { reload: "restart" }) }),
  statNames: { syns: "lookups" }
})

export const pins: BackendModule = makeFakeModule("pins", () => makeFakeBackend("pins"), {
  autoRank: 20,
  config: table({
    attach: key("attach", flag, true, { reload: "restart" }),
    deep: key("deep", flag, false, { reload: "restart" })
  }),
  check: ({ attach, deep }) => (deep && !attach ? [{ key: "deep", message: "needs attach" }] : []),
  huginnVariables: { HUGINN_EBPF_INTERFACE: "capture.interface", HUGINN_EBPF_DST_PORT: "capture.ports" }
})

export const plainSchema = new ConfigSchema([plainProgram, otherProgram], [savedSyn, tap, pins])
