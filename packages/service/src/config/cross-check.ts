/**
 * Checks between keys of the shared tables: combinations that each key alone allows and that can't work together.
 */
import { BUILTIN } from "@synprint/core"
import type { BackendModule } from "../capture/backend.ts"
import { backendConfig } from "./capture.ts"
import { type ListenAddress, printListenAddress } from "./listen-address.ts"
import { type Problem, problemAt } from "./problem.ts"
import type { ConfigSchema, Environment, Listeners, Program, ServiceConfig } from "./schema.ts"

export function crossCheck<C extends ServiceConfig>(
  schema: ConfigSchema,
  program: Program<C>,
  config: C,
  environment: Environment
): ReadonlyArray<Problem> {
  const { backends } = schema
  return [
    ...captureProblems(config, backends),
    ...(program.onlyBackend === undefined ? [] : onlyBackendProblems(config, program.name, program.onlyBackend)),
    ...(program.matches ? databaseChoiceProblems(config) : []),
    ...(config.huginn ? huginnProblems(backends, environment) : []),
    ...listenerProblems([...program.listeners(config), { setting: "admin.listen", addresses: config.admin.listen }]),
    ...(config.hints.relay.leastGapMs > config.hints.relay.gapMs
      ? [problemAt("hints.relay.least_gap", "must not be above hints.relay.gap: nothing in between would be reported")]
      : []),
    ...program.check(config, { environment, backends })
  ]
}

function captureProblems({ capture }: ServiceConfig, backends: ReadonlyArray<BackendModule>): ReadonlyArray<Problem> {
  const problems = backends.flatMap((backend) =>
    (backend.check?.(backendConfig(backend, capture)) ?? []).map(({ key, message }) =>
      problemAt(`capture.${backend.name}.${key}`, message)
    )
  )
  if (capture.key === "client" && (capture.ports.length > 0 || capture.addresses.length > 0)) {
    const which = capture.ports.length > 0 ? "capture.ports" : "capture.addresses"
    const message = 'capture.key = "client" leaves the server side out of the filter: remove one of the two'
    problems.push(problemAt(which, message))
  }
  return problems
}

function onlyBackendProblems({ capture }: ServiceConfig, program: string, only: string): ReadonlyArray<Problem> {
  const { backend } = capture
  if (backend === "auto" || backend.includes(only)) return []
  const message = `the ${program} runs the ${only} backend alone, capture.backend is ${JSON.stringify(backend)}`
  return [problemAt("capture.backend", message)]
}

const databaseChoiceProblems = ({ fingerprint }: ServiceConfig): ReadonlyArray<Problem> =>
  fingerprint.mode === "p0f" && fingerprint.databases.includes(BUILTIN)
    ? [problemAt("fingerprint.databases", 'mode = "p0f" can\'t read the built-in database: name a p0f.fp file alone')]
    : []

/** tcp_enabled = true is the promise that the eBPF program runs; without one of its variables it can't. */
const huginnProblems = (backends: ReadonlyArray<BackendModule>, environment: Environment): ReadonlyArray<Problem> =>
  backends
    .flatMap(({ huginnVariables }) => Object.keys(huginnVariables ?? {}))
    .filter((name) => (environment[name] ?? "") === "")
    .map((name) =>
      problemAt(
        "fingerprint.tcp_enabled",
        `true without capture.backend is huginn-proxy's eBPF set-up, which needs the variable ${name}`
      )
    )

const overlaps = (a: ListenAddress, b: ListenAddress): boolean =>
  a.kind === "unix" || b.kind === "unix"
    ? printListenAddress(a) === printListenAddress(b)
    : a.port !== 0 && a.port === b.port && a.host === b.host

const listenerProblems = (listeners: ReadonlyArray<Listeners>): ReadonlyArray<Problem> =>
  listeners.flatMap(({ setting, addresses }, n) =>
    listeners
      .slice(n + 1)
      .flatMap((other) =>
        addresses
          .filter((address) => other.addresses.some((each) => overlaps(address, each)))
          .map((address) => problemAt(other.setting, `${printListenAddress(address)} is also in ${setting}`))
      )
  )

/** p0f mode and the p0f socket: `wanted` is the key that asks for every packet and its name in messages. */
export function packetFeedProblems(
  { capture }: ServiceConfig,
  backends: ReadonlyArray<BackendModule>,
  wanted: { readonly key: string; readonly what: string }
): ReadonlyArray<Problem> {
  const able = backends.filter(({ deliversPackets }) => deliversPackets).map(({ name }) => name)
  const why = `${wanted.what} needs every packet, which only the ${able.join(" or ")} backend has`
  if (!capture.enabled) return [problemAt(wanted.key, `${why}, and fingerprint.tcp_enabled = false turns capture off`)]
  if (capture.backend === "auto" || capture.backend.some((name) => able.includes(name))) return []
  const hint = `add "${able[0]}" to capture.backend, which is ${JSON.stringify(capture.backend)}`
  return [problemAt(wanted.key, `${why}: ${hint}`)]
}
