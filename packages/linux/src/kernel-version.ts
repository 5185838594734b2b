/**
 * Version of the running kernel, as uname(2) reports it: `6.18.2-cloud-amd64`.
 */
import { release } from "node:os"

/** Major and minor number. */
export type KernelVersion = readonly [major: number, minor: number]

export function kernelVersion(text: string = release()): KernelVersion {
  const [major = 0, minor = 0] = text.split(/[.-]/).map(Number)
  return [major, minor]
}

export function isKernelAtLeast(major: number, minor: number, [a, b]: KernelVersion = kernelVersion()): boolean {
  return a > major || (a === major && b >= minor)
}
