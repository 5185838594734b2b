import { expect, test } from "bun:test"
import { passedSockets } from "./listen-fds.ts"

test("only sockets that were passed to this process", () => {
  expect(passedSockets({ LISTEN_PID: "7", LISTEN_FDS: "2", LISTEN_FDNAMES: "http:https" }, 7)).toEqual([
    { fd: 3, isTls: false },
    { fd: 4, isTls: true }
  ])
  expect(passedSockets({ LISTEN_PID: "7", LISTEN_FDS: "1" }, 7)).toEqual([{ fd: 3, isTls: false }])
  for (const wrong of [
    {},
    { LISTEN_FDS: "1" },
    { LISTEN_PID: "8", LISTEN_FDS: "1" },
    { LISTEN_PID: "7", LISTEN_FDS: "x" }
  ])
    expect(passedSockets(wrong, 7)).toEqual([])
})
