import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { PrefixSet } from "@synprint/core"
import { configTexts } from "../testing/config-texts.ts"
import { otherProgram, plainProgram, plainSchema } from "../testing/programs.ts"
import { captureOptions } from "./capture.ts"
import { packetFeedProblems } from "./cross-check.ts"
import { historyLimits } from "./fingerprint.ts"
import { checkConfig } from "./load.ts"
import { ConfigInvalid, printProblem } from "./problem.ts"
import { needsRestart } from "./restart.ts"
import { ConfigSchema, type Program, type ServiceConfig } from "./schema.ts"
import { finishedTable, key, optionalTable, table, tableList } from "./table.ts"
import { integer } from "./value.ts"
import { watchedFiles } from "../lifecycle/reload.ts"

const { good, bad } = configTexts(plainSchema, plainProgram)
const other = configTexts(plainSchema, otherProgram)

test("no file: every key has its default", () => {
  const config = good("")
  expect(config.capture).toEqual({
    backend: "auto",
    interfaces: [],
    ports: [],
    addresses: [],
    key: "connection",
    capacity: 65536,
    maxAgeMs: 60_000,
    tap: { ring: 10 },
    pins: { attach: true, deep: false },
    enabled: true
  } as unknown as typeof config.capture)
  expect(config.fingerprint).toEqual({ databases: ["builtin"], mode: "modern", tcpEnabled: undefined })
  expect(config.history).toEqual({
    hosts: 65536,
    idleMs: 1_800_000,
    sharingMs: 3_600_000,
    flows: 1000,
    flowIdleMs: 30_000
  })
  expect(config.log).toEqual({ level: "info", format: "auto", observations: "", observationsFormat: "json" })
  expect(config.reload).toEqual({ watch: true })
  expect(config.plain).toMatchObject({ listen: [{ kind: "tcp", host: "127.0.0.1", port: 7000 }], size: 10 })
  expect(config.admin).toEqual({ listen: [{ kind: "tcp", host: "127.0.0.1", port: 7100 }], readyNeedsCapture: false })
  expect(other.good("").admin.listen).toEqual([{ kind: "tcp", host: "127.0.0.1", port: 7200 }])
})

test("every kind of value is read", () => {
  const config = good(`
    [capture]
    backend = ["saved-syn", "tap"]
    interface = ["eth0", "eth1"]
    ports = [443, 8443]
    addresses = ["192.0.2.1", "2001:DB8::1", "::ffff:198.51.100.7"]
    capacity = 1024
    max_age = "1.5 minutes"
    tap = { ring = 20 }
    [capture.pins]
    attach = false
    [plain]
    listen = ["[::1]:9000", "unix:/run/plain.sock"]
    allow = "10.0.0.0/8"
    [admin]
    listen = []
  `)
  expect(config.capture).toMatchObject({
    backend: ["saved-syn", "tap"],
    interfaces: ["eth0", "eth1"],
    ports: [443, 8443],
    addresses: ["192.0.2.1", "2001:db8::1", "198.51.100.7"],
    capacity: 1024,
    maxAgeMs: 90_000
  })
  expect(captureOptions(config.capture, true).backends).toMatchObject({ tap: { ring: 20 }, pins: { attach: false } })
  expect(config.plain.listen).toEqual([
    { kind: "tcp", host: "::1", port: 9000 },
    { kind: "unix", path: "/run/plain.sock" }
  ])
  expect(config.plain.allow.print()).toEqual(["10.0.0.0/8"])
  expect(config.admin.listen).toEqual([])
})

test("one value stands for a list of one", () => {
  const config = good('[capture]\nbackend = "tap"\ninterface = "eth0"\nports = 80')
  expect(config.capture).toMatchObject({ backend: ["tap"], interfaces: ["eth0"], ports: [80] })
})

test("0.0.0.0 and :: mean all addresses", () => {
  for (const any of ["0.0.0.0", "::"]) {
    const { capture } = good(`[capture]\naddresses = ["${any}", "192.0.2.1"]`)
    expect(captureOptions(capture, false).filter.addresses).toEqual([])
  }
})

test("unknown keys at every level, with line and the nearest name", () => {
  expect(bad("[captur]\n")).toEqual(["c.toml:1: captur: unknown table: did you mean capture?"])
  expect(bad("[capture]\nbackand = 1")).toEqual(["c.toml:2: capture.backand: unknown key: did you mean backend?"])
  expect(bad("[capture.tap]\n\nrin = 1")).toEqual(["c.toml:3: capture.tap.rin: unknown key: did you mean ring?"])
  expect(bad("capture = { tap = { rin = 1 } }")).toEqual(["c.toml:1: capture.tap.rin: unknown key: did you mean ring?"])
  expect(bad("zzzzzzzzzzzzzz = 1")[0]).toStartWith("c.toml:1: zzzzzzzzzzzzzz: unknown key (known: capture, ")
})

test("tables of another program are ignored, whatever they hold; those that a program refuses are not", () => {
  expect(bad("[other]\nnonsense = 1")).toEqual([])
  expect(bad("other = 5")).toEqual([])
  expect(other.bad("[history]\nnonsense = 1")).toEqual([])
  expect(bad("[history]\nnonsense = 1")).toHaveLength(1)
  expect(other.bad("[other]\n\n[plain]\nnonsense = 1")).toEqual(["c.toml:3: plain: the other program can't be plain"])
  expect(bad("[othr]\n")).toHaveLength(1)
})

test("wrong types", () => {
  expect(bad("capture = 5")).toEqual(["c.toml:1: capture: expected a table [capture]"])
  expect(bad('[capture]\ncapacity = "many"')).toEqual([
    'c.toml:2: capture.capacity: expected a whole number from 1 to 16777216, got "many"'
  ])
  expect(bad('[capture]\nports = [80, "http", 70000]')).toEqual([
    'c.toml:2: capture.ports[1]: expected a port number from 1 to 65535, got "http"',
    "c.toml:2: capture.ports[2]: expected a port number from 1 to 65535, got 70000"
  ])
  expect(bad("[capture]\nports = [0]")).toEqual([
    "c.toml:2: capture.ports[0]: expected a port number from 1 to 65535, got 0"
  ])
  expect(bad('[reload]\nwatch = "yes"')).toEqual(['c.toml:2: reload.watch: expected true or false, got "yes"'])
  expect(bad("[fingerprint]\ndatabases = 7")).toEqual([
    'c.toml:2: fingerprint.databases: expected "builtin" or the path of a p0f.fp file, got 7'
  ])
})

test("bad durations, addresses, networks, names", () => {
  expect(bad("[capture]\nmax_age = 60")).toEqual([
    'c.toml:2: capture.max_age: expected a duration such as "60 seconds" or "30 minutes", got 60'
  ])
  expect(bad('[capture]\nmax_age = "60 parsecs"')[0]).toContain('got "60 parsecs"')
  expect(bad('[capture]\nmax_age = "2 hours"')[0]).toContain("a duration from 100 ms to 1 hour")
  expect(bad('[plain]\nlisten = ["localhost"]')[0]).toStartWith(
    'c.toml:2: plain.listen[0]: expected "host:port", "[v6]:port" or "unix:PATH"'
  )
  expect(bad('[plain]\nlisten = "::1:9000"')[0]).toContain("plain.listen: expected")
  expect(bad('[plain]\nlisten = "2001:db8::1"')[0]).toContain("write [2001:db8::1]:PORT")
  expect(bad('[plain]\nlisten = "127.0.0.1:99999"')[0]).toContain("port 99999 is above 65535")
  expect(bad(`[plain]\nlisten = "unix:/${"a".repeat(120)}"`)[0]).toContain("107 bytes")
  expect(bad('[capture]\naddresses = ["10.0.0.300"]')[0]).toContain("expected an IPv4 or IPv6 address")
  expect(bad('[plain]\nallow = ["10.0.0.0/33", "10.0.0.1/8", 7]')).toEqual([
    expect.stringContaining('c.toml:2: plain.allow[0]: "10.0.0.0/33": the prefix length must be'),
    expect.stringContaining('plain.allow[1]: "10.0.0.1/8": address bits are set beyond the prefix (write 10.0.0.0/8'),
    expect.stringContaining("plain.allow[2]: expected a network such as")
  ])
  expect(bad('[capture]\nbackend = "tep"')).toEqual([
    'c.toml:2: capture.backend: expected auto | saved-syn | tap | pins, or a list such as ["saved-syn", "xdp"], got "tep": did you mean "tap"?'
  ])
  expect(bad('[log]\nlevel = "warning"')[0]).toEndWith('did you mean "warn"?')
})

test("the same thing twice", () => {
  expect(bad("[capture]\nports = [80, 443, 80]")).toEqual(["c.toml:2: capture.ports: 80 is given twice"])
  expect(bad('[capture]\nbackend = ["tap", "tap"]')).toEqual(["c.toml:2: capture.backend: tap is given twice"])
  expect(bad('[plain]\nlisten = ["localhost:9000", "127.0.0.1:9000"]')).toEqual([
    "c.toml:2: plain.listen: 127.0.0.1:9000 is given twice"
  ])
  expect(bad('[plain]\nallow = ["10.0.0.0/8", "::ffff:10.0.0.0/104"]')).toEqual([
    "c.toml:2: plain.allow: 10.0.0.0/8 is given twice"
  ])
  expect(bad('[capture]\nkey = "client"\nkey = "client"')).toEqual([
    "c.toml:3: Cannot redefine existing key 'key' at column 15"
  ])
})

test("a syntax error names its line", () => {
  expect(bad("[capture]\nkey = \n")).toEqual(["c.toml:2: Expected a value at column 7"])
  expect(bad("[capture\n")[0]).toStartWith("c.toml:1: ")
})

test("all problems at once: unknown, type, value, environment, combination", () => {
  const problems = bad(
    '[capture]\nmax_age = 5\nnope = 1\n[fingerprint]\nmode = "p0f"\ndatabases = "builtin"\n[history]\nhosts = 0\n[log]\nformat = "xml"',
    { environment: { SYNPRINT_CAPTURE_MAXAGE: "1 second" } }
  )
  expect(problems).toEqual([
    'c.toml:2: capture.max_age: expected a duration such as "60 seconds" or "30 minutes", got 5',
    "c.toml:3: capture.nope: unknown key (known: backend, interface, ports, addresses, key, capacity, max_age, tap, pins)",
    expect.stringContaining('c.toml:6: fingerprint.databases: mode = "p0f"'),
    "c.toml:8: history.hosts: expected a whole number from 1 to 16777216, got 0",
    'c.toml:10: log.format: expected "auto" | "pretty" | "json" | "logfmt", got "xml"',
    "SYNPRINT_CAPTURE_MAXAGE: no setting has this name: did you mean SYNPRINT_CAPTURE_MAX_AGE?"
  ])
})

test("environment: scalars, lists, nested tables, names of other programs", () => {
  const config = good('[capture]\nmax_age = "10 seconds"', {
    environment: {
      SYNPRINT_CAPTURE_MAX_AGE: "20 seconds",
      SYNPRINT_CAPTURE_PORTS: "80, 443",
      SYNPRINT_CAPTURE_INTERFACE: "eth0,eth1",
      SYNPRINT_CAPTURE_BACKEND: "saved-syn,tap",
      SYNPRINT_CAPTURE_TAP_RING: "30",
      SYNPRINT_CAPTURE_PINS_DEEP: "true",
      SYNPRINT_RELOAD_WATCH: "0",
      SYNPRINT_PLAIN_ALLOW: "",
      SYNPRINT_OTHER_SIZE: "not for this program",
      SYNPRINT_TEST_ANYTHING: "x",
      SYNPRINT_CONFIG: "c.toml",
      HOME: "/root"
    }
  })
  expect(config.capture).toMatchObject({
    maxAgeMs: 20_000,
    ports: [80, 443],
    interfaces: ["eth0", "eth1"],
    backend: ["saved-syn", "tap"]
  })
  expect(captureOptions(config.capture, false).backends).toMatchObject({ tap: { ring: 30 }, pins: { deep: true } })
  expect(config.reload.watch).toBe(false)
  expect(config.plain.allow.size).toBe(0)
})

test("environment: a bad value and an unknown name say the variable", () => {
  expect(
    bad("", { environment: { SYNPRINT_CAPTURE_CAPACITY: "lots", SYNPRINT_CAPTURE_PORTS: "80,x" } }).toSorted()
  ).toEqual([
    'SYNPRINT_CAPTURE_CAPACITY: capture.capacity: expected a whole number from 1 to 16777216, got "lots"',
    'SYNPRINT_CAPTURE_PORTS: capture.ports[1]: expected a port number from 1 to 65535, got "x"'
  ])
  expect(bad("", { environment: { SYNPRINT_PLAIN_LISTN: "x" } })).toEqual([
    "SYNPRINT_PLAIN_LISTN: no setting has this name: did you mean SYNPRINT_PLAIN_LISTEN?"
  ])
})

test("flag > environment > file > default", () => {
  const flags = [{ path: "capture.max_age", text: "4 seconds", source: "--set" }]
  const environment = { SYNPRINT_CAPTURE_MAX_AGE: "3 seconds" }
  const text = '[capture]\nmax_age = "2 seconds"'
  expect(good("").capture.maxAgeMs).toBe(60_000)
  expect(good(text).capture.maxAgeMs).toBe(2000)
  expect(good(text, { environment }).capture.maxAgeMs).toBe(3000)
  expect(good(text, { environment, flags }).capture.maxAgeMs).toBe(4000)
  expect(bad("", { flags: [{ path: "capture.maxage", text: "1", source: "--set" }] })).toEqual([
    "--set: capture.maxage: no setting has this name: did you mean capture.max_age?"
  ])
  expect(bad(text, { flags: [{ path: "capture.max_age", text: "soon", source: "--set" }] })[0]).toStartWith(
    "--set: capture.max_age: expected a duration"
  )
})

const huginn = { HUGINN_EBPF_INTERFACE: "eth0", HUGINN_EBPF_DST_PORT: "8080" }

test("huginn-proxy's variables and tcp_enabled", () => {
  const config = good("[fingerprint]\ntcp_enabled = true", { environment: huginn })
  expect(config.capture).toMatchObject({ enabled: true, backend: ["pins"], interfaces: ["eth0"], ports: [8080] })
  const named = good('[fingerprint]\ntcp_enabled = true\n[capture]\nbackend = "tap"', { environment: huginn })
  expect(named.capture).toMatchObject({ backend: ["tap"], interfaces: ["eth0"] })
  expect(good("[fingerprint]\ntcp_enabled = false").capture.enabled).toBe(false)
  expect(good('[fingerprint]\ntcp_enabled = true\n[capture]\nbackend = "tap"').capture.enabled).toBe(true)
  expect(good("", { environment: { ...huginn, SYNPRINT_CAPTURE_INTERFACE: "eth7" } }).capture.interfaces).toEqual([
    "eth7"
  ])
  // A program with one backend has nothing to choose.
  expect(other.good("[fingerprint]\ntcp_enabled = true").capture.backend).toBe("auto")
})

test("huginn-proxy's variables: each that is missing is named", () => {
  const enabled = "[fingerprint]\ntcp_enabled = true"
  for (const [given, missing] of [
    ["HUGINN_EBPF_INTERFACE", "HUGINN_EBPF_DST_PORT"],
    ["HUGINN_EBPF_DST_PORT", "HUGINN_EBPF_INTERFACE"]
  ] as const) {
    const problem = expect.stringMatching(new RegExp(`^c.toml:2: fingerprint.tcp_enabled: .*${missing}$`))
    expect(bad(enabled, { environment: { [given]: huginn[given] } })).toEqual([problem])
  }
  // Without any of them it says what is the case anyway.
  expect(good(enabled).capture).toMatchObject({ enabled: true, backend: "auto" })
})

test("mode p0f: p0f's own database unless another is named, never the built-in one", () => {
  expect(good('[fingerprint]\nmode = "p0f"').fingerprint.databases).toEqual(["/etc/p0f/p0f.fp"])
  expect(good('[fingerprint]\nmode = "p0f"\ndatabases = "my.fp"').fingerprint.databases).toEqual(["my.fp"])
  expect(bad('[fingerprint]\nmode = "p0f"\ndatabases = ["builtin"]')).toEqual([
    'c.toml:3: fingerprint.databases: mode = "p0f" can\'t read the built-in database: name a p0f.fp file alone'
  ])
  expect(other.bad('[fingerprint]\nmode = "p0f"\ndatabases = ["builtin"]')).toEqual([])
})

test("combinations that can't work", () => {
  expect(bad('[capture]\nkey = "client"\nports = [80]')[0]).toContain("capture.ports")
  expect(bad('[capture]\nkey = "client"\naddresses = ["192.0.2.1"]')[0]).toContain("capture.addresses")
  expect(bad("[capture.pins]\nattach = false\ndeep = true")).toEqual(["c.toml:3: capture.pins.deep: needs attach"])
  expect(other.bad('[capture]\nbackend = "tap"')).toEqual([
    'c.toml:2: capture.backend: the other runs the pins backend alone, capture.backend is ["tap"]'
  ])
  expect(bad('[plain]\nlisten = "127.0.0.1:7100"')).toEqual(["admin.listen: 127.0.0.1:7100 is also in plain.listen"])
})

test("a combination with a value that is wrong by itself is not reported", () => {
  expect(bad('[capture]\nkey = "client"\nports = ["x"]')).toEqual([
    'c.toml:3: capture.ports[0]: expected a port number from 1 to 65535, got "x"'
  ])
})

test("a configuration that came by a message is what it was", () => {
  const config = good('[plain]\nallow = "10.0.0.0/8"\n[hints.tunnel]\nexcept = "::1"')
  const revived = plainSchema.revive(plainProgram, structuredClone(config))
  expect(revived).toEqual(config)
  expect(revived.plain.allow).toBeInstanceOf(PrefixSet)
  expect(revived.plain.allow.containsAddress("10.1.2.3")).toBe(true)
  expect(revived.hints.tunnel.except.containsAddress("::1")).toBe(true)
  expect(revived.hints.tunnel.except.containsAddress("::2")).toBe(false)
})

test("keys that wait for a restart are named as the file spells them, and no others", () => {
  const restarts = (before: string, after: string) => needsRestart(plainSchema, plainProgram, good(before), good(after))
  expect(restarts("", "")).toEqual([])
  expect(restarts("", '[plain]\nsize = 20\nallow = "10.0.0.0/8"\n[hints]\nmin_score = 0.5')).toEqual([])
  expect(
    restarts(
      "",
      '[capture]\nmax_age = "5 seconds"\nports = [443]\n[capture.pins]\ndeep = true\n[plain]\nlisten = "127.0.0.1:7001"'
    )
  ).toEqual(["capture.max_age", "capture.pins.deep", "plain.listen"])
})

test("--check: databases are read for a program that compares with them", async () => {
  const request = {
    schema: plainSchema,
    file: undefined,
    environment: { SYNPRINT_FINGERPRINT_DATABASES: "/absent/p0f.fp" },
    flags: []
  }
  const said = async (program: typeof plainProgram | typeof otherProgram) => {
    const exit = await Effect.runPromiseExit(checkConfig({ ...request, program }))
    return Exit.isSuccess(exit) ? exit.value : String(exit.cause)
  }
  expect(await said(plainProgram)).toContain("/absent/p0f.fp: cannot read the database: ENOENT")
  expect(await said(otherProgram)).toBe("defaults: ok")
})

test("a problem says which part of a list it is in, and who set it", () => {
  const environment = { SYNPRINT_CAPTURE_PORTS: "1,x" }
  expect(bad("[capture]\nports = [1, 2]", { environment })).toEqual([
    'SYNPRINT_CAPTURE_PORTS: capture.ports[1]: expected a port number from 1 to 65535, got "x"'
  ])
  // A combination is told where one of its keys was given.
  expect(bad("[capture]\nports = 1\n\nkey = 'client'")[0]).toStartWith("c.toml:2: capture.ports: ")
  expect(bad("[capture]\nkey = 'client'", { environment: { SYNPRINT_CAPTURE_PORTS: "1" } })[0]).toStartWith(
    "SYNPRINT_CAPTURE_PORTS: capture.ports: "
  )
})

test("a combination that the program finds keeps the place that it names", () => {
  const { bad: said } = configTexts(plainSchema, {
    ...plainProgram,
    check: () => [
      { path: "plain.size", message: "in another file", source: "other.toml", line: 7 },
      { path: "plain.size", message: "somewhere", source: undefined, line: undefined },
      { path: "", message: "nowhere", source: undefined, line: undefined }
    ]
  })
  expect(said("[plain]\nsize = 5")).toEqual([
    "c.toml:2: plain.size: somewhere",
    "other.toml:7: plain.size: in another file",
    "nowhere"
  ])
})

test("tables and arrays of tables of the wrong kind", () => {
  const inner = table({ a: key("a", integer(1, 9), 1, { reload: "live" }) })
  const program: Program = {
    ...plainProgram,
    tables: {
      many: tableList("many", inner),
      perhaps: optionalTable("perhaps", inner),
      sum: finishedTable("sum", inner, ({ a }) => a + 1)
    },
    listeners: () => []
  }
  const texts = configTexts<ServiceConfig & Record<string, unknown>>(new ConfigSchema([program], []), program)
  expect(texts.good("")).toMatchObject({ many: [], perhaps: undefined, sum: 2 })
  expect(texts.good("[[many]]\n[[many]]\na = 2\n[perhaps]\n[sum]\na = 4")).toMatchObject({
    many: [{ a: 1 }, { a: 2 }],
    perhaps: { a: 1 },
    sum: 5
  })
  expect(texts.bad("many = 1")).toEqual(["c.toml:1: many: expected tables [[many]]"])
  expect(texts.bad("many = [1]")).toEqual(["c.toml:1: many: expected tables [[many]]"])
  expect(texts.bad("[many]\na = 1")).toEqual(["c.toml:1: many: expected tables [[many]]"])
  expect(texts.bad("perhaps = 1\nsum = 2020-01-01")).toEqual([
    "c.toml:1: perhaps: expected a table [perhaps]",
    "c.toml:2: sum: expected a table [sum]"
  ])
  expect(texts.bad("[[many]]\n[[many]]\na = 10")).toEqual([
    "c.toml:3: many[1].a: expected a whole number from 1 to 9, got 10"
  ])
  // No variable reaches into an array of tables.
  expect(texts.bad("", { environment: { SYNPRINT_MANY_A: "2" } })[0]).toStartWith("SYNPRINT_MANY_A: no setting has")
  expect(texts.bad("", { flags: [{ path: "many.a", text: "2", source: "--set" }] })[0]).toStartWith(
    "--set: many.a: no setting has"
  )
  const config = texts.good("[[many]]\na = 2\n[sum]\na = 4")
  expect(
    new ConfigSchema([program], []).revive(program, structuredClone({ ...config, hints: undefined as never }))
  ).toMatchObject({
    many: [{ a: 2 }]
  })
})

test("text of variables and flags: numbers, booleans in words and digits, lists of numbers or words", () => {
  const set = (path: string, text: string) => ({ flags: [{ path, text, source: "--set" }] })
  expect(good("", set("plain.size", " 17 ")).plain.size).toBe(17)
  expect(bad("", set("plain.size", "-17"))[0]).toEndWith("from 1 to 100, got -17")
  expect(bad("", set("plain.size", "1.5"))[0]).toEndWith("got 1.5")
  expect(bad("", set("plain.size", "1x"))[0]).toEndWith('got "1x"')
  for (const [text, watch] of [
    ["true", true],
    ["1", true],
    ["false", false],
    ["0", false]
  ] as const)
    expect(good("", set("reload.watch", text)).reload.watch).toBe(watch)
  expect(bad("", set("reload.watch", "2"))[0]).toEndWith('expected true or false, got "2"')
  expect(good("", set("capture.interface", "1, 2")).capture.interfaces).toEqual(["1", "2"])
  expect(good("", set("capture.interface", " ")).capture.interfaces).toEqual([])
  expect(bad("", set("nonsense.setting.name", "1"))).toEqual(["--set: nonsense.setting.name: no setting has this name"])
})

test("backends: auto alone, a list without it, and no empty one", () => {
  expect(good('[capture]\nbackend = ["auto"]').capture.backend).toBe("auto")
  expect(good("", { environment: { SYNPRINT_CAPTURE_BACKEND: "auto" } }).capture.backend).toBe("auto")
  expect(bad("[capture]\nbackend = []")[0]).toEndWith("got an empty list")
  expect(bad('[capture]\nbackend = ["tap", "auto"]')[0]).toContain('got "auto"')
  expect(bad('[capture]\nbackend = "aut"')[0]).toEndWith('did you mean "auto"?')
})

test("listeners that are the same address twice, by their keys; ports that the system chooses never are", () => {
  const twice = (plain: string, admin: string) => bad(`[plain]\nlisten = "${plain}"\n[admin]\nlisten = "${admin}"`)
  expect(twice("127.0.0.1:1", "127.0.0.1:2")).toEqual([])
  expect(twice("127.0.0.1:1", "127.0.0.2:1")).toEqual([])
  expect(twice("127.0.0.1:0", "127.0.0.1:0")).toEqual([])
  expect(twice("unix:/a", "unix:/b")).toEqual([])
  expect(twice("unix:/a", "127.0.0.1:1")).toEqual([])
  expect(twice("unix:/a", "unix:/a")).toEqual(["c.toml:4: admin.listen: unix:/a is also in plain.listen"])
})

test("what needs every packet needs a backend that has them", () => {
  const problems = (text: string) =>
    packetFeedProblems(good(text), plainSchema.backends, { key: "plain.size", what: "size" }).map(printProblem)
  expect(problems("")).toEqual([])
  expect(problems('[capture]\nbackend = ["saved-syn", "tap"]')).toEqual([])
  expect(problems('[capture]\nbackend = ["saved-syn", "pins"]')).toEqual([
    'plain.size: size needs every packet, which only the tap backend has: add "tap" to capture.backend, which is ["saved-syn","pins"]'
  ])
  expect(problems("[fingerprint]\ntcp_enabled = false")).toEqual([
    "plain.size: size needs every packet, which only the tap backend has, and fingerprint.tcp_enabled = false turns capture off"
  ])
})

test("limits of the history, in the units of the observer", () => {
  const { history } = good(
    '[history]\nhosts = 7\nidle = "2 minutes"\nsharing_window = "3 minutes"\nflows = 8\nflow_idle = "4 seconds"'
  )
  expect(historyLimits(history)).toEqual({
    maxFlows: 8,
    maxHosts: 7,
    flowAgeSeconds: 4,
    hostIdleMinutes: 2,
    sharingSeconds: 180
  })
  expect(bad('[history]\nidle = "999 ms"\nsharing_window = "59 seconds"\nflow_idle = "999 ms"')).toHaveLength(3)
  expect(bad('[history]\nidle = "1 second"\nsharing_window = "1 minute"\nflow_idle = "1 second"')).toEqual([])
  expect(bad("[history]\nflows = 0")).toHaveLength(1)
  expect(bad(`[history]\nflows = ${2 ** 20 + 1}\nhosts = ${2 ** 24 + 1}`)).toHaveLength(2)
  expect(bad(`[history]\nflows = ${2 ** 20}\nhosts = ${2 ** 24}`)).toEqual([])
  expect(bad(`[capture]\ncapacity = ${2 ** 24}\nmax_age = "100 ms"`)).toEqual([])
  expect(bad(`[capture]\ncapacity = ${2 ** 24 + 1}\nmax_age = "99 ms"`)).toHaveLength(2)
  expect(bad('[capture]\ncapacity = 0\nmax_age = "3601 seconds"')).toHaveLength(2)
})

test("one problem is told in its line, several each in one of their own", () => {
  const problem = (path: string) => ({ path, message: "no", source: "c.toml", line: 3 })
  expect(new ConfigInvalid({ problems: [problem("a")] }).message).toBe("configuration: c.toml:3: a: no")
  expect(new ConfigInvalid({ problems: [problem("a"), problem("b")] }).message).toBe(
    "configuration: 2 problems\n  c.toml:3: a: no\n  c.toml:3: b: no"
  )
  expect(new ConfigInvalid({ problems: [] })[Runtime.errorExitCode]).toBe(78)
})

test("files that a configuration names: itself, databases for a program that matches, lists of networks, the program's own", () => {
  const text = '[fingerprint]\ndatabases = ["builtin", "/a.fp"]\n[hints]\nrelay_files = "/r.txt"'
  const config = good(text)
  expect(watchedFiles({ ...plainProgram, files: () => ["/own"] }, config)).toEqual([
    "c.toml",
    "/a.fp",
    "/r.txt",
    "/own"
  ])
  expect(watchedFiles(otherProgram, { ...config, file: undefined })).toEqual(["/r.txt"])
})
