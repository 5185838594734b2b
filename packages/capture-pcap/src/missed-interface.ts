/**
 * Finds the interface of the SYN of a missed connection if that interface is not captured: the likeliest mistake in a set-up.
 */
import { networkInterfaces } from "node:os"
import { CONNECTION_KEY_BYTES, printAddress } from "@synprint/core"
import { ANY } from "./handle.ts"

/** Offsets of the addresses in Connection.key. */
const KEY_CLIENT = 8
const KEY_SERVER = 24

export interface InterfaceAddress {
  readonly interface: string
  readonly address: string
}

/** Remembers the last missed connection; cheap, it is called per miss. */
export class MissedConnection {
  count = 0
  readonly #key = new Uint8Array(CONNECTION_KEY_BYTES)

  note(key: Uint8Array): void {
    this.count++
    const last = this.#key
    for (let i = 0; i < CONNECTION_KEY_BYTES; i++) last[i] = key[i]!
  }

  /** Explains the misses since the last call to the operator; undefined: their cause is not known. */
  explain(captured: ReadonlyArray<string>, addresses: ReadonlyArray<InterfaceAddress>): string | undefined {
    const count = this.count
    this.count = 0
    if (count === 0 || captured.includes(ANY)) return undefined
    const family = this.#key[0] === 4 ? 4 : 6
    const client = printAddress(family, this.#key, KEY_CLIENT)
    const server = printAddress(family, this.#key, KEY_SERVER)
    const cause = missedInterface(client, server, captured, addresses)
    if (cause === undefined) return undefined
    return (
      `pcap: ${count} lookups found no SYN: ${cause.address} is on ${cause.interface}, which is not captured ` +
      `(captured: ${captured.join(", ")}; add it to [capture] interface)`
    )
  }
}

/** The interface that should be captured too. A client on this machine reaches any of its addresses through `lo`. */
export function missedInterface(
  client: string,
  server: string,
  captured: ReadonlyArray<string>,
  addresses: ReadonlyArray<InterfaceAddress>
): InterfaceAddress | undefined {
  const holder = addresses.find((entry) => entry.address === server)
  if (holder === undefined) return undefined
  const isLocal = client === server || addresses.some((entry) => entry.address === client)
  const needed = isLocal ? { interface: "lo", address: server } : holder
  return captured.includes(needed.interface) ? undefined : needed
}

/** Reads the addresses of this network namespace; for once a minute. */
export function interfaceAddresses(): ReadonlyArray<InterfaceAddress> {
  const found: Array<InterfaceAddress> = []
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    for (const entry of entries ?? []) found.push({ interface: name, address: entry.address })
  }
  return found
}
