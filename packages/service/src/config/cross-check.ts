/**
 * What must hold between keys: combinations that each key alone allows and that can't work together.
 */
import { BUILTIN, HINT_FIELDS } from "@synprint/core"
import type { Config } from "./config.ts"
import { HUGINN_VARIABLES, type Environment } from "./environment.ts"
import type { Problem } from "./problem.ts"
import type { Program } from "./service.ts"
import { isLocal, type ListenAddress, printListenAddress } from "./listen-address.ts"

const problem = (path: string, message: string): Problem => ({ path, message, source: undefined, line: undefined })

const overlaps = (a: ListenAddress, b: ListenAddress): boolean =>
  a.kind === "unix" || b.kind === "unix"
    ? printListenAddress(a) === printListenAddress(b)
    : a.port !== 0 && a.port === b.port && a.host === b.host

/** Of the proxy alone: with a configuration requests never go to the echo application. undefined: there is a route. */
export const noRoute = (config: Config): Problem | undefined =>
  config.file === undefined || config.routes.length > 0
    ? undefined
    : {
        path: "routes",
        message: "a configuration needs one [[routes]] at least: where do requests go?",
        source: config.file,
        line: undefined
      }

/** Problems of a decoded configuration. */
export function crossCheck(program: Program, config: Config, environment: Environment): ReadonlyArray<Problem> {
  const problems: Array<Problem> = []
  const { capture, fingerprint } = config

  // DESIGN 1.4: the packet feed comes from pcap only.
  const wantsFeed =
    fingerprint.mode === "p0f"
      ? ["fingerprint.mode", 'mode = "p0f"']
      : config.p0fApi
        ? ["p0f_api", "the p0f socket"]
        : undefined
  if (wantsFeed && program === "proxy") {
    problems.push(
      problem(
        wantsFeed[0]!,
        `${wantsFeed[1]} needs every packet, and the proxy knows connections alone: run it with synprint spoa`
      )
    )
  } else if (wantsFeed && program !== "agent") {
    const why = `${wantsFeed[1]} needs every packet, which only the pcap backend has`
    if (!capture.enabled)
      problems.push(problem(wantsFeed[0]!, `${why}, and fingerprint.tcp_enabled = false turns capture off`))
    else if (capture.backend !== "auto" && !capture.backend.includes("pcap")) {
      problems.push(
        problem(wantsFeed[0]!, `${why}: add "pcap" to capture.backend, which is ${JSON.stringify(capture.backend)}`)
      )
    }
  }

  if (fingerprint.mode === "p0f" && fingerprint.databases.includes(BUILTIN) && program !== "agent") {
    problems.push(
      problem("fingerprint.databases", 'mode = "p0f" can\'t read the built-in database: name a p0f.fp file alone')
    )
  }

  if (capture.key === "client" && (capture.ports.length > 0 || capture.addresses.length > 0)) {
    const which = capture.ports.length > 0 ? "capture.ports" : "capture.addresses"
    problems.push(
      problem(which, 'capture.key = "client" leaves the server side out of the filter: remove one of the two')
    )
  }
  if (!capture.xdp.pin.startsWith("/"))
    problems.push(problem("capture.xdp.pin", "must be an absolute path in a bpf file system"))
  if (capture.xdp.hook === "cgroup" && capture.xdp.attach && capture.xdp.cgroup === "") {
    problems.push(
      problem("capture.xdp.cgroup", 'capture.xdp.hook = "cgroup" needs the path of a cgroup (v2) directory')
    )
  }
  if (program === "agent" && capture.backend !== "auto" && !capture.backend.includes("xdp")) {
    problems.push(
      problem(
        "capture.backend",
        `the agent runs the xdp backend alone, capture.backend is ${JSON.stringify(capture.backend)}`
      )
    )
  }

  // The seed: tcp_enabled = true is the promise that the eBPF program runs; without a variable it can't.
  if (fingerprint.tcpEnabled === true && config.huginn) {
    for (const name of Object.keys(HUGINN_VARIABLES)) {
      if ((environment[name] ?? "") !== "") continue
      problems.push(
        problem(
          "fingerprint.tcp_enabled",
          `true without capture.backend is the seed's eBPF set-up, which needs the variable ${name}`
        )
      )
    }
  }
  const wanted = environment.HUGINN_EBPF_DST_PORT
  if (
    program === "proxy" &&
    capture.enabled &&
    wanted &&
    capture.ports.length === 1 &&
    String(capture.ports[0]) === wanted.trim()
  ) {
    const ports = [...config.proxy.listen, ...config.proxy.tls.listen].flatMap((address) =>
      address.kind === "tcp" ? [address.port] : []
    )
    if (!ports.includes(Number(wanted))) {
      problems.push({
        ...problem(
          "capture.ports",
          `${wanted} is no port that the proxy listens on (proxy.listen has ${ports.join(", ") || "none"})`
        ),
        source: "HUGINN_EBPF_DST_PORT"
      })
    }
  }

  const listeners: ReadonlyArray<readonly [string, ReadonlyArray<ListenAddress>]> = [
    ...(program === "spoa" ? ([["spoa.listen", config.spoa.listen]] as const) : []),
    ...(program === "proxy"
      ? ([
          ["proxy.listen", config.proxy.listen],
          ["proxy.tls.listen", config.proxy.tls.listen]
        ] as const)
      : []),
    ["admin.listen", config.admin.listen]
  ]
  for (const [n, [path, addresses]] of listeners.entries()) {
    for (const [other, theirs] of listeners.slice(n + 1)) {
      for (const address of addresses) {
        if (theirs.some((their) => overlaps(address, their)))
          problems.push(problem(other, `${printListenAddress(address)} is also in ${path}`))
      }
    }
  }

  const { relay } = config.hints
  if (relay.leastGapMs > relay.gapMs) {
    problems.push(
      problem("hints.relay.least_gap", "must not be above hints.relay.gap: nothing in between would be told")
    )
  }

  const hinting = config.spoa.variables.find((name) => name === "hints" || HINT_FIELDS.includes(name))
  if (program === "spoa" && fingerprint.mode === "p0f" && hinting !== undefined) {
    problems.push(problem("spoa.variables", `mode = "p0f" has no hints, p0f's own is bad_sw: remove ${hinting}`))
  }

  if (program === "spoa") {
    if (config.spoa.listen.length === 0) problems.push(problem("spoa.listen", "must have one address at least"))
    const open = config.spoa.listen.find((address) => !isLocal(address))
    if (open !== undefined && config.spoa.allow.length === 0) {
      problems.push(
        problem(
          "spoa.allow",
          `${printListenAddress(open)} can be reached from outside: name the networks of HAProxy, such as ["10.0.0.0/8"]`
        )
      )
    }
    if (
      config.p0fApi &&
      config.spoa.listen.some((address) => address.kind === "unix" && address.path === config.p0fApi!.socket)
    ) {
      problems.push(problem("p0f_api.socket", `${config.p0fApi.socket} is also in spoa.listen`))
    }
  }
  if (program === "proxy") {
    const { tls, proxyProtocol } = config.proxy
    if (config.proxy.listen.length + tls.listen.length === 0)
      problems.push(problem("proxy.listen", "must have one address at least"))
    if (tls.listen.length > 0 && tls.certificates.length === 0)
      problems.push(problem("proxy.tls.certificates", "proxy.tls.listen needs one certificate at least"))
    for (const [n, certificate] of tls.certificates.entries()) {
      for (const part of ["certificate", "key"] as const) {
        if (certificate[part] === "")
          problems.push(problem(`proxy.tls.certificates[${n}].${part}`, "the path of a PEM file is missing"))
      }
    }
    if (proxyProtocol.accept && proxyProtocol.trusted.length === 0) {
      problems.push(
        problem(
          "proxy.proxy_protocol.trusted",
          "proxy_protocol.accept = true needs the networks that may send the header"
        )
      )
    }
    const seen = new Set<string>()
    for (const [n, route] of config.routes.entries()) {
      if (route.upstreams.length === 0)
        problems.push(problem(`routes[${n}].upstream`, "must name one upstream at least"))
      const name = `${route.host} ${route.path}`
      if (seen.has(name))
        problems.push(
          problem(`routes[${n}]`, `host ${route.host} and path ${route.path} are also those of a route before`)
        )
      seen.add(name)
    }
  }
  if (
    config.log.observationsFormat === "p0f" &&
    config.log.observations !== "" &&
    fingerprint.mode !== "p0f" &&
    !config.p0fApi
  ) {
    problems.push(
      problem(
        "log.observations_format",
        program === "proxy"
          ? "p0f lines come from the packet feed, which the proxy does not read: leave it at json"
          : 'p0f lines come from the packet feed: set fingerprint.mode = "p0f" or add [p0f_api]'
      )
    )
  }
  return problems
}
