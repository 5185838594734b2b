/**
 * Generation: the part of the configuration that a reload may change, ready for use: routes and their upstreams, header names, limits,
 * time-outs. Requests in progress finish with the generation they began with.
 */
import { readFileSync } from "node:fs"
import { FIELDS, type PrefixSet, RelayJudge } from "@synprint/core"
import { type HintsConfig, relayThresholds } from "@synprint/service"
import type { HeadersConfig } from "../config/headers.ts"
import type { ProxyConfig } from "../config/proxy.ts"
import type { RouteConfig } from "../config/routes.ts"
import { HeaderEncoder, headerNames } from "../fingerprint-headers/header-encoder.ts"
import { HintLines } from "../fingerprint-headers/hint-lines.ts"
import { NameSet } from "../http1/field-kind.ts"
import { RequestWriter } from "../http1/request-writer.ts"
import { Route } from "./route.ts"
import { RouteTable } from "./route-table.ts"
import { TimingLines } from "../fingerprint-headers/timing-lines.ts"
import { Upstream, type UpstreamSettings } from "../upstream/upstream.ts"

/** The settings of a generation: plain data, so that they can be sent to another thread. */
export interface GenerationSettings {
  readonly proxy: ProxyConfig
  readonly routes: ReadonlyArray<RouteConfig>
  readonly headers: HeadersConfig
  readonly hints: HintsConfig
}

/** Tells the application which of our headers the client tried to send. */
const SPOOFED_HEADER = "x-tcp-spoofed"

export class Generation {
  readonly settings: GenerationSettings
  readonly limits: ProxyConfig["limits"]
  readonly timeouts: ProxyConfig["timeouts"]
  readonly routes: RouteTable<Route>
  /** By their settings. */
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly block: HeaderEncoder
  readonly timing: TimingLines
  /** undefined: no header carries hints. */
  readonly hints: HintLines | undefined
  readonly relay: RelayJudge
  readonly writer: RequestWriter
  /** Names of ours beside those that core reserves. */
  readonly reserved: NameSet
  /** Peers whose X-Forwarded-* are believed. */
  readonly trusted: PrefixSet
  /** Peers that begin with a PROXY header. */
  readonly proxyProtocol: { readonly accept: boolean; readonly from: PrefixSet }

  /** Upstreams of `previous` that are still named keep their connections and what is known of their health. */
  constructor(settings: GenerationSettings, previous: Generation | undefined) {
    this.settings = settings
    const { proxy, headers } = settings
    this.limits = proxy.limits
    this.timeouts = proxy.timeouts
    const upstreams = new Map<string, Upstream>()
    const upstream = (options: UpstreamSettings): Upstream => {
      const key = JSON.stringify(options)
      const found = upstreams.get(key) ?? previous?.upstreams.get(key) ?? new Upstream(options)
      upstreams.set(key, found)
      return found
    }
    this.routes = new RouteTable(
      settings.routes.map((route) => {
        const common = {
          ca: route.upstreamCa === "" ? "" : readFileSync(route.upstreamCa, "latin1"),
          name: route.upstreamName,
          idleConnections: proxy.limits.idlePerUpstream,
          pending: proxy.limits.pendingPerUpstream
        }
        return [
          route,
          new Route(
            route,
            route.upstreams.map((target) => upstream({ target, ...common }))
          )
        ]
      })
    )
    this.upstreams = upstreams
    this.block = new HeaderEncoder(headers)
    this.timing = new TimingLines(headers)
    const hints = new HintLines(headers, settings.hints)
    this.hints = hints.isWanted ? hints : undefined
    this.relay = new RelayJudge(relayThresholds(settings.hints))
    this.reserved = new NameSet(FIELDS.flatMap((field) => headerNames(headers, field)))
    this.writer = new RequestWriter(this.reserved, SPOOFED_HEADER)
    this.trusted = proxy.trusted
    this.proxyProtocol = { accept: proxy.proxyProtocol.accept, from: proxy.proxyProtocol.trusted }
  }
}
