/**
 * A proxy of this process on a port of its own, with routes of a test and saved SYNs of the loopback interface.
 */
import { Matcher, Observer } from "@synprint/core"
import { SMALL_HISTORY } from "@synprint/core/testing"
import { captureOptions, loadDatabases, makeFingerprintLookup, openChain, savedSyn } from "@synprint/service"
import * as Effect from "effect/Effect"
import type { ProtocolChoice } from "../connection/protocol-choice.ts"
import { AddressLimits } from "../connection/address-limits.ts"
import { type Counters, makeCounters } from "../operations/counters.ts"
import { libc, openListeningSocket } from "@synprint/linux/sockets"
import { ProxyServer } from "../worker/proxy-server.ts"
import { proxyConfig } from "./config.ts"
import { Generation, type GenerationSettings } from "../routing/generation.ts"
import { generationSettings } from "../routing/generation-settings.ts"

export interface RunningProxy {
  readonly port: number
  /** Port of the TLS listener; 0 without certificates. */
  readonly tlsPort: number
  readonly server: ProxyServer
  readonly counters: Counters
  /** Warnings for the operator. */
  readonly warnings: ReadonlyArray<string>
  /** Errors that should not happen. */
  readonly bugs: ReadonlyArray<Error>
  readonly close: () => void
}

/** From TOML, as an operator would write it. */
export const settingsOf = (text: string): GenerationSettings =>
  generationSettings({ config: proxyConfig.good(text), echo: undefined, generation: 0 })

export async function startProxy(text: string, protocols?: ProtocolChoice): Promise<RunningProxy> {
  const config = proxyConfig.good(text)
  const database = await Effect.runPromise(loadDatabases(config.fingerprint))
  const matcher = new Matcher(database, "modern", 256)
  const observer = new Observer({
    mode: "modern",
    matcher,
    ...SMALL_HISTORY
  })
  const capture = await Effect.runPromise(
    Effect.scoped(openChain([savedSyn], [savedSyn.name], captureOptions(config.capture, false)))
  )
  const lookup = makeFingerprintLookup({ capture, observer, history: "connections", answers: 0 })
  const counters = makeCounters()
  const bugs: Array<Error> = []
  const warnings: Array<string> = []
  const settings = generationSettings({ config, echo: undefined, generation: 0 })
  const server = new ProxyServer({
    generation: new Generation(settings, undefined),
    lookup,
    counters,
    addressLimits: new AddressLimits(AddressLimits.allocate(64, 1), 1, 0),
    ...(protocols === undefined ? {} : { protocols }),
    warn: (warning) => warnings.push(warning),
    onBug: (error) => bugs.push(error)
  })
  const address = server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 })
  const hasTls = settings.proxy.tls.certificates.length > 0
  const tls = hasTls ? openListeningSocket({ host: "127.0.0.1", port: 0 }, 512) : undefined
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
