/**
 * The p0f API socket: a unix listener that clients of p0f use unchanged.
 *
 * Where p0f itself fails we don't: a client that half-closes or a full client table costs no busy loop, and thousands may connect.
 */
import type { ListenAddress, SocketFile } from "@synprint/service"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type P0fCounters, P0fSession, type Reply } from "./session.ts"
import { type OpenError, openListener } from "../agent/server.ts"

export interface P0fSocketOptions {
  readonly path: string
  readonly file: SocketFile
  readonly reply: Reply
  readonly counters: P0fCounters
  /** Clients beyond that are closed at once. */
  readonly clients: number
  readonly stallTimeoutMs?: number
  readonly shutdownMs?: number
}

/** Serves while the Scope is open. */
export const serveP0fSocket = (options: P0fSocketOptions): Effect.Effect<ListenAddress, OpenError, Scope.Scope> =>
  openListener({
    setting: "p0f_api.socket",
    address: { kind: "unix", path: options.path },
    file: options.file,
    accept: () => new P0fSession(options.reply, options.counters),
    counters: options.counters,
    connections: options.clients,
    ...(options.stallTimeoutMs === undefined ? {} : { stallTimeoutMs: options.stallTimeoutMs }),
    ...(options.shutdownMs === undefined ? {} : { shutdownMs: options.shutdownMs })
  })
