/**
 * The program `proxy` as its configuration sees it: `[proxy]`, `[[routes]]` and `[headers]` beside the shared tables.
 */
import {
  type ConfigOf,
  finishedTable,
  type Problem,
  problemAt,
  type Program,
  subTable,
  tableList
} from "@synprint/service/config"
import { certificateProblems } from "./certificates.ts"
import { headersConfig, HeadersTable } from "./headers.ts"
import { ProxyTable } from "./proxy.ts"
import { RouteTable } from "./routes.ts"

const tables = {
  proxy: subTable("proxy", ProxyTable, "The reverse proxy."),
  routes: tableList(
    "routes",
    RouteTable,
    "Where requests go. One at least; without a configuration file the proxy shows each request as the application would see it."
  ),
  headers: finishedTable("headers", HeadersTable, headersConfig, "Headers that the application gets.")
}

export type Config = ConfigOf<typeof tables>

const ALONE = "the proxy knows connections alone: run it with synprint spoa"

export const proxyProgram: Program<Config> = {
  name: "proxy",
  tables,
  ignores: [],
  refuses: { p0f_api: `the p0f socket needs every packet, and ${ALONE}` },
  adminPort: 9102,
  onlyBackend: undefined,
  matches: true,
  wantsPackets: () => false,
  listeners: ({ proxy }) => [
    { setting: "proxy.listen", addresses: proxy.listen },
    { setting: "proxy.tls.listen", addresses: proxy.tls.listen }
  ],
  check: (config, { environment }) => [
    ...packetProblems(config),
    ...huginnPortProblems(config, environment["HUGINN_EBPF_DST_PORT"]),
    ...listenProblems(config),
    ...routeProblems(config)
  ],
  files: ({ proxy: { tls }, routes }) => [
    ...tls.certificates.flatMap(({ certificate, key }) => [certificate, key]),
    ...new Set(routes.map(({ upstreamCa }) => upstreamCa).filter((path) => path !== ""))
  ],
  checkFiles: (config) => [...missingRouteProblems(config), ...certificateProblems(config)],
  doctor: async (config) => (await import("../operations/doctor.ts")).proxyChecks(config)
}

function packetProblems({ fingerprint, log }: Config): ReadonlyArray<Problem> {
  if (fingerprint.mode === "p0f")
    return [problemAt("fingerprint.mode", `mode = "p0f" needs every packet, and ${ALONE}`)]
  return log.observationsFormat === "p0f" && log.observations !== ""
    ? [
        problemAt(
          "log.observations_format",
          "p0f lines come from the packet feed, which the proxy does not read: leave it at json"
        )
      ]
    : []
}

/** huginn-proxy's variable names one of the proxy's own ports. */
function huginnPortProblems({ capture, proxy }: Config, wanted: string | undefined): ReadonlyArray<Problem> {
  if (!capture.enabled || !wanted || capture.ports.length !== 1 || String(capture.ports[0]) !== wanted.trim()) return []
  const ports = [...proxy.listen, ...proxy.tls.listen].flatMap((address) =>
    address.kind === "tcp" ? [address.port] : []
  )
  if (ports.includes(Number(wanted))) return []
  const message = `the proxy does not listen on port ${wanted} (proxy.listen has ${ports.join(", ") || "none"})`
  return [{ ...problemAt("capture.ports", message), source: "HUGINN_EBPF_DST_PORT" }]
}

function listenProblems({ proxy: { listen, tls, proxyProtocol } }: Config): ReadonlyArray<Problem> {
  const problems: Array<Problem> = []
  if (listen.length + tls.listen.length === 0)
    problems.push(problemAt("proxy.listen", "must have one address at least"))
  if (tls.listen.length > 0 && tls.certificates.length === 0)
    problems.push(problemAt("proxy.tls.certificates", "proxy.tls.listen needs one certificate at least"))
  for (const [n, certificate] of tls.certificates.entries()) {
    for (const part of ["certificate", "key"] as const) {
      if (certificate[part] === "")
        problems.push(problemAt(`proxy.tls.certificates[${n}].${part}`, "the path of a PEM file is missing"))
    }
  }
  if (proxyProtocol.accept && proxyProtocol.trusted.size === 0) {
    const message = "proxy_protocol.accept = true needs the networks that may send the header"
    problems.push(problemAt("proxy.proxy_protocol.trusted", message))
  }
  return problems
}

/** Without a configuration file requests go to the echo application, with one they never do. */
function missingRouteProblems({ file, routes }: Config): ReadonlyArray<Problem> {
  if (file === undefined || routes.length > 0) return []
  const message =
    "a configuration needs one [[routes]] at least, or requests lead nowhere; only without a file does the proxy answer them itself"
  return [{ ...problemAt("routes", message), source: file }]
}

function routeProblems({ routes }: Config): ReadonlyArray<Problem> {
  const problems: Array<Problem> = []
  const seen = new Set<string>()
  for (const [n, route] of routes.entries()) {
    if (route.upstreams.length === 0)
      problems.push(problemAt(`routes[${n}].upstream`, "must name one upstream at least"))
    const name = `${route.host} ${route.path}`
    if (seen.has(name))
      problems.push(
        problemAt(`routes[${n}]`, `host ${route.host} and path ${route.path} are also those of a route before`)
      )
    seen.add(name)
  }
  return problems
}
