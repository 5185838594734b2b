/**
 * `doctor --for proxy`: what the proxy needs of this Bun, of the host and of its neighbours.
 */
import { X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { hasCapability, readProcessStatus } from "@synprint/linux"
import { type Check, type ListenAddress, check } from "@synprint/service"
import type { Config } from "../config/program.ts"
import { probe } from "../upstream/health-checks.ts"
import { selfTest } from "../worker/self-test.ts"
import { Upstream } from "../upstream/upstream.ts"

const WAIT_MS = 2000
const DAY_MS = 86_400_000
const SOON_DAYS = 14
/** Descriptors that a process has open beside its connections. */
const OTHER_FILES = 200

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1").trim()
  } catch {
    return undefined
  }
}

export async function proxyChecks(config: Config): Promise<ReadonlyArray<Check>> {
  const { proxy } = config
  const addresses = [...proxy.listen, ...proxy.tls.listen]
  return [
    ...portChecks(addresses),
    ...limitChecks(config),
    ...proxy.tls.certificates.flatMap(({ certificate }) => certificateCheck(certificate)),
    ...(await startChecks(config)),
    ...(await Promise.all(upstreamsOf(config).map(upstreamCheck)))
  ]
}

/** Runs the start-up test. */
async function startChecks({ proxy: { tls } }: Config): Promise<ReadonlyArray<Check>> {
  const pair = tls.listen.length > 0 ? tls.certificates[0] : undefined
  let findings: Awaited<ReturnType<typeof selfTest>>
  try {
    findings = await selfTest(pair && { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) })
  } catch (cause) {
    return [check("start-up test", "fail", (cause as Error).message, "correct proxy.tls.certificates")]
  }
  if (findings.length === 0) return [check("start-up test", "ok", `Bun ${Bun.version} does what the proxy is built on`)]
  return findings.map(({ level, message }) =>
    check(
      "start-up test",
      level === "error" ? "fail" : "warn",
      message,
      "use the version of Bun that package.json names"
    )
  )
}

function portChecks(addresses: ReadonlyArray<ListenAddress>): ReadonlyArray<Check> {
  const first = Number(read("/proc/sys/net/ipv4/ip_unprivileged_port_start") ?? 1024)
  const mayBind = hasCapability(readProcessStatus(), "CapEff", "CAP_NET_BIND_SERVICE")
  return addresses.flatMap((address) => {
    if (address.kind === "unix" || address.port === 0 || address.port >= first) return []
    const name = `port ${address.port}`
    return mayBind
      ? [check(name, "ok", "CAP_NET_BIND_SERVICE")]
      : [
          check(
            name,
            "fail",
            `needs a right: ports below ${first} are reserved`,
            `AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, a socket unit, or sysctl -w net.ipv4.ip_unprivileged_port_start=${address.port}`
          )
        ]
  })
}

function limitChecks({ proxy: { limits } }: Config): ReadonlyArray<Check> {
  const checks: Array<Check> = []
  const most = Number(read("/proc/sys/net/core/somaxconn") ?? Number.NaN)
  if (limits.backlog > most)
    checks.push(
      check(
        "backlog",
        "warn",
        `proxy.limits.backlog is ${limits.backlog}, the kernel cuts it to ${most}`,
        `sysctl -w net.core.somaxconn=${limits.backlog}`
      )
    )
  else checks.push(check("backlog", "ok", String(limits.backlog)))
  // Each connection has one to its upstream.
  const needed = 2 * limits.connections + OTHER_FILES
  const files = Number(/^Max open files\s+(\d+)/m.exec(read("/proc/self/limits") ?? "")?.[1] ?? Number.NaN)
  checks.push(
    files < needed
      ? check(
          "descriptors",
          "warn",
          `${limits.connections} connections need ${needed}, the soft limit is ${files}`,
          `LimitNOFILE=${needed} in the unit, or a lower proxy.limits.connections`
        )
      : check("descriptors", "ok", `${limits.connections} connections need ${needed} at most`)
  )
  return checks
}

function certificateCheck(path: string): ReadonlyArray<Check> {
  const name = `certificate ${path}`
  const text = read(path)
  // Files that can't be read are reported with the configuration.
  if (text === undefined) return []
  try {
    const certificate = new X509Certificate(text)
    const days = Math.floor((certificate.validToDate.getTime() - Date.now()) / DAY_MS)
    const of = certificate.subjectAltName ?? certificate.subject
    if (days < 0) return [check(name, "fail", `expired on ${certificate.validTo}`, "renew it; a reload takes it over")]
    if (days < SOON_DAYS)
      return [
        check(name, "warn", `expires in ${days} days`, "renew it; a reload takes it over without a lost connection")
      ]
    return [check(name, "ok", `${of}, ${days} days left`)]
  } catch {
    return []
  }
}

interface Asked {
  readonly target: string
  readonly healthCheck: string
  readonly ca: string
  readonly name: string
}

function upstreamsOf({ routes }: Config): ReadonlyArray<Asked> {
  const asked = new Map<string, Asked>()
  for (const { upstreams, healthCheck, upstreamCa, upstreamName } of routes)
    for (const target of upstreams)
      asked.set(`${target} ${upstreamCa} ${upstreamName}`, {
        target,
        healthCheck,
        ca: upstreamCa === "" ? "" : (read(upstreamCa) ?? ""),
        name: upstreamName
      })
  return [...asked.values()]
}

async function upstreamCheck({ target, healthCheck, ca, name }: Asked): Promise<Check> {
  const title = `upstream ${target}`
  const bad = await probe(target, healthCheck === "" ? "tcp" : healthCheck, WAIT_MS, { ca, name })
  if (bad !== undefined)
    return check(
      title,
      "warn",
      healthCheck === "" || healthCheck === "tcp" ? bad : `${healthCheck}: ${bad}`,
      "start it, or correct upstream of the route"
    )
  const fault = await tlsFault(new Upstream({ target, ca, name, idleConnections: 0, pending: 0 }))
  return fault === undefined
    ? check(title, "ok", "answers")
    : check(
        title,
        "fail",
        `TLS: ${fault}`,
        "upstream_ca names its authority, upstream_name the name in its certificate"
      )
}

/** Why its certificate does not hold; undefined: it does, or there is none. */
async function tlsFault({ tls, hostname, port }: Upstream): Promise<string | undefined> {
  if (tls === undefined) return undefined
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const timer = setTimeout(() => resolve("no handshake in time"), WAIT_MS)
  Bun.connect({
    hostname,
    port,
    tls,
    socket: {
      open: (socket) => {
        resolve(socket.authorized ? undefined : (socket.getAuthorizationError()?.message ?? "no certificate"))
        socket.end()
      },
      data() {},
      error() {}
    }
  }).catch((cause: Error) => resolve(cause.message))
  const fault = await promise
  clearTimeout(timer)
  return fault
}
