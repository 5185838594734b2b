/**
 * @synprint/linux: the kernel, asked once. Everything here reads /proc and loads no native library; sockets are in @synprint/linux/sockets.
 */
export { isBpfFileSystem } from "./bpf-file-system.ts"
export { defaultInterfaces, interfaceNames, parseProcNetDev } from "./interfaces.ts"
export { isKernelAtLeast, type KernelVersion, kernelVersion } from "./kernel-version.ts"
export { CAPABILITIES, type Capability, hasCapability, isSeccompFiltered, readProcessStatus } from "./process-status.ts"
