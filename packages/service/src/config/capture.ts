/**
 * `[capture]`, `[capture.pcap]`, `[capture.xdp]`: which SYNs are captured and how.
 */
import {
  expected,
  duration,
  fileMode,
  flag,
  integer,
  ipAddress,
  list,
  nonEmpty,
  oneOf,
  port,
  size,
  text,
  value,
  InvalidValue
} from "./value.ts"
import { type Decoded, key, subTable, table, type Value } from "./key.ts"
import type { CaptureOptions } from "../capture/backend.ts"
import { nearest } from "./nearest.ts"

export const BACKENDS = ["saved-syn", "pcap", "xdp"] as const
export type BackendName = (typeof BACKENDS)[number]

/** `auto`, or the chain in the order in which it is asked. */
const backend: Value<"auto" | ReadonlyArray<BackendName>> = value("list", (input) => {
  if (input === "auto" || (Array.isArray(input) && input.length === 1 && input[0] === "auto")) return "auto"
  const names: ReadonlyArray<unknown> = Array.isArray(input) ? input : [input]
  const known = 'auto | saved-syn | pcap | xdp, or a list such as ["saved-syn", "xdp"]'
  if (names.length === 0) return new InvalidValue(`expected ${known}, got an empty list`)
  for (const [n, name] of names.entries()) {
    if (!(BACKENDS as ReadonlyArray<unknown>).includes(name)) {
      const meant = typeof name === "string" ? nearest(name, [...BACKENDS, "auto"]) : undefined
      return new InvalidValue(
        `${expected(known, name).message}${meant === undefined ? "" : `: did you mean "${meant}"?`}`
      )
    }
    if (names.indexOf(name) !== n) return new InvalidValue(`${String(name)} is given twice`)
  }
  return names as ReadonlyArray<BackendName>
})

/** A hash table of 2^24 slots is the most that a slab of 64-byte entries may cost: 1 GiB. */
const capacity = integer(1, 1 << 24)

const PcapTable = table({
  /** Bytes of a packet; 256 hold every header. The packet feed of p0f mode takes whole packets. */
  snaplenBytes: key("snaplen", integer(96, 65535), 256),
  bufferBytes: key("buffer", size(64 * 1024, 2 ** 31 - 1), "16 MiB"),
  promiscuous: key("promiscuous", flag, false)
})

const XdpTable = table({
  hook: key("hook", oneOf("auto", "native", "generic", "tc", "cgroup"), "auto"),
  cgroup: key("cgroup", text, ""),
  pin: key("pin", nonEmpty("an absolute path in a bpf file system"), "/sys/fs/bpf/synprint"),
  pinMode: key("pin_mode", fileMode, "0640"),
  pinGroup: key("pin_group", text, ""),
  attach: key("attach", flag, true)
})

export const CaptureTable = table({
  backend: key("backend", backend, "auto"),
  /** [] = any (pcap), that of the default route (xdp). */
  interfaces: key("interface", list(nonEmpty("the name of an interface")), []),
  /** Server ports; [] = the proxy's own, all for the agent. */
  ports: key("ports", list(port), []),
  /** Server addresses; [] = all. `0.0.0.0` and `::` mean the same and are removed by `captureOptions`. */
  addresses: key("addresses", list(ipAddress), []),
  key: key("key", oneOf("connection", "client"), "connection"),
  capacity: key("capacity", capacity, 65536),
  maxAgeMs: key("max_age", duration(100, 3_600_000), "60 seconds"),
  pcap: subTable("pcap", PcapTable),
  xdp: subTable("xdp", XdpTable)
})

export type CaptureConfig = Decoded<typeof CaptureTable.keys>

/** What a backend is opened with. `feed`: p0f mode or the p0f socket want every packet. */
export function captureOptions(capture: CaptureConfig, feed: boolean): CaptureOptions {
  const all = capture.addresses.includes("0.0.0.0") || capture.addresses.includes("::")
  return {
    filter: { ports: capture.ports, addresses: all ? [] : capture.addresses, key: capture.key },
    interfaces: capture.interfaces,
    capacity: capture.capacity,
    maxAgeMs: capture.maxAgeMs,
    feed,
    pcap: {
      snaplen: capture.pcap.snaplenBytes,
      bufferBytes: capture.pcap.bufferBytes,
      promiscuous: capture.pcap.promiscuous
    },
    xdp: capture.xdp
  }
}
