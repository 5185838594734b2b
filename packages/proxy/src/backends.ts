/**
 * The one file that names capture backends: adding one is a package and a line here. Each is imported when a chain asks for it.
 */
import { type BackendRegistry, savedSyn } from "@synprint/service"

export const backends: BackendRegistry = {
  "saved-syn": () => Promise.resolve({ backend: savedSyn }),
  xdp: () => import("@synprint/capture-xdp"),
  pcap: () => import("@synprint/capture-pcap")
}
