/**
 * One instance per listen address. Listeners that share a port (SO_REUSEPORT) or replace a stale unix socket would otherwise let
 * a second instance take half the traffic, or all of it.
 *
 * The lock is an abstract unix socket (unix(7)): it needs no directory and no right, belongs to the network namespace as the
 * address does, and the kernel lets it go with the process, however that ends.
 */
import { realpathSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { EXIT_FAILURE } from "./exit-codes.ts"
import { type ListenAddress, printListenAddress } from "../config/listen-address.ts"

export class AlreadyRunning extends Data.TaggedError("AlreadyRunning")<{
  readonly setting: string
  readonly address: string
}> {
  override get message(): string {
    return `cannot listen on ${this.address}: another synprint of this host serves it (stop it or change ${this.setting})`
  }
  override get [Runtime.errorExitCode](): number {
    return EXIT_FAILURE
  }
}

function lockName(address: ListenAddress): string {
  if (address.kind === "tcp") return printListenAddress(address)
  const directory = dirname(address.path)
  try {
    return join(realpathSync(directory), basename(address.path))
  } catch {
    return address.path // the directory is missing: the listener will say so
  }
}

/** Abstract names have 107 bytes at most; longer ones keep their hash. */
function socketName(address: ListenAddress): string {
  const name = lockName(address)
  return Buffer.byteLength(name) <= 80 ? `\0synprint ${name}` : `\0synprint ${Bun.hash(name).toString(16)}`
}

/** Held while the Scope is open. A port 0 is never shared. */
export const pidLock = (setting: string, address: ListenAddress): Effect.Effect<void, AlreadyRunning, Scope.Scope> =>
  address.kind === "tcp" && address.port === 0
    ? Effect.void
    : Effect.acquireRelease(
        Effect.try({
          try: () => {
            const held = Bun.listen<undefined>({
              unix: socketName(address),
              socket: { data() {}, open: (socket) => void socket.end() }
            })
            held.unref()
            return held
          },
          catch: () => new AlreadyRunning({ setting, address: printListenAddress(address) })
        }),
        (held) => Effect.sync(() => held.stop(true))
      ).pipe(Effect.asVoid)
