import { expect, test } from "bun:test"
import { release } from "node:os"
import { isKernelAtLeast, kernelVersion } from "./kernel-version.ts"

test("major and minor number of what uname reports", () => {
  expect(kernelVersion("6.18.2-cloud-amd64")).toEqual([6, 18])
  expect(kernelVersion("5.4")).toEqual([5, 4])
  expect(kernelVersion("6.1-rc3")).toEqual([6, 1])
  expect(kernelVersion("7")).toEqual([7, 0])
  expect(release().startsWith(kernelVersion().join("."))).toBe(true)
})

test("a version is compared by major, then minor number", () => {
  const at = (text: string): boolean => isKernelAtLeast(5, 8, kernelVersion(text))
  expect(["4.19.1", "5.7.9", "5.8.0", "5.10.1", "6.0.0"].map(at)).toEqual([false, false, true, true, true])
})
