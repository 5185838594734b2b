/**
 * Client table: the connections that are open, and some that are over and become the next ones. A connection is a dozen objects; making
 * them anew for every request of clients that close after each cost 5 % of all CPU time.
 */
import { ClientConnection } from "./client-connection.ts"
import type { ProxyServer } from "../worker/proxy-server.ts"

/** Connections that come and go at the same time; each keeps about 2 KiB. */
const SPARE_MAX = 512

export class ClientTable {
  readonly #server: ProxyServer
  readonly #open: Array<ClientConnection> = []
  readonly #spare: Array<ClientConnection> = []

  constructor(server: ProxyServer) {
    this.#server = server
  }

  get size(): number {
    return this.#open.length
  }

  /** One for a connection that was accepted: its `begin` comes next. */
  add(): ClientConnection {
    const client = this.#spare.pop() ?? new ClientConnection(this.#server)
    client.place = this.#open.push(client) - 1
    return client
  }

  /** `isReusable`: nobody knows of it any more. */
  remove(client: ClientConnection, isReusable: boolean): void {
    const { place } = client
    const last = this.#open.pop()!
    if (last !== client) {
      this.#open[place] = last
      last.place = place
    }
    if (isReusable && this.#spare.length < SPARE_MAX) this.#spare.push(client)
  }

  /** Those that are open now: some may close while they are gone through. */
  all(): ReadonlyArray<ClientConnection> {
    return [...this.#open]
  }
}
