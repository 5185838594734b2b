import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { ConfigSchema } from "../config/schema.ts"
import { makeFakeBackend, makeFakeModule } from "../testing/fake-backend.ts"
import { plainProgram } from "../testing/programs.ts"
import { check } from "./check.ts"
import { isKernelAtLeast, kernelVersion } from "@synprint/linux"
import { doctor, hasFailed, printChecks } from "./doctor.ts"

test("kernel versions", () => {
  expect(isKernelAtLeast(5, 8, kernelVersion("5.8.0-1-amd64"))).toBe(true)
  expect(isKernelAtLeast(5, 8, kernelVersion("5.7.19"))).toBe(false)
  expect(isKernelAtLeast(5, 8, kernelVersion("6.1.0"))).toBe(true)
  expect(isKernelAtLeast(5, 8, kernelVersion("4.19"))).toBe(false)
})

test("with auto a backend that can't work is passed over, unless none can; the program's own checks come last", async () => {
  const program = { ...plainProgram, listeners: () => [], doctor: async () => [check("own", "ok", "x")] }
  const capture = async (result: "ok" | "fail", backend = "auto") => {
    const one = makeFakeModule("one", () => makeFakeBackend("one"), { checks: [check("one", result, "x", "y")] })
    const checks = await Effect.runPromise(
      doctor({
        schema: new ConfigSchema([program], [one]),
        program,
        file: undefined,
        environment: { SYNPRINT_ADMIN_LISTEN: "", SYNPRINT_CAPTURE_BACKEND: backend },
        flags: []
      })
    )
    expect(checks.at(-1)!.name).toBe("own")
    return checks
      .filter(({ name }) => name === "one" || name === "capture")
      .map((each) => `${each.name} ${each.result}`)
  }
  expect(await capture("ok")).toEqual(["one ok"])
  expect(await capture("fail")).toEqual(["one warn", "capture fail"])
  expect(await capture("fail", "one")).toEqual(["one fail"])
})

test("a configuration that is wrong: what is wrong, and the checks of the rest with defaults", async () => {
  const checks = await Effect.runPromise(
    doctor({
      schema: new ConfigSchema([plainProgram], []),
      program: { ...plainProgram, listeners: () => [] },
      file: undefined,
      environment: { SYNPRINT_ADMIN_LISTEN: "", SYNPRINT_CAPTURE_CAPACITY: "many" },
      flags: []
    })
  )
  expect(checks[0]).toMatchObject({ name: "configuration", result: "fail" })
  expect(checks[0]!.detail).toStartWith("SYNPRINT_CAPTURE_CAPACITY: capture.capacity: expected")
  expect(checks.some(({ name }) => name === "databases")).toBe(true)
})

test("columns, and the next step below", () => {
  const checks = [check("a", "ok", "fine"), check("long name", "fail", "bad", "do this")]
  expect(printChecks(checks)).toBe("ok    a          fine\nfail  long name  bad\n                 -> do this")
  expect(hasFailed(checks)).toBe(true)
  expect(hasFailed(checks.slice(0, 1))).toBe(false)
})
