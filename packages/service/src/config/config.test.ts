import { expect, test } from "bun:test"
import { captureOptions } from "./capture.ts"
import { bad, good } from "../testing/config-texts.ts"

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
    pcap: { snaplenBytes: 256, bufferBytes: 16 * 1024 * 1024, promiscuous: false },
    xdp: { hook: "auto", cgroup: "", pin: "/sys/fs/bpf/synprint", pinMode: 0o640, pinGroup: "", attach: true },
    enabled: true
  })
  expect(config.fingerprint).toMatchObject({ databases: ["builtin"], mode: "modern" })
  expect(config.history).toEqual({
    hosts: 65536,
    idleMs: 1_800_000,
    sharingMs: 3_600_000,
    flows: 1000,
    flowIdleMs: 30_000
  })
  expect(config.spoa.listen).toEqual([{ kind: "tcp", host: "127.0.0.1", port: 9000 }])
  expect(config.spoa.variables).toEqual([
    "status",
    "done",
    "os",
    "os_match_q",
    "dist",
    "link",
    "link_mtu",
    "link_mss",
    "uptime",
    "nat",
    "sig"
  ])
  expect(config.spoa).toMatchObject({ mode: 0o660, answers: 65536, maxFrameSize: 16380, pipelining: true, allow: [] })
  expect(config.p0fApi).toBeUndefined()
  expect(config.headers).toEqual({ preset: "x-tcp", names: new Map() })
  expect(config.log).toEqual({ level: "info", format: "auto", observations: "", observationsFormat: "json" })
  expect(config.reload).toEqual({ watch: true })
  for (const [program, port] of [
    ["spoa", 9101],
    ["proxy", 9102],
    ["agent", 9103]
  ] as const) {
    expect(good("", { program }).admin).toEqual({
      listen: [{ kind: "tcp", host: "127.0.0.1", port }],
      readyNeedsCapture: false
    })
  }
})

test("every kind of value is read (capture)", () => {
  const config = good(`
    [capture]
    backend = ["saved-syn", "xdp"]
    interface = ["eth0", "eth1"]
    ports = [443, 8443]
    addresses = ["192.0.2.1", "2001:DB8::1"]
    capacity = 1024
    max_age = "1.5 minutes"
    pcap = { snaplen = 512, buffer = "64 MiB", promiscuous = true }
    [capture.xdp]
    pin_mode = "0600"
    hook = "tc"
    attach = false
  `)
  expect(config.capture).toMatchObject({
    backend: ["saved-syn", "xdp"],
    interfaces: ["eth0", "eth1"],
    ports: [443, 8443],
    addresses: ["192.0.2.1", "2001:db8::1"],
    capacity: 1024,
    maxAgeMs: 90_000
  })
  expect(config.capture.pcap).toEqual({ snaplenBytes: 512, bufferBytes: 64 * 1024 * 1024, promiscuous: true })
  expect(config.capture.xdp).toMatchObject({ hook: "tc", pinMode: 0o600, attach: false })
})

test("every kind of value is read (spoa, p0f_api, admin)", () => {
  const config = good(`
    [capture]
    backend = "pcap"
    interface = "eth0"
    [spoa]
    listen = ["[::1]:9000", "unix:/run/synprint/spoa.sock"]
    [p0f_api]
    socket = "/run/p0f.sock"
    reply = "friendly"
    [admin]
    listen = []
  `)
  expect(config.capture).toMatchObject({ backend: ["pcap"], interfaces: ["eth0"] })
  expect(config.spoa.listen).toEqual([
    { kind: "tcp", host: "::1", port: 9000 },
    { kind: "unix", path: "/run/synprint/spoa.sock" }
  ])
  expect(config.p0fApi).toEqual({
    socket: "/run/p0f.sock",
    mode: 0o660,
    owner: "",
    group: "",
    reply: "friendly",
    clients: 4096
  })
  expect(config.admin.listen).toEqual([])
})

test("headers: a preset and single names", () => {
  const config = good('[headers]\npreset = "seed"\nos = "x-os"\nsig = "x-sig"', { program: "proxy" })
  expect(config.headers).toEqual({
    preset: "seed",
    names: new Map([
      ["os", "x-os"],
      ["sig", "x-sig"]
    ])
  })
})

test("0.0.0.0 and :: mean all addresses", () => {
  for (const any of ["0.0.0.0", "::"]) {
    expect(
      captureOptions(good(`[capture]\naddresses = ["${any}", "192.0.2.1"]`).capture, false).filter.addresses
    ).toEqual([])
  }
})

test("unknown keys at every level, with line and the nearest name", () => {
  expect(bad("[captur]\n")).toEqual(["c.toml:1: captur: unknown table: did you mean capture?"])
  expect(bad("[capture]\nbackand = 1")).toEqual(["c.toml:2: capture.backand: unknown key: did you mean backend?"])
  expect(bad("[capture.pcap]\n\nsnap_len = 1")).toEqual([
    "c.toml:3: capture.pcap.snap_len: unknown key: did you mean snaplen?"
  ])
  expect(bad("capture = { pcap = { snap = 1 } }")).toEqual([
    "c.toml:1: capture.pcap.snap: unknown key: did you mean snaplen?"
  ])
  expect(
    bad('[[routes]]\nupstream = "http://a:1"\n[[routes]]\nupsteam = "http://b:1"\npath = "/b"', { program: "proxy" })
  ).toEqual(
    [
      "c.toml:3: routes[1].upstream: must name one upstream at least",
      "c.toml:4: routes[1].upsteam: unknown key: did you mean upstream?"
    ].sort()
  )
  expect(bad("zzzzzzzzzzzzzz = 1")[0]).toStartWith("c.toml:1: zzzzzzzzzzzzzz: unknown key (known: capture, ")
})

test("tables of another program are ignored, whatever they hold", () => {
  expect(bad("[proxy]\nnonsense = 1\n[[routes]]\nx = 2\n[headers]\ny = 3")).toEqual([])
  expect(bad("[spoa]\nnonsense = 1", { program: "proxy" })).toEqual([])
  expect(bad("[spoa]\nnonsense = 1\n[proxy]\nx=1\n[p0f_api]\ny=2", { program: "agent" })).toEqual([])
  expect(bad("[proxi]\n")).toHaveLength(1)
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
  expect(bad('[reload]\nwatch = "yes"')).toEqual(['c.toml:2: reload.watch: expected true or false, got "yes"'])
  expect(bad("[fingerprint]\ndatabases = 7")).toEqual([
    'c.toml:2: fingerprint.databases[0]: expected "builtin" or the path of a p0f.fp file, got 7'
  ])
  expect(bad('[routes]\nhost = "a"', { program: "proxy" })).toEqual(["c.toml:1: routes: expected tables [[routes]]"])
})

test("bad durations, sizes, addresses, names", () => {
  expect(bad("[capture]\nmax_age = 60")).toEqual([
    'c.toml:2: capture.max_age: expected a duration such as "60 seconds" or "30 minutes", got 60'
  ])
  expect(bad('[capture]\nmax_age = "60 parsecs"')[0]).toContain('got "60 parsecs"')
  expect(bad('[capture]\nmax_age = "2 hours"')[0]).toContain("a duration from 100 ms to 1 hour")
  expect(bad('[capture.pcap]\nbuffer = "16 MoB"')).toEqual([
    'c.toml:2: capture.pcap.buffer: expected a size such as "16 MiB" or "512 KiB", got "16 MoB"'
  ])
  expect(bad('[capture.pcap]\nbuffer = "1 KiB"')[0]).toContain("a size from 65536 to 2147483647 bytes")
  expect(bad('[spoa]\nlisten = ["localhost"]')[0]).toStartWith(
    'c.toml:2: spoa.listen[0]: expected "host:port", "[v6]:port" or "unix:PATH"'
  )
  expect(bad('[spoa]\nlisten = "::1:9000"')[0]).toContain("spoa.listen: expected")
  expect(bad('[spoa]\nlisten = "2001:db8::1"')[0]).toContain("write [2001:db8::1]:PORT")
  expect(bad('[spoa]\nlisten = "127.0.0.1:99999"')[0]).toContain("port 99999 is above 65535")
  expect(bad(`[spoa]\nlisten = "unix:/${"a".repeat(120)}"`)[0]).toContain("107 bytes")
  expect(bad('[capture]\naddresses = ["10.0.0.300"]')[0]).toContain("expected an IPv4 or IPv6 address")
  expect(bad('[spoa]\nallow = ["10.0.0.0/33"]')[0]).toContain("expected a network such as")
  expect(bad('[spoa]\nmode = "0999"')[0]).toContain('expected a file mode such as "0660"')
  expect(bad('[capture]\nbackend = "pcp"')).toEqual([
    'c.toml:2: capture.backend: expected auto | saved-syn | pcap | xdp, or a list such as ["saved-syn", "xdp"], got "pcp": did you mean "pcap"?'
  ])
  expect(bad('[log]\nlevel = "warning"')[0]).toEndWith('did you mean "warn"?')
  expect(bad('[spoa]\nvariables = ["os", "oss"]')[0]).toEndWith('did you mean "os"?')
  expect(bad('[headers]\nos = "x tcp"', { program: "proxy" })[0]).toContain("expected the name of an HTTP header")
  expect(bad('[[routes]]\nupstream = "ftp://x"', { program: "proxy" })[0]).toContain("routes[0].upstream: expected")
})

test("the same thing twice", () => {
  expect(bad("[capture]\nports = [80, 443, 80]")).toEqual(["c.toml:2: capture.ports: 80 is given twice"])
  expect(bad('[capture]\nbackend = ["pcap", "pcap"]')).toEqual(["c.toml:2: capture.backend: pcap is given twice"])
  expect(bad('[spoa]\nlisten = ["localhost:9000", "127.0.0.1:9000"]')).toEqual([
    "c.toml:2: spoa.listen: 127.0.0.1:9000 is given twice"
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
    '[capture]\nbackend = "xdp"\nmax_age = 5\nnope = 1\n[fingerprint]\nmode = "p0f"\n[history]\nhosts = 0\n[log]\nformat = "xml"',
    {
      environment: { SYNPRINT_CAPTURE_MAXAGE: "1 second" }
    }
  )
  expect(problems).toEqual([
    'c.toml:3: capture.max_age: expected a duration such as "60 seconds" or "30 minutes", got 5',
    "c.toml:4: capture.nope: unknown key (known: backend, interface, ports, addresses, key, capacity, max_age, pcap, xdp)",
    expect.stringContaining('c.toml:6: fingerprint.mode: mode = "p0f" needs every packet'),
    "c.toml:8: history.hosts: expected a whole number from 1 to 16777216, got 0",
    'c.toml:10: log.format: expected "auto" | "pretty" | "json" | "logfmt", got "xml"',
    "SYNPRINT_CAPTURE_MAXAGE: no setting has this name: did you mean SYNPRINT_CAPTURE_MAX_AGE?"
  ])
})

test("environment: scalars, lists, nested tables", () => {
  const config = good('[capture]\nmax_age = "10 seconds"', {
    environment: {
      SYNPRINT_CAPTURE_MAX_AGE: "20 seconds",
      SYNPRINT_CAPTURE_PORTS: "80, 443",
      SYNPRINT_CAPTURE_INTERFACE: "eth0,eth1",
      SYNPRINT_CAPTURE_BACKEND: "saved-syn,pcap",
      SYNPRINT_CAPTURE_PCAP_SNAPLEN: "300",
      SYNPRINT_CAPTURE_PCAP_PROMISCUOUS: "true",
      SYNPRINT_RELOAD_WATCH: "0",
      SYNPRINT_SPOA_ALLOW: "",
      SYNPRINT_P0F_API_SOCKET: "/run/p.sock",
      SYNPRINT_PROXY_LISTEN: "not for this program",
      SYNPRINT_TEST_ANYTHING: "x",
      SYNPRINT_CONFIG: "c.toml",
      HOME: "/root"
    }
  })
  expect(config.capture).toMatchObject({
    maxAgeMs: 20_000,
    ports: [80, 443],
    interfaces: ["eth0", "eth1"],
    backend: ["saved-syn", "pcap"]
  })
  expect(config.capture.pcap).toMatchObject({ snaplenBytes: 300, promiscuous: true })
  expect(config.reload.watch).toBe(false)
  expect(config.spoa.allow).toEqual([])
  expect(config.p0fApi?.socket).toBe("/run/p.sock")
})

test("environment: a bad value and an unknown name say the variable", () => {
  expect(
    bad("", { environment: { SYNPRINT_CAPTURE_CAPACITY: "lots", SYNPRINT_CAPTURE_PORTS: "80,x" } }).toSorted()
  ).toEqual([
    'SYNPRINT_CAPTURE_CAPACITY: capture.capacity: expected a whole number from 1 to 16777216, got "lots"',
    'SYNPRINT_CAPTURE_PORTS: capture.ports[1]: expected a port number from 1 to 65535, got "x"'
  ])
  expect(bad("", { environment: { SYNPRINT_SPOA_LISTN: "x" } })).toEqual([
    "SYNPRINT_SPOA_LISTN: no setting has this name: did you mean SYNPRINT_SPOA_LISTEN?"
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

const huginn = { HUGINN_EBPF_INTERFACE: "eth0", HUGINN_EBPF_DST_IP: "0.0.0.0", HUGINN_EBPF_DST_PORT: "8080" }

test("the seed's variables and tcp_enabled", () => {
  const config = good("[fingerprint]\ntcp_enabled = true", { program: "proxy", environment: huginn })
  expect(config.capture).toMatchObject({
    enabled: true,
    backend: ["xdp"],
    interfaces: ["eth0"],
    ports: [8080],
    addresses: ["0.0.0.0"]
  })
  expect(captureOptions(config.capture, false).filter.addresses).toEqual([])
  const other = good('[fingerprint]\ntcp_enabled = true\n[capture]\nbackend = "pcap"', { environment: huginn })
  expect(other.capture).toMatchObject({ backend: ["pcap"], interfaces: ["eth0"] })
  expect(good("[fingerprint]\ntcp_enabled = false").capture.enabled).toBe(false)
  expect(good('[fingerprint]\ntcp_enabled = true\n[capture]\nbackend = "pcap"').capture.enabled).toBe(true)
  expect(good("", { environment: { ...huginn, SYNPRINT_CAPTURE_INTERFACE: "eth7" } }).capture.interfaces).toEqual([
    "eth7"
  ])
})

test("the seed's variables: each missing one is named, a foreign port is an error", () => {
  expect(bad("[fingerprint]\ntcp_enabled = true", { environment: { HUGINN_EBPF_DST_IP: "0.0.0.0" } })).toEqual([
    expect.stringMatching(/^c.toml:2: fingerprint.tcp_enabled: .*HUGINN_EBPF_INTERFACE$/),
    expect.stringMatching(/^c.toml:2: fingerprint.tcp_enabled: .*HUGINN_EBPF_DST_PORT$/)
  ])
  expect(
    bad("[fingerprint]\ntcp_enabled = true", {
      program: "proxy",
      environment: { ...huginn, HUGINN_EBPF_DST_PORT: "7000" }
    })
  ).toEqual(["HUGINN_EBPF_DST_PORT: capture.ports: 7000 is no port that the proxy listens on (proxy.listen has 8080)"])
  expect(
    bad("[fingerprint]\ntcp_enabled = true", {
      program: "proxy",
      environment: { ...huginn, HUGINN_EBPF_DST_PORT: "web" }
    })[0]
  ).toContain("HUGINN_EBPF_DST_PORT: capture.ports")
  const v6 = '[fingerprint]\ntcp_enabled = true\n[proxy]\nlisten = ["[::]:8080"]'
  expect(bad(v6, { program: "proxy", environment: huginn })).toEqual([])
})

test("mode p0f: p0f's own database unless another is named, never the built-in one", () => {
  expect(good('[fingerprint]\nmode = "p0f"').fingerprint.databases).toEqual(["/etc/p0f/p0f.fp"])
  expect(good('[fingerprint]\nmode = "p0f"\ndatabases = "my.fp"').fingerprint.databases).toEqual(["my.fp"])
  expect(bad('[fingerprint]\nmode = "p0f"\ndatabases = ["builtin"]')).toEqual([
    'c.toml:3: fingerprint.databases: mode = "p0f" can\'t read the built-in database: name a p0f.fp file alone'
  ])
})

test("combinations that can't work", () => {
  expect(bad('[capture]\nbackend = "xdp"\n[p0f_api]')[0]).toMatch(
    /^c.toml:3: p0f_api: the p0f socket needs every packet.*capture\.backend/
  )
  expect(bad('[fingerprint]\nmode = "p0f"\ntcp_enabled = false')[0]).toContain("tcp_enabled = false")
  expect(bad('[capture]\nbackend = ["saved-syn", "pcap"]\n[fingerprint]\nmode = "p0f"')).toEqual([])
  expect(bad('[capture]\nkey = "client"\nports = [80]')[0]).toContain("capture.ports")
  expect(bad('[capture.xdp]\nhook = "cgroup"')[0]).toContain("capture.xdp.cgroup")
  expect(bad('[capture]\nbackend = "pcap"', { program: "agent" })[0]).toContain("the agent runs the xdp backend alone")
  expect(bad('[spoa]\nlisten = "0.0.0.0:9000"')[0]).toMatch(
    /^c.toml:1: spoa.allow: 0.0.0.0:9000 can be reached from outside/
  )
  expect(bad('[spoa]\nlisten = "0.0.0.0:9000"\nallow = ["10.0.0.0/8"]')).toEqual([])
  expect(bad('[spoa]\nlisten = "127.0.0.1:9101"')).toEqual(["admin.listen: 127.0.0.1:9101 is also in spoa.listen"])
  expect(bad('[proxy.tls]\nlisten = "127.0.0.1:8443"', { program: "proxy" })[0]).toContain("proxy.tls.certificates")
  const of = (text: string) => bad(text, { program: "proxy" }).join("\n")
  expect(of('[fingerprint]\nmode = "p0f"')).toContain("the proxy knows connections alone")
  expect(of('[log]\nobservations = "o"\nobservations_format = "p0f"')).toContain("which the proxy does not read")
  expect(of("[p0f_api]")).toContain("the proxy knows connections alone")
  expect(bad("[proxy.proxy_protocol]\naccept = true", { program: "proxy" })[0]).toContain(
    "proxy.proxy_protocol.trusted"
  )
})
