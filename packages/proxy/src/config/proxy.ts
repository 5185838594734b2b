/**
 * `[proxy]`: listeners, TLS, limits, time-outs, health checks.
 */
import {
  type Decoded,
  duration,
  flag,
  integer,
  key,
  list,
  listenAddresses,
  networks,
  nonEmpty,
  oneOf,
  size,
  subTable,
  table,
  tableList,
  text
} from "@synprint/service/config"

const CertificateTable = table({
  names: key("names", list(nonEmpty("a host name")), [], {
    reload: "live",
    text: "Names that this certificate serves; [] = those in the certificate."
  }),
  certificate: key("certificate", text, "", {
    reload: "live",
    text: "PEM file with the certificate and those between it and the authority.",
    example: "/etc/synprint/site.pem"
  }),
  key: key("key", text, "", { reload: "live", text: "PEM file with its key.", example: "/etc/synprint/site.key" })
})

const TlsTable = table({
  listen: key("listen", listenAddresses, [], { reload: "restart", text: "Addresses that TLS is served on." }),
  minVersion: key("min_version", oneOf("1.2", "1.3"), "1.2", { reload: "live", text: "1.2 | 1.3" }),
  certificates: tableList("certificates", CertificateTable)
})

const LimitsTable = table({
  headBytes: key("head", size(1024, 1 << 20), "32 KiB", {
    reload: "live",
    text: "Size of a request's head. A larger one gets 431."
  }),
  headers: key("headers", integer(8, 1000), 128, {
    reload: "live",
    text: "Header fields of a request. More get 431."
  }),
  responseHeadBytes: key("response_head", size(1024, 1 << 20), "64 KiB", {
    reload: "live",
    text: "Size of a response's head. A larger one gets 502."
  }),
  responseHeaders: key("response_headers", integer(8, 1000), 512, {
    reload: "live",
    text: "Header fields of a response. More get 502."
  }),
  bodyBytes: key("body", size(0, Number.MAX_SAFE_INTEGER), 0, {
    reload: "live",
    text: "Size of a request's body; 0 = no limit."
  }),
  connections: key("connections", integer(1, 1 << 22), 10_000, {
    reload: "live",
    text: "Clients connected at a time."
  }),
  backlog: key("backlog", integer(1, 65_535), 4096, {
    reload: "restart",
    text: "Connections that wait in the kernel to be accepted."
  }),
  connectionsPerAddress: key("connections_per_address", integer(0, 1 << 22), 0, {
    reload: "live",
    text: "Connections of one address at a time; 0 = no limit."
  }),
  requestsPerSecond: key("requests_per_second", integer(0, 1 << 22), 0, {
    reload: "live",
    text: "Requests of one address in a second; 0 = no limit."
  }),
  pendingPerUpstream: key("pending_per_upstream", integer(1, 1 << 20), 1024, {
    reload: "live",
    text: "Requests that wait for a connection to one upstream to open; more get 503."
  }),
  idlePerUpstream: key("idle_per_upstream", integer(0, 1 << 16), 256, {
    reload: "live",
    text: "Idle connections to one upstream that are kept."
  })
})

const TimeoutsTable = table({
  headMs: key("head", duration(100), "10 seconds", { reload: "live", text: "For the head of a request to arrive." }),
  idleMs: key("idle", duration(100), "60 seconds", {
    reload: "live",
    text: "For the next request of a connection, and between two pieces of a body."
  }),
  upstreamConnectMs: key("upstream_connect", duration(10), "5 seconds", {
    reload: "live",
    text: "For a connection to an upstream to open."
  }),
  upstreamMs: key("upstream", duration(100), "60 seconds", {
    reload: "live",
    text: "Until the response head, and between two pieces of a body."
  }),
  upstreamIdleMs: key("upstream_idle", duration(100), "30 seconds", {
    reload: "live",
    text: "How long an idle connection to an upstream is kept."
  }),
  tunnelMs: key("tunnel", duration(100), "1 hour", {
    reload: "live",
    text: "How long a tunnel (WebSocket and the like) may be silent."
  }),
  shutdownMs: key("shutdown", duration(0, 600_000), "30 seconds", {
    reload: "restart",
    text: "How long a stop waits for what is in flight."
  })
})

const ProxyProtocolTable = table({
  accept: key("accept", flag, false, { reload: "live", text: "true: read the header." }),
  trusted: key("trusted", networks, [], { reload: "live", text: "Networks of the balancers that send it." })
})

const HealthTable = table({
  intervalMs: key("interval", duration(100), "5 seconds", { reload: "live", text: "Between two checks." }),
  timeoutMs: key("timeout", duration(10), "2 seconds", { reload: "live", text: "For the answer." }),
  rise: key("rise", integer(1, 100), 2, { reload: "live", text: "Good answers in a row that take an upstream in." }),
  fall: key("fall", integer(1, 100), 3, { reload: "live", text: "Bad answers in a row that take an upstream out." })
})

export const ProxyTable = table({
  listen: key("listen", listenAddresses, ["127.0.0.1:8080"], {
    reload: "restart",
    text: "Addresses that plain HTTP is served on."
  }),
  workers: key("workers", integer(0, 1024), 0, { reload: "restart", text: "Threads that serve; 0 = one per core." }),
  trusted: key("trusted", networks, [], {
    reload: "live",
    text: "Peers whose X-Forwarded-* are kept and extended; those of others are replaced."
  }),
  accessLog: key("access_log", text, "", {
    reload: "restart",
    text: 'A file that gets a line per request; "" = none. SIGUSR1 opens it again.'
  }),
  accessLogFormat: key("access_log_format", oneOf("combined", "json"), "combined", {
    reload: "restart",
    text: "combined | json"
  }),
  tls: subTable("tls", TlsTable),
  limits: subTable("limits", LimitsTable),
  timeouts: subTable("timeouts", TimeoutsTable),
  health: subTable("health", HealthTable, "Checks of upstreams whose route has health_check."),
  proxyProtocol: subTable(
    "proxy_protocol",
    ProxyProtocolTable,
    "Connections of the trusted networks begin with a PROXY header (version 1 or 2); their SYN is the balancer's, status via_proxy."
  )
})

export type ProxyConfig = Decoded<typeof ProxyTable.keys>
