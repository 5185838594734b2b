/**
 * A listener that can't be opened, and what to do.
 */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"
import { EXIT_FAILURE, EXIT_PRIVILEGE } from "./exit-codes.ts"
import { type ListenAddress, printListenAddress } from "../config/listen-address.ts"

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
