/**
 * Upstream: one server that serves requests, with its idle connections and its health. The pool is last in, first out, so that surplus
 * connections grow old and close.
 *
 * Consecutive failures eject an upstream for a while; a health check may also take it out and back in.
 */
import { bytesOf } from "../http1/byte-classes.ts"
import type { UpstreamStream } from "./upstream-stream.ts"

export interface UpstreamSettings {
  /** "http://host:port", "https://host:port" or "unix:PATH". */
  readonly target: string
  /** PEM of the certificate authorities that are trusted; "": those that Bun trusts. */
  readonly ca: string
  /** Name for SNI and for the certificate; "": that of the target. */
  readonly name: string
  readonly idleConnections: number
  readonly pending: number
}

/** Number of consecutive failures that eject an upstream, and for how long. */
const EJECT_AFTER = 3
const EJECT_MS = 10_000
/** Log an unchanged fault at most once per minute. */
const FAULT_MS = 60_000

/** A connection as its pool sees it. */
export interface PooledConnection extends UpstreamStream {
  /** True if nothing is readable in the kernel: neither FIN nor unsolicited bytes. */
  readonly isSilent: boolean
}

export class Upstream {
  readonly target: string
  readonly settings: UpstreamSettings
  readonly isTls: boolean
  readonly unix: string | undefined
  readonly hostname: string
  readonly port: number
  /** For Bun.connect; undefined: without TLS. */
  readonly tls: { readonly serverName: string; readonly rejectUnauthorized: true; readonly ca?: string } | undefined
  /** Host for a request that has none. */
  readonly authority: Uint8Array
  readonly idle: Array<PooledConnection> = []
  /** Number of requests that wait for a connection to open. */
  connecting = 0
  /** Result of the last active health check. */
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

  /** Returns true if a fault should be logged: it differs from the last one, or a minute has passed. */
  isNews(fault: string, nowMs: number): boolean {
    if (fault === this.#fault && nowMs < this.#faultUntilMs) return false
    this.#fault = fault
    this.#faultUntilMs = nowMs + FAULT_MS
    return true
  }

  /** Returns an idle connection. `probes`: look into the kernel too if it is still open; required for non-idempotent requests. */
  acquire(probes: boolean): UpstreamStream | undefined {
    for (;;) {
      const connection = this.idle.pop()
      if (connection === undefined || !probes || connection.isSilent) return connection
      connection.drop()
    }
  }

  /** Returns a connection to the pool. False: the pool is full, close it. */
  release(connection: PooledConnection): boolean {
    if (this.idle.length >= this.settings.idleConnections) return false
    this.idle.push(connection)
    return true
  }

  /** An idle connection was closed. */
  remove(connection: PooledConnection): void {
    const index = this.idle.indexOf(connection)
    if (index >= 0) this.idle.splice(index, 1)
  }

  closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.drop()
  }
}
