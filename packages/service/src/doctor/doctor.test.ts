import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { check } from "./check.ts"
import { configurationChecks } from "./haproxy.ts"
import { kernelAtLeast } from "./host.ts"
import { doctor, hasFailed, printChecks } from "./doctor.ts"

test("HAProxy's configuration: the filter, and the deletion of client copies", () => {
  const results = (text: string) => configurationChecks(text).map(({ name, result }) => `${name} ${result}`)
  expect(results("frontend f\n  bind :80\n  # filter spoe engine x\n")).toEqual(["haproxy filter warn"])
  const filter = "frontend f\n  filter spoe engine synprint config x\n"
  expect(results(filter)).toEqual(["haproxy filter ok", "haproxy headers warn"])
  expect(results(`${filter}  http-request del-header x-tcp- -m beg\n`)).toEqual([
    "haproxy filter ok",
    "haproxy headers ok"
  ])
})

test("kernel versions", () => {
  expect(kernelAtLeast(5, 8, "5.8.0-1-amd64")).toBe(true)
  expect(kernelAtLeast(5, 8, "5.7.19")).toBe(false)
  expect(kernelAtLeast(5, 8, "6.1.0")).toBe(true)
  expect(kernelAtLeast(5, 8, "4.19")).toBe(false)
})

test("with auto a backend that can't work is passed over, unless none can", async () => {
  const registry = (result: "ok" | "fail") => ({
    one: async () => ({
      backend: {
        name: "one",
        open: () => Effect.die("not opened by doctor"),
        doctor: () => Effect.succeed([check("one", result, "x", "y")])
      }
    })
  })
  const request = {
    program: "spoa",
    file: undefined,
    environment: { SYNPRINT_ADMIN_LISTEN: "", SYNPRINT_SPOA_LISTEN: "unix:/nowhere/s" },
    flags: []
  } as const
  const capture = async (result: "ok" | "fail") =>
    (await Effect.runPromise(doctor(request, registry(result))))
      .filter(({ name }) => name === "one" || name === "capture")
      .map((each) => `${each.name} ${each.result}`)
  expect(await capture("ok")).toEqual(["one ok"])
  expect(await capture("fail")).toEqual(["one warn", "capture fail"])
})

test("columns, and the next step below", () => {
  const checks = [check("a", "ok", "fine"), check("long name", "fail", "bad", "do this")]
  expect(printChecks(checks)).toBe("ok    a          fine\nfail  long name  bad\n                 -> do this")
  expect(hasFailed(checks)).toBe(true)
  expect(hasFailed(checks.slice(0, 1))).toBe(false)
})
