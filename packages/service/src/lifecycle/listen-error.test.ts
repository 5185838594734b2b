import { expect, test } from "bun:test"
import * as Runtime from "effect/Runtime"
import { listenError } from "./listen-error.ts"

const address = { kind: "tcp", host: "127.0.0.1", port: 80 } as const
const errorOf = (cause: unknown) => listenError("spoa.listen", address, cause)

test.each([
  ["EADDRINUSE", 1, "another process listens there: stop it or change spoa.listen"],
  ["EADDRNOTAVAIL", 1, "no interface has this address: change spoa.listen"],
  ["EACCES", 77, expect.stringContaining("CAP_NET_BIND_SERVICE")],
  ["EPERM", 77, expect.stringContaining("CAP_NET_BIND_SERVICE")],
  ["EINVAL", 1, "check spoa.listen"]
] as const)("%s is exit %d, with what to do", (code, exit, hint) => {
  const error = errorOf(Object.assign(new Error("no"), { code }))
  expect(error[Runtime.errorExitCode]).toBe(exit)
  const [, said] = /^cannot listen on 127\.0\.0\.1:80: [A-Z]+ \((.*)\)$/.exec(error.message)!
  expect(said).toEqual(hint)
})

test("whatever was thrown is told", () => {
  expect(errorOf(new Error("why")).code).toBe("why")
  expect(errorOf("text").code).toBe("text")
  expect(errorOf(undefined).code).toBe("undefined")
})
