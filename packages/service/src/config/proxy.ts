/**
 * `[proxy]`, `[[routes]]` and `[headers]`: the reverse proxy's listeners, where requests go, what the application sees.
 */
import { FIELDS } from "@synprint/core"
import {
  duration,
  flag,
  headerName,
  integer,
  list,
  listenAddresses,
  network,
  nonEmpty,
  oneOf,
  size,
  text,
  value,
  expected
} from "./value.ts"
import { type Decoded, key, type Key, optionalKey, subTable, table, tableList, type Value } from "./key.ts"

const CertificateTable = table({
  /** Names that this certificate serves; [] = those in the certificate. */
  names: key("names", list(nonEmpty("a host name")), []),
  certificate: key("certificate", nonEmpty("the path of a PEM file"), ""),
  key: key("key", nonEmpty("the path of a PEM file"), "")
})

const TlsTable = table({
  listen: key("listen", listenAddresses, []),
  certificates: tableList("certificates", CertificateTable),
  minVersion: key("min_version", oneOf("1.2", "1.3"), "1.2")
})

const LimitsTable = table({
  headBytes: key("head", size(1024, 1 << 20), "32 KiB"),
  headers: key("headers", integer(8, 1000), 128),
  responseHeadBytes: key("response_head", size(1024, 1 << 20), "64 KiB"),
  responseHeaders: key("response_headers", integer(8, 1000), 512),
  /** 0 = no limit. */
  bodyBytes: key("body", size(0, Number.MAX_SAFE_INTEGER), 0),
  connections: key("connections", integer(1, 1 << 22), 10_000),
  backlog: key("backlog", integer(1, 65_535), 4096),
  /** Of one address; 0 = no limit. */
  connectionsPerAddress: key("connections_per_address", integer(0, 1 << 22), 0),
  /** Requests of one address in a second; 0 = no limit. */
  requestsPerSecond: key("requests_per_second", integer(0, 1 << 22), 0),
  /** Requests that wait for a connection to one upstream to open; more get 503. */
  pendingPerUpstream: key("pending_per_upstream", integer(1, 1 << 20), 1024),
  /** Idle connections to one upstream that are kept. */
  idlePerUpstream: key("idle_per_upstream", integer(0, 1 << 16), 256)
})

const TimeoutsTable = table({
  headMs: key("head", duration(100), "10 seconds"),
  idleMs: key("idle", duration(100), "60 seconds"),
  upstreamConnectMs: key("upstream_connect", duration(10), "5 seconds"),
  /** Until the response head, and between two pieces of a body. */
  upstreamMs: key("upstream", duration(100), "60 seconds"),
  upstreamIdleMs: key("upstream_idle", duration(100), "30 seconds"),
  tunnelMs: key("tunnel", duration(100), "1 hour"),
  shutdownMs: key("shutdown", duration(0, 600_000), "30 seconds")
})

const ProxyProtocolTable = table({
  accept: key("accept", flag, false),
  trusted: key("trusted", list(network), [])
})

const HealthTable = table({
  intervalMs: key("interval", duration(100), "5 seconds"),
  timeoutMs: key("timeout", duration(10), "2 seconds"),
  /** Good answers in a row that take an upstream in, bad ones that take it out. */
  rise: key("rise", integer(1, 100), 2),
  fall: key("fall", integer(1, 100), 3)
})

export const ProxyTable = table({
  listen: key("listen", listenAddresses, ["127.0.0.1:8080"]),
  /** 0 = one per core. */
  workers: key("workers", integer(0, 1024), 0),
  tls: subTable("tls", TlsTable),
  limits: subTable("limits", LimitsTable),
  timeouts: subTable("timeouts", TimeoutsTable),
  health: subTable("health", HealthTable),
  /** A line per request; empty: none. Opened again on SIGUSR1. */
  accessLog: key("access_log", text, ""),
  accessLogFormat: key("access_log_format", oneOf("combined", "json"), "combined"),
  proxyProtocol: subTable("proxy_protocol", ProxyProtocolTable),
  /** Peers whose X-Forwarded-* are kept and extended; those of others are replaced. */
  trusted: key("trusted", list(network), [])
})

/** `http://host:port`, `https://...` or `unix:PATH`. */
const upstream: Value<string> = value("text", (input) => {
  if (typeof input === "string") {
    if (/^unix:./.test(input)) return input
    if (/^https?:\/\/[^/\s]+\/?$/i.test(input) && URL.canParse(input)) return input
  }
  return expected('"http://host:port", "https://host:port" or "unix:PATH"', input)
})

const path: Value<string> = value("text", (input) =>
  typeof input === "string" && input.startsWith("/") ? input : expected('a path that begins with "/"', input)
)

const optionalPath: Value<string> = value("text", (input) =>
  input === "" || (typeof input === "string" && /^\/[\x21\x22\x24-\x7e]*$/.test(input))
    ? input
    : expected('a path that begins with "/"', input)
)

const healthCheck: Value<string> = value("text", (input) =>
  input === "" || input === "tcp" || (typeof input === "string" && /^\/[\x21-\x7e]*$/.test(input))
    ? input
    : expected('"tcp" or a path that begins with "/"', input)
)

/** RFC 9110 section 5: a token, a colon, and a value without control characters. */
const headerLine: Value<string> = value("text", (input) =>
  typeof input === "string" && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e]*$/.test(input)
    ? input
    : expected('a header line such as "X-Env: production"', input)
)

export const RouteTable = table({
  /** "*" = every host; "*.example.org" = one label. */
  host: key("host", nonEmpty("a host name or *"), "*"),
  path: key("path", path, "/"),
  upstreams: key("upstream", list(upstream), []),
  /** PEM file of the authorities that certificates of https upstreams must come from; empty: those that Bun knows. */
  upstreamCa: key("upstream_ca", text, ""),
  /** The name that https upstreams are asked for and must prove; empty: that of their URL. */
  upstreamName: key("upstream_name", text, ""),
  /** The client's connection is closed after each response: every request has a SYN of its own. */
  forceNewConnection: key("force_new_connection", flag, false),
  /** "" none, "tcp" a connection, "/path" a GET that is answered by 2xx or 3xx. */
  healthCheck: key("health_check", healthCheck, ""),
  stripPrefix: key("strip_prefix", flag, false),
  /** Goes on in place of the route's path. */
  replacePrefix: key("replace_prefix", optionalPath, ""),
  /** Sent as Host; empty: the client's. */
  setHost: key("set_host", text, ""),
  addHeaders: key("add_headers", list(headerLine), []),
  removeHeaders: key("remove_headers", list(headerName), []),
  addResponseHeaders: key("add_response_headers", list(headerLine), []),
  removeResponseHeaders: key("remove_response_headers", list(headerName), [])
})

export const PRESETS = ["x-tcp", "x-p0f", "seed", "huginn"] as const

/** `[headers]` has `preset` and, beside it, `field = "header-name"` for single fields. */
const headerKeys: Record<string, Key<string | undefined>> = {}
for (const field of FIELDS) headerKeys[field.name] = optionalKey(field.name, headerName)

export const HeadersTable = table({ preset: key("preset", oneOf(...PRESETS), "x-tcp"), ...headerKeys })

export interface HeadersConfig {
  readonly preset: (typeof PRESETS)[number]
  /** Field name -> header name; these go before the preset's. */
  readonly names: ReadonlyMap<string, string>
}

export function headersConfig(decoded: Decoded<typeof HeadersTable.keys>): HeadersConfig {
  const names = new Map<string, string>()
  for (const field of FIELDS) {
    const header = (decoded as Readonly<Record<string, string | undefined>>)[field.name]
    if (header !== undefined) names.set(field.name, header)
  }
  return { preset: decoded.preset, names }
}

export type ProxyConfig = Decoded<typeof ProxyTable.keys>
export type RouteConfig = Decoded<typeof RouteTable.keys>
