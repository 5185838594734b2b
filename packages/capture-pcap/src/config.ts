/**
 * `[capture.pcap]`.
 */
import { type BackendOptions, type Decoded, flag, integer, key, size, table } from "@synprint/service/config"

export const PcapTable = table({
  snaplen: key("snaplen", integer(96, 65535), 256, {
    reload: "restart",
    text: "Bytes that are captured of a packet: 256 hold every header. p0f mode and the p0f socket take whole packets beside it."
  }),
  bufferBytes: key("buffer", size(64 * 1024, 2 ** 31 - 1), "16 MiB", {
    reload: "restart",
    text: "The kernel's ring of each interface."
  }),
  promiscuous: key("promiscuous", flag, false, {
    reload: "restart",
    text: "true: packets that are not addressed to this host too, on interfaces that are named."
  })
})

export type PcapConfig = Decoded<typeof PcapTable.keys>
export type PcapOptions = BackendOptions<PcapConfig>
