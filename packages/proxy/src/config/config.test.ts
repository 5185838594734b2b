import { expect, test } from "bun:test"
import { proxyConfig } from "../testing/config.ts"

const { good, bad } = proxyConfig

test("no file: every key has its default", () => {
  const { proxy, routes, headers, admin } = good("", { file: undefined })
  expect(proxy).toMatchObject({
    listen: [{ kind: "tcp", host: "127.0.0.1", port: 8080 }],
    workers: 0,
    accessLog: "",
    limits: { headBytes: 32_768, connections: 10_000, bodyBytes: 0 },
    timeouts: { headMs: 10_000, upstreamMs: 60_000 },
    tls: { listen: [], certificates: [], minVersion: "1.2" }
  })
  expect(routes).toEqual([])
  expect(headers).toEqual({ preset: "x-tcp", names: new Map() })
  expect(admin.listen).toEqual([{ kind: "tcp", host: "127.0.0.1", port: 9102 }])
})

test("headers: a preset and single names", () => {
  expect(good('[headers]\npreset = "seed"\nos = "x-os"\nsig = "x-sig"').headers).toEqual({
    preset: "seed",
    names: new Map([
      ["os", "x-os"],
      ["sig", "x-sig"]
    ])
  })
  expect(bad('[headers]\nos = "x tcp"')[0]).toContain("expected the name of an HTTP header")
  expect(bad('[headers]\noss = "x-tcp"')[0]).toContain("did you mean os?")
})

test("routes: an array of tables, each with its lines", () => {
  const [first, second] = good(
    '[[routes]]\nupstream = "http://a:1"\n[[routes]]\nhost = "b.example"\nupstream = ["unix:/run/b", "https://b:2"]'
  ).routes
  expect(first).toMatchObject({ host: "*", path: "/", upstreams: ["http://a:1"], healthCheck: "" })
  expect(second).toMatchObject({ host: "b.example", upstreams: ["unix:/run/b", "https://b:2"] })
  expect(bad('[[routes]]\nupstream = "http://a:1"\n[[routes]]\nupsteam = "http://b:1"\npath = "/b"')).toEqual([
    "c.toml:3: routes[1].upstream: must name one upstream at least",
    "c.toml:4: routes[1].upsteam: unknown key: did you mean upstream?"
  ])
  expect(bad('[routes]\nhost = "a"')).toEqual(["c.toml:1: routes: expected tables [[routes]]"])
  expect(bad('[[routes]]\nupstream = "ftp://x"')[0]).toContain("routes[0].upstream: expected")
  expect(bad('[[routes]]\nupstream = "http://a:1"\nadd_headers = "X: a\\u0007"')[0]).toContain("expected a header line")
  expect(bad('[[routes]]\nupstream = "http://a:1"\nhealth_check = "h"')[0]).toContain('expected "tcp" or a path')
  const twice = '[[routes]]\nupstream = "http://a:1"\n[[routes]]\nupstream = "http://b:1"'
  expect(bad(twice)[0]).toContain("are also those of a route before")
})

test("sizes", () => {
  expect(good('[proxy.limits]\nhead = "64 KiB"\nbody = 1000000').proxy.limits).toMatchObject({
    headBytes: 65_536,
    bodyBytes: 1_000_000
  })
  expect(bad('[proxy.limits]\nhead = "16 MoB"')).toEqual([
    'c.toml:2: proxy.limits.head: expected a size such as "16 MiB" or "512 KiB", got "16 MoB"'
  ])
  expect(bad('[proxy.limits]\nhead = "1 B"')[0]).toContain("a size from 1024 to 1048576 bytes")
})

test("what the proxy can't do with every packet", () => {
  expect(bad('[fingerprint]\nmode = "p0f"').join("\n")).toContain("the proxy knows connections alone")
  expect(bad("[p0f_api]").join("\n")).toContain("p0f_api: the p0f socket needs every packet, and the proxy")
  expect(bad('[log]\nobservations = "o"\nobservations_format = "p0f"').join("\n")).toContain(
    "which the proxy does not read"
  )
})

test("combinations that can't work", () => {
  expect(bad("[proxy]\nlisten = []")[0]).toContain("proxy.listen: must have one address at least")
  expect(bad('[proxy.tls]\nlisten = "127.0.0.1:8443"')[0]).toContain("proxy.tls.certificates")
  expect(bad('[[proxy.tls.certificates]]\ncertificate = "a.pem"')).toEqual([
    "c.toml:1: proxy.tls.certificates[0].key: the path of a PEM file is missing"
  ])
  expect(bad("[proxy.proxy_protocol]\naccept = true")[0]).toContain("proxy.proxy_protocol.trusted")
  expect(bad('[proxy]\ntrusted = ["10.0.0.1/8"]')[0]).toContain("address bits are set beyond the prefix")
})

const huginn = { HUGINN_EBPF_INTERFACE: "eth0", HUGINN_EBPF_DST_IP: "0.0.0.0", HUGINN_EBPF_DST_PORT: "8080" }
const ENABLED = "[fingerprint]\ntcp_enabled = true"

test("huginn-proxy's variables: xdp, and a port that the proxy listens on", () => {
  expect(good(ENABLED, { environment: huginn }).capture).toMatchObject({
    enabled: true,
    backend: ["xdp"],
    interfaces: ["eth0"],
    ports: [8080],
    addresses: ["0.0.0.0"]
  })
  const port = (text: string) => ({ environment: { ...huginn, HUGINN_EBPF_DST_PORT: text } })
  expect(bad(ENABLED, port("7000"))).toEqual([
    "HUGINN_EBPF_DST_PORT: capture.ports: the proxy does not listen on port 7000 (proxy.listen has 8080)"
  ])
  expect(bad(ENABLED, port("web"))[0]).toContain("HUGINN_EBPF_DST_PORT: capture.ports")
  expect(bad(`${ENABLED}\n[proxy]\nlisten = ["[::]:8080"]`, { environment: huginn })).toEqual([])
})
