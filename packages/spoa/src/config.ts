/**
 * The program `spoa` as its configuration sees it: `[spoa]` and `[p0f_api]` beside the shared tables.
 */
import { FIELDS, HINT_FIELDS } from "@synprint/core"
import {
  type ConfigOf,
  type Decoded,
  duration,
  fileMode,
  flag,
  integer,
  isLocal,
  key,
  list,
  listenAddresses,
  networks,
  nonEmpty,
  oneOf,
  optionalTable,
  packetFeedProblems,
  printListenAddress,
  type Problem,
  problemAt,
  type Program,
  subTable,
  table,
  text
} from "@synprint/service/config"

const NAMES = FIELDS.map((field) => field.name)
const DEFAULT_NAMES = FIELDS.filter((field) => field.isDefault).map((field) => field.name)
const OTHER_NAMES = NAMES.filter((name) => !DEFAULT_NAMES.includes(name) && !HINT_FIELDS.includes(name))

const SpoaTable = table({
  listen: key("listen", listenAddresses, ["127.0.0.1:9000"], {
    reload: "restart",
    text: 'TCP addresses and unix sockets: ["127.0.0.1:9000", "[::1]:9000", "unix:/run/synprint/spoa.sock"]'
  }),
  mode: key("mode", fileMode, "0660", { reload: "restart", text: "Mode of unix sockets." }),
  owner: key("owner", text, "", {
    reload: "restart",
    text: 'Owner of unix sockets, by name or number; "" = the process\'s own.'
  }),
  group: key("group", text, "", {
    reload: "restart",
    text: 'Group of unix sockets, by name or number; "" = the process\'s own.'
  }),
  variables: key("variables", list(oneOf(...NAMES)), DEFAULT_NAMES, {
    reload: "live",
    text: `Also known: ${OTHER_NAMES.join(" ")}, and the hints one by one, each as its score and reason: ${HINT_FIELDS.join(" ")}. The order is fixed; those that do not fit into an answer of 400 bytes are left out one by one.`
  }),
  answers: key("answers", integer(1, 1 << 22), 65536, {
    reload: "restart",
    text: "Connections whose answer is kept for when HAProxy asks again."
  }),
  maxFrameSize: key("max_frame_size", integer(256, 65532), 16380, {
    reload: "restart",
    text: "The largest SPOP frame, in bytes; HAProxy offers tune.bufsize - 4, and the smaller of the two holds."
  }),
  pipelining: key("pipelining", flag, true, {
    reload: "restart",
    text: "true: HAProxy may send further frames on a connection before it has the answer to the last."
  }),
  allow: key("allow", networks, [], {
    reload: "restart",
    text: "Networks that may connect; needed when listen is not loopback."
  }),
  shutdownMs: key("shutdown", duration(0, 600_000), "5 seconds", {
    reload: "restart",
    text: "How long a stop waits for what is in flight."
  })
})

const P0fApiTable = table({
  socket: key("socket", nonEmpty("the path of a unix socket"), "/run/synprint/p0f.sock", {
    reload: "restart",
    text: "Path of the unix socket."
  }),
  mode: key("mode", fileMode, "0660", {
    reload: "restart",
    text: 'Mode, owner and group of the socket; "" = the process\'s own.'
  }),
  owner: key("owner", text, "", { reload: "restart" }),
  group: key("group", text, "", { reload: "restart" }),
  reply: key("reply", oneOf("p0f", "friendly"), "p0f", {
    reload: "restart",
    text: '"p0f": 232 bytes. "friendly": 236, with link_mtu and link_mss.'
  }),
  clients: key("clients", integer(1, 65535), 4096, { reload: "restart", text: "Clients at a time." })
})

const tables = {
  spoa: subTable("spoa", SpoaTable, "The SPOE agent."),
  p0fApi: optionalTable(
    "p0f_api",
    P0fApiTable,
    "The socket of p0f, for programs that ask it. Off unless this table is there; needs the pcap backend."
  )
}

export type SpoaConfig = Decoded<typeof SpoaTable.keys>
export type P0fApiConfig = Decoded<typeof P0fApiTable.keys>
export type Config = ConfigOf<typeof tables>

export const spoaProgram: Program<Config> = {
  name: "spoa",
  tables,
  ignores: [],
  refuses: {},
  adminPort: 9101,
  onlyBackend: undefined,
  matches: true,
  wantsPackets: ({ fingerprint, p0fApi }) => fingerprint.mode === "p0f" || p0fApi !== undefined,
  listeners: ({ spoa }) => [{ setting: "spoa.listen", addresses: spoa.listen }],
  check: (config, { backends }) => [
    ...(config.fingerprint.mode === "p0f"
      ? packetFeedProblems(config, backends, { key: "fingerprint.mode", what: 'mode = "p0f"' })
      : config.p0fApi !== undefined
        ? packetFeedProblems(config, backends, { key: "p0f_api", what: "the p0f socket" })
        : []),
    ...listenProblems(config),
    ...formatProblems(config)
  ],
  files: () => [],
  checkFiles: () => [],
  doctor: async (config) => (await import("./doctor/doctor.ts")).spoaChecks(config)
}

function listenProblems({ spoa, p0fApi }: Config): ReadonlyArray<Problem> {
  const problems: Array<Problem> = []
  if (spoa.listen.length === 0) problems.push(problemAt("spoa.listen", "must have one address at least"))
  const open = spoa.listen.find((address) => !isLocal(address))
  if (open !== undefined && spoa.allow.size === 0) {
    const hint = 'name the networks of HAProxy, such as ["10.0.0.0/8"]'
    problems.push(problemAt("spoa.allow", `${printListenAddress(open)} can be reached from outside: ${hint}`))
  }
  if (p0fApi && spoa.listen.some((address) => address.kind === "unix" && address.path === p0fApi.socket))
    problems.push(problemAt("p0f_api.socket", `${p0fApi.socket} is also in spoa.listen`))
  return problems
}

function formatProblems({ fingerprint, spoa, log, p0fApi }: Config): ReadonlyArray<Problem> {
  const problems: Array<Problem> = []
  const hint = spoa.variables.find((name) => name === "hints" || HINT_FIELDS.includes(name))
  if (fingerprint.mode === "p0f" && hint !== undefined)
    problems.push(problemAt("spoa.variables", `mode = "p0f" has no hints, p0f's own is bad_sw: remove ${hint}`))
  if (log.observationsFormat === "p0f" && log.observations !== "" && fingerprint.mode !== "p0f" && !p0fApi) {
    const message = 'p0f lines come from the packet feed: set fingerprint.mode = "p0f" or add [p0f_api]'
    problems.push(problemAt("log.observations_format", message))
  }
  return problems
}
