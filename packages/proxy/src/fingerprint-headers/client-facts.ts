/**
 * Client facts: what is known about a client, in the form in which every request of its connection carries it to the upstream. A value, but
 * for `connectionHeaders`: the connection owns that buffer, and appends its round trips before the first request.
 */
import type { ConnectionHints } from "@synprint/core"
import { HeaderLines } from "../http1/header-lines.ts"
import type { ForwardedFacts } from "../http1/request-writer.ts"

export interface ClientFacts extends ForwardedFacts {
  /** Hints about the connection; undefined: no header reports hints. */
  readonly hints: ConnectionHints | undefined
}

const EMPTY: Uint8Array = new Uint8Array(0)

/** The facts about a client that is not identified yet. */
export const UNIDENTIFIED: ClientFacts = {
  forwarded: EMPTY,
  address: EMPTY,
  scheme: EMPTY,
  port: EMPTY,
  isTrusted: false,
  fingerprintHeaders: EMPTY,
  connectionHeaders: new HeaderLines(),
  hints: undefined
}
