/**
 * Client table: the open connections, and a free list of connection objects for reuse. A connection is a dozen objects; allocating them anew
 * for every request of clients that close after each cost 5 % of all CPU time.
 */
import type { ClientConnection } from "./client-connection.ts"

/** Length of the free list; each object keeps about 2 KiB. */
const FREE_MAX = 512

export class ClientTable {
  readonly #make: () => ClientConnection
  readonly #open: Array<ClientConnection> = []
  readonly #free: Array<ClientConnection> = []

  constructor(make: () => ClientConnection) {
    this.#make = make
  }

  get size(): number {
    return this.#open.length
  }

  /** Returns an object for an accepted connection; the caller calls its `begin`. */
  acquire(): ClientConnection {
    const client = this.#free.pop() ?? this.#make()
    client.index = this.#open.push(client) - 1
    return client
  }

  /** `isReusable`: no other object holds a reference. */
  release(client: ClientConnection, isReusable: boolean): void {
    const { index } = client
    const last = this.#open.pop()!
    if (last !== client) {
      this.#open[index] = last
      last.index = index
    }
    if (isReusable && this.#free.length < FREE_MAX) this.#free.push(client)
  }

  /** A copy of the list of open connections, since some may close during an iteration. */
  all(): ReadonlyArray<ClientConnection> {
    return [...this.#open]
  }
}
