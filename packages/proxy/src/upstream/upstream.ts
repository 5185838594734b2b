/**
 * Upstream: one server that requests go to, its idle connections (last in, first out, so that spare ones grow old and close), and whether it
 * takes requests.
 *
 * Ejected for a while after failures in a row; a health check may also take it out and in.
 */
import { bytesOf } from "../http1/byte-classes.ts"
import type { UpstreamConnection } from "./upstream-connection.ts"

export interface UpstreamSettings {
  /** "http://host:port", "https://host:port" or "unix:PATH". */
  readonly target: string
  /** Certificates of the authorities that a certificate must come from, PEM; "": those that Bun knows. */
  readonly ca: string
  /** Name that it is asked for and must prove; "": that of the target. */
  readonly name: string
  readonly idleConnections: number
  readonly pending: number
}

/** Failures in a row before an upstream is left alone, and for how long. */
const EJECT_AFTER = 3
const EJECT_MS = 10_000
/** The same fault is told of once in so long. */
const FAULT_MS = 60_000

export class Upstream {
  readonly target: string
  readonly settings: UpstreamSettings
  readonly isTls: boolean
  readonly unix: string | undefined
  readonly hostname: string
  readonly port: number
  /** For Bun.connect; undefined: without TLS. */
  readonly tls: { readonly serverName: string; readonly rejectUnauthorized: true; readonly ca?: string } | undefined
  /** Host of a request that has none. */
  readonly authority: Uint8Array
  readonly idle: Array<UpstreamConnection> = []
  /** Requests that wait for a connection to open. */
  connecting = 0
  /** What the last active health check said. */
  isHealthy = true
  #failures = 0
  #ejectedUntilMs = 0
  #fault = ""
  #faultUntilMs = 0

  constructor(settings: UpstreamSettings) {
    this.settings = settings
    const { target } = settings
    this.target = target
    this.unix = target.startsWith("unix:") ? target.slice(5) : undefined
    const url = this.unix === undefined ? new URL(target) : undefined
    this.isTls = url?.protocol === "https:"
    this.hostname = url?.hostname.replace(/^\[(.*)\]$/, "$1") ?? ""
    this.port = url === undefined ? 0 : Number(url.port || (this.isTls ? 443 : 80))
    this.tls = this.isTls
      ? {
          serverName: settings.name === "" ? this.hostname : settings.name,
          rejectUnauthorized: true,
          ...(settings.ca === "" ? {} : { ca: settings.ca })
        }
      : undefined
    this.authority = bytesOf(url?.host ?? "localhost")
  }

  isUsable(nowMs: number): boolean {
    return this.isHealthy && nowMs >= this.#ejectedUntilMs
  }

  succeeded(): void {
    this.#failures = 0
    this.#ejectedUntilMs = 0
  }

  failed(nowMs: number): void {
    if (++this.#failures >= EJECT_AFTER) this.#ejectedUntilMs = nowMs + EJECT_MS
  }

  /** Whether a fault is worth a line of the log: another than the last, or a minute later. */
  isNews(fault: string, nowMs: number): boolean {
    if (fault === this.#fault && nowMs < this.#faultUntilMs) return false
    this.#fault = fault
    this.#faultUntilMs = nowMs + FAULT_MS
    return true
  }

  /** A connection that is open and idle. `looks`: makes sure of it in the kernel too, for a request that can't be sent again. */
  take(looks: boolean): UpstreamConnection | undefined {
    for (;;) {
      const connection = this.idle.pop()
      if (connection === undefined || !looks || connection.isSilent) return connection
      connection.terminate()
    }
  }

  /** False: there are enough, close it. */
  keep(connection: UpstreamConnection): boolean {
    if (this.idle.length >= this.settings.idleConnections) return false
    this.idle.push(connection)
    return true
  }

  forget(connection: UpstreamConnection): void {
    const index = this.idle.indexOf(connection)
    if (index >= 0) this.idle.splice(index, 1)
  }

  closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.terminate()
  }
}
