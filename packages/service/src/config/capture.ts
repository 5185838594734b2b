/**
 * `[capture]` and `[capture.NAME]` of every backend: which SYNs are captured and how.
 */
import type { BackendModule, CaptureOptions } from "../capture/backend.ts"
import { type Decoded, defaultsOf, key, type Keys, subTable, type Table, table } from "./table.ts"
import {
  duration,
  expectedOneOf,
  integer,
  InvalidValue,
  ipAddress,
  list,
  nonEmpty,
  oneOf,
  port,
  type Value
} from "./value.ts"

export type BackendChoice = "auto" | ReadonlyArray<string>

/** `auto`, or a chain in the order in which it is asked. */
function backendChoice(known: ReadonlyArray<string>): Value<BackendChoice> {
  const what = `auto | ${known.join(" | ")}, or a list such as ["saved-syn", "xdp"]`
  return {
    kind: "list",
    decode: (input) => {
      if (input === "auto" || (Array.isArray(input) && input.length === 1 && input[0] === "auto")) return "auto"
      const names: ReadonlyArray<unknown> = Array.isArray(input) ? input : [input]
      if (names.length === 0) return new InvalidValue(`expected ${what}, got an empty list`)
      for (const [n, name] of names.entries()) {
        if (!known.includes(name as string)) return expectedOneOf(what, name, [...known, "auto"])
        if (names.indexOf(name) !== n) return new InvalidValue(`${String(name)} is given twice`)
      }
      return names as ReadonlyArray<string>
    }
  }
}

/** A hash table of 2^24 slots is the most that a slab of 64-byte entries may cost: 1 GiB. */
const capacity = integer(1, 1 << 24)

const captureKeys = (backends: ReadonlyArray<string>) => ({
  backend: key("backend", backendChoice(backends), "auto", {
    reload: "restart",
    text: `Where SYNs come from: "auto", ${backends.map((name) => `"${name}"`).join(", ")}, or a list such as ["saved-syn", "xdp"], of which the first that has the SYN answers. "auto" takes what the process may use and logs what it can't use and why. A backend that is named here and cannot open ends the process (exit 77).`
  }),
  interfaces: key("interface", list(nonEmpty("the name of an interface")), [], {
    reload: "restart",
    text: "[] = all interfaces (pcap), that of the default route (xdp)."
  }),
  ports: key("ports", list(port), [], {
    reload: "live",
    text: "Server ports whose SYNs are kept. []: those that the proxy listens on, all for spoa."
  }),
  addresses: key("addresses", list(ipAddress), [], {
    reload: "live",
    text: "Server addresses whose SYNs are kept. []: all; 0.0.0.0 and :: mean the same."
  }),
  key: key("key", oneOf("connection", "client"), "connection", {
    reload: "live",
    text: '"connection": SYNs are found by both addresses and ports. "client": by the client\'s address and port alone, where server ports or addresses are rewritten between the network and HAProxy (Docker, nftables redirect, NodePort).'
  }),
  capacity: key("capacity", capacity, 65536, {
    reload: "restart",
    text: "SYNs that wait for their lookup; the oldest makes room. A SYN stays for capacity / SYNs per second: 65536 at 100,000/s are 0.65 s. xdp: 264 bytes of kernel memory each, 17 MB for 65536."
  }),
  maxAgeMs: key("max_age", duration(100, 3_600_000), "60 seconds", {
    reload: "restart",
    text: 'The oldest SYN that a first lookup may find; an older one is "stale".'
  })
})

/** With one table per backend that has keys of its own, by the name of the backend. */
export const captureTable = (backends: ReadonlyArray<BackendModule>): Table<ReturnType<typeof captureKeys>> =>
  table({
    ...captureKeys(backends.map(({ name }) => name)),
    ...Object.fromEntries(
      backends
        .filter(({ config }) => Object.keys(config.keys).length > 0)
        .map(({ name, config }) => [name, subTable(name, config)])
    )
  })

export interface CaptureConfig extends Decoded<ReturnType<typeof captureKeys>> {
  /** false: `[fingerprint] tcp_enabled = false`; nothing is opened, status is `disabled`. */
  readonly enabled: boolean
}

/** The decoded table of a backend. */
export const backendConfig = <K extends Keys>({ name, config }: BackendModule<K>, tables: object): Decoded<K> =>
  ((tables as Readonly<Record<string, unknown>>)[name] as Decoded<K> | undefined) ?? defaultsOf(config)

/** The options with which a backend is opened. `feed`: p0f mode or the p0f socket want every packet. */
export function captureOptions(capture: CaptureConfig, feed: boolean): CaptureOptions {
  const all = capture.addresses.includes("0.0.0.0") || capture.addresses.includes("::")
  return {
    filter: { ports: capture.ports, addresses: all ? [] : capture.addresses, key: capture.key },
    interfaces: capture.interfaces,
    capacity: capture.capacity,
    maxAgeMs: capture.maxAgeMs,
    feed,
    backends: capture as unknown as Readonly<Record<string, unknown>>
  }
}
