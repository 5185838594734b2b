import { expect, test } from "bun:test"
import { isBpfFileSystem } from "./bpf-file-system.ts"

test("other file systems are none, a path that is not there is an error", () => {
  expect([isBpfFileSystem("/"), isBpfFileSystem("/proc")]).toEqual([false, false])
  expect(() => isBpfFileSystem("/nowhere")).toThrow("ENOENT")
})
