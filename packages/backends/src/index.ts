/**
 * @synprint/backends: the one list of capture backends. Adding a backend is a package and a line here; configuration, `auto`, metrics
 * and `doctor` follow. A module is a description: its code is loaded when a chain or `doctor` asks for it.
 */
import { pcap } from "@synprint/capture-pcap"
import { xdp } from "@synprint/capture-xdp"
import { type BackendModule, savedSyn } from "@synprint/service"

export const backends: ReadonlyArray<BackendModule> = [savedSyn, pcap, xdp]
