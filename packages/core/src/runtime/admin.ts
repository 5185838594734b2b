/**
 * Admin endpoints: `/live` (the process runs), `/ready` (200, or 503 with the reason), `/metrics` (Prometheus text).
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { EXIT_FAILURE, EXIT_PRIVILEGE } from "./exit-codes.ts"
import { type ListenAddress, printListenAddress } from "./listen-address.ts"
import type { Metrics } from "./metrics.ts"

/** A listener can't be opened: exit 77 when the address needs a right, else 1. */
export class ListenError extends Data.TaggedError("ListenError")<{
  /** The key that names the address: "spoa.listen". */
  readonly setting: string
  readonly address: string
  readonly code: string
  readonly cause?: unknown
}> {
  override get message(): string {
    const hint =
      this.code === "EADDRINUSE"
        ? `another process listens there: stop it or change ${this.setting}`
        : this.code === "EACCES" || this.code === "EPERM"
          ? "the process may not: ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE, a unix socket write access to its directory"
          : this.code === "EADDRNOTAVAIL"
            ? `no interface has this address: change ${this.setting}`
            : `check ${this.setting}`
    return `cannot listen on ${this.address}: ${this.code} (${hint})`
  }
  override get [Runtime.errorExitCode](): number {
    return this.code === "EACCES" || this.code === "EPERM" ? EXIT_PRIVILEGE : EXIT_FAILURE
  }
}

/** From what Bun.listen or Bun.serve threw. */
export const listenError = (setting: string, address: ListenAddress, cause: unknown): ListenError =>
  new ListenError({
    setting,
    address: printListenAddress(address),
    code: (cause as NodeJS.ErrnoException | undefined)?.code ?? String((cause as Error | undefined)?.message ?? cause),
    cause
  })

export interface AdminOptions {
  readonly listen: ReadonlyArray<ListenAddress>
  readonly metrics: Metrics
  /** Why no traffic should come, undefined when ready. Asked on every request. */
  readonly ready: () => string | undefined
}

const plain = (text: string, status = 200): Response =>
  new Response(`${text}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } })

function respond(options: AdminOptions, request: Request): Response {
  const { pathname } = new URL(request.url)
  if (pathname !== "/live" && pathname !== "/ready" && pathname !== "/metrics")
    return plain("not found: /live, /ready and /metrics are here", 404)
  if (request.method !== "GET" && request.method !== "HEAD") return plain("method not allowed", 405)
  if (pathname === "/live") return plain("ok")
  if (pathname === "/metrics") {
    return new Response(options.metrics.text(), {
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" }
    })
  }
  const reason = options.ready()
  return reason === undefined ? plain("ok") : plain(reason, 503)
}

/** Serves while the Scope is open; gives the addresses that were bound (a port 0 becomes the real one). */
export const admin = (options: AdminOptions): Effect.Effect<ReadonlyArray<ListenAddress>, ListenError, Scope.Scope> =>
  Effect.forEach(options.listen, (address) =>
    Effect.acquireRelease(
      Effect.try({
        try: () => {
          const fetch = (request: Request): Response => respond(options, request)
          return address.kind === "unix"
            ? Bun.serve({ unix: address.path, fetch })
            : Bun.serve({ hostname: address.host, port: address.port, fetch })
        },
        catch: (cause) => listenError("admin.listen", address, cause)
      }),
      (server) => Effect.promise(() => server.stop(true))
    ).pipe(
      Effect.map((server): ListenAddress =>
        address.kind === "unix" ? address : { kind: "tcp", host: address.host, port: server.port ?? address.port }
      )
    )
  )
