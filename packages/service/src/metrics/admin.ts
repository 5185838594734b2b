/**
 * Admin endpoints: `/live` (the process runs), `/ready` (200, or 503 with the reason), `/metrics` (Prometheus text).
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ListenAddress } from "../config/listen-address.ts"
import { type ListenError, listenError } from "../lifecycle/listen-error.ts"
import { type AlreadyRunning, pidLock } from "../lifecycle/pid-lock.ts"
import type { Metrics } from "./metrics.ts"
import { removeStale } from "../lifecycle/unix-socket.ts"

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
export const admin = (
  options: AdminOptions
): Effect.Effect<ReadonlyArray<ListenAddress>, ListenError | AlreadyRunning, Scope.Scope> =>
  Effect.forEach(options.listen, (address) => serve(options, address))

const serve = Effect.fnUntraced(function* (options: AdminOptions, address: ListenAddress) {
  const fetch = (request: Request): Response => respond(options, request)
  if (address.kind === "unix") {
    yield* pidLock("admin.listen", address)
    yield* removeStale("admin.listen", address)
  }
  const server = yield* Effect.acquireRelease(
    Effect.try({
      try: () =>
        address.kind === "unix"
          ? Bun.serve({ unix: address.path, fetch })
          : Bun.serve({ hostname: address.host, port: address.port, fetch }),
      catch: (cause) => listenError("admin.listen", address, cause)
    }),
    (opened) => Effect.promise(() => opened.stop(true))
  )
  const bound: ListenAddress =
    address.kind === "unix" ? address : { kind: "tcp", host: address.host, port: server.port ?? address.port }
  return bound
})
