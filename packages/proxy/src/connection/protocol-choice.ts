/**
 * Protocol choice: which client protocol serves a connection. Every connection begins with one; a TLS handshake may agree on another (ALPN,
 * RFC 7301).
 *
 * ```
 * accepted ──► open ──► first bytes                           without TLS, or without ALPN
 *                └──handshake──► agreed ──► first bytes       the client offered a name that the listener knows
 * ```
 */
import type { ClientConnection } from "./client-connection.ts"
import type { ClientProtocol } from "./client-protocol.ts"
import { Http1Protocol } from "./http1-protocol.ts"
import type { Services } from "./services.ts"

export interface ProtocolChoice {
  /** ALPN names that TLS listeners offer. */
  readonly offered: ReadonlyArray<string>
  /** The protocol with which every connection begins; a connection object for reuse keeps it. */
  open(connection: ClientConnection, services: Services): ClientProtocol
  /** The protocol of a name that both sides know; undefined: the first one stays. */
  agreed(name: string, connection: ClientConnection, services: Services): ClientProtocol | undefined
}

export const HTTP1_ALONE: ProtocolChoice = {
  offered: ["http/1.1"],
  open: (connection, services) => new Http1Protocol(connection, services),
  agreed: () => undefined
}
