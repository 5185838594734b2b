/**
 * A proxy of this process on a port of its own, with routes of a test and saved SYNs of the loopback interface.
 */
import { Matcher, Observer } from "@synprint/core"
import { SMALL_HISTORY } from "@synprint/core/testing"
import { loadDatabases, makeFingerprintLookup, parseConfig, savedSyn } from "@synprint/service"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { AddressLimits } from "../connection/address-limits.ts"
import { type Counters, makeCounters } from "../operations/counters.ts"
import { libc } from "../socket/libc.ts"
import { openListeningSocket } from "../socket/listening-socket.ts"
import { ProxyServer } from "../worker/proxy-server.ts"
import { Generation, type GenerationSettings } from "../routing/generation.ts"

export interface RunningProxy {
  readonly port: number
  /** Of the TLS listener, when there are certificates; else 0. */
  readonly tlsPort: number
  readonly server: ProxyServer
  readonly counters: Counters
  /** What an operator would be told. */
  readonly warnings: ReadonlyArray<string>
  /** What should not happen. */
  readonly bugs: ReadonlyArray<Error>
  readonly close: () => void
}

/** From TOML, as an operator would write it. */
export function settingsOf(text: string): GenerationSettings {
  const parsed = parseConfig({ program: "proxy", file: "test.toml", text, environment: {}, flags: [] })
  if (Result.isFailure(parsed)) throw parsed.failure
  const { proxy, routes, headers, hints } = parsed.success
  return { proxy, routes, headers, hints }
}

export async function startProxy(text: string): Promise<RunningProxy> {
  const database = await Effect.runPromise(
    loadDatabases({ databases: ["builtin"], mode: "modern", tcpEnabled: undefined })
  )
  const matcher = new Matcher(database, "modern", 256)
  const observer = new Observer({
    mode: "modern",
    matcher,
    ...SMALL_HISTORY
  })
  const capture = await Effect.runPromise(Effect.scoped(savedSyn.open({} as Parameters<typeof savedSyn.open>[0])))
  const lookup = makeFingerprintLookup({ capture, observer, history: "connections", answers: 0 })
  const counters = makeCounters()
  const bugs: Array<Error> = []
  const warnings: Array<string> = []
  const settings = settingsOf(text)
  const server = new ProxyServer({
    generation: new Generation(settings, undefined),
    lookup,
    key: "connection",
    counters,
    addressLimits: new AddressLimits(AddressLimits.allocate(64, 1), 1, 0),
    warn: (warning) => warnings.push(warning),
    onBug: (error) => bugs.push(error)
  })
  const address = server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 })
  const hasTls = settings.proxy.tls.certificates.length > 0
  const tls = hasTls ? openListeningSocket({ kind: "tcp", host: "127.0.0.1", port: 0 }, 512) : undefined
  if (tls !== undefined) server.attach({ fd: tls.fd, port: tls.port, isTls: true })
  return {
    port: address.kind === "tcp" ? address.port : 0,
    tlsPort: tls?.port ?? 0,
    server,
    counters,
    warnings,
    bugs,
    close: () => {
      server.close()
      if (tls !== undefined) libc.close(tls.fd)
    }
  }
}
