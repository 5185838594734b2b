/** Every key of the proxy's configuration does on a reload what it says: takes effect, or is reported to wait for a restart. */
import { afterAll, afterEach, expect } from "bun:test"
import { writeFileSync } from "node:fs"
import type { Chain, LiveFingerprintLookup } from "@synprint/service"
import { keysThatSay, trackConfig } from "@synprint/service/testing"
import * as Effect from "effect/Effect"
import { proxyProgram } from "../../packages/proxy/src/config/program.ts"
import { proxySchema } from "../../packages/proxy/src/config/schema.ts"
import { openFakeUpstream, proxyConfig, RawClient, startProxy } from "../../packages/proxy/src/testing/index.ts"
import { HealthChecks } from "../../packages/proxy/src/upstream/health-checks.ts"
import { applySettings } from "../../packages/proxy/src/worker/reload.ts"
import { requires, testWith } from "../lib/requires.ts"
import { until } from "../lib/until.ts"
import { selfSigned } from "./certificates.ts"
import { makeDirectory, startProxyProcess } from "./proxy-process.ts"

const NEEDS = [requires.binaries("openssl")]
const directory = makeDirectory()
afterAll(() => directory.remove())
const closers: Array<() => unknown> = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const OK = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\n\r\nok"
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

testWith(NEEDS, "a live key is read from the new configuration by what serves, checks and captures", async () => {
  let checks = 0
  const upstream = openFakeUpstream((side) => {
    if (!side.text.endsWith("\r\n\r\n") && !side.text.endsWith("body")) return
    const { text } = side
    side.text = ""
    // Bad until it is out, then good.
    if (text.startsWith("GET /health ")) side.socket.write(checks++ < 1 ? OK.replace("200 OK", "503 No") : OK)
    else side.socket.write(text.startsWith("GET /switch ") ? SWITCHED : OK)
  })
  closers.push(() => upstream.close())
  const pair = await selfSigned(directory.path, "reload.test")
  const text = `
    [proxy]
    listen = "127.0.0.1:0"
    [proxy.tls]
    listen = "127.0.0.1:0"
    [[proxy.tls.certificates]]
    certificate = "${pair.certificate}"
    key = "${pair.key}"
    [proxy.health]
    interval = "100 ms"
    rise = 1
    fall = 1
    [proxy.limits]
    body = 1000
    connections_per_address = 100
    requests_per_second = 1000
    [[routes]]
    upstream = "${upstream.target}"
    health_check = "/health"
  `
  const proxy = await startProxy(text)
  closers.push(proxy.close)
  const health = new HealthChecks(proxyConfig.good(text), () => {})
  closers.push(() => health.stop())

  const { config, reads } = trackConfig(proxySchema, proxyProgram, proxyConfig.good(text))
  const worker = {
    server: proxy.server,
    lookup: { setMatcher: () => {} } as unknown as LiveFingerprintLookup,
    mode: "modern",
    chain: { setFilter: () => Effect.void } as unknown as Chain,
    descriptors: []
  } as const
  await Effect.runPromise(applySettings(worker, { config, echo: undefined, generation: 1 }, () => {}))
  health.reload(config)

  const client = await RawClient.connect(proxy.port)
  closers.push(() => client.end())
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
  await client.until((received) => received.endsWith("ok"))
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")
  await client.until((received) => received.split("200 OK").length === 3)
  client.send("GET /switch HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
  await client.until((received) => received.endsWith(SWITCHED))

  // The main thread's own: what it watches, and whether.
  const own = new Set(["reload.watch", "hints.relay_files"])
  const unread = () => keysThatSay(proxySchema, proxyProgram, "live").filter((key) => !reads.has(key) && !own.has(key))
  await until(() => unread().length === 0, "all are read", 5000).catch(() => {})
  expect(unread()).toEqual([])
})

/** Live keys with other values. */
const LIVE = `
[capture]
backend = "saved-syn"
ports = [443]
addresses = ["192.0.2.1"]
[admin]
listen = []
[log]
format = "logfmt"
[hints]
min_score = 0.5
[proxy]
listen = "127.0.0.1:0"
workers = 1
trusted = "10.0.0.0/8"
[proxy.limits]
head = "16 KiB"
[proxy.timeouts]
head = "5 seconds"
[headers]
preset = "seed"
[[routes]]
upstream = "http://127.0.0.1:2"
`

/** Every key that waits for a restart with another value. */
const RESTART = (pair: { readonly certificate: string; readonly key: string }, target: string) => `
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
tcp_enabled = true
[history]
hosts = 1000
idle = "1 minute"
sharing_window = "2 minutes"
flows = 10
flow_idle = "1 minute"
[admin]
listen = "127.0.0.1:1"
ready_needs_capture = true
[log]
level = "debug"
format = "json"
observations = "${directory.path}/observations"
[proxy]
listen = "127.0.0.1:1081"
workers = 3
access_log = "${directory.path}/access.log"
access_log_format = "json"
[proxy.tls]
listen = "127.0.0.1:1443"
[[proxy.tls.certificates]]
certificate = "${pair.certificate}"
key = "${pair.key}"
[proxy.limits]
backlog = 100
[proxy.timeouts]
shutdown = "1 second"
[[routes]]
upstream = "${target}"
`

testWith(NEEDS, "a key that waits for a restart is named in the log, and no other", async () => {
  const pair = await selfSigned(directory.path, "restart.test")
  const routes = '[[routes]]\nupstream = "http://127.0.0.1:1"\n'
  const proxy = await startProxyProcess(
    `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[log]\nformat = "logfmt"\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = 1\n${routes}`,
    directory.path
  )
  closers.push(() => proxy.stop("SIGKILL"))
  const named = () =>
    [...proxy.log().matchAll(/message="(\S+) changed: it takes a restart"/g)].map(([, key]) => key!).toSorted()
  writeFileSync(proxy.file, LIVE)
  await until(() => proxy.log().includes("message=reloaded"), "live keys are taken over")
  expect(named()).toEqual([])
  writeFileSync(proxy.file, RESTART(pair, "http://127.0.0.1:2"))
  // p0f's mode and log lines are refused by the proxy: it never sees them change.
  const refused = new Set(["fingerprint.mode", "log.observations_format"])
  const expected = keysThatSay(proxySchema, proxyProgram, "restart").filter((key) => !refused.has(key))
  await until(() => named().length >= expected.length, "keys are named", 10_000).catch(() => {})
  expect(named()).toEqual(expected.toSorted())
})
