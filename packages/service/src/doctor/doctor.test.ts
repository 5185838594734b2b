import { expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { BackendModule } from "../capture/backend.ts"
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

/** The checks of a program without listeners, for variables of the environment. */
const checksFor = (environment: Readonly<Record<string, string>>, backends: ReadonlyArray<BackendModule> = []) =>
  Effect.runPromise(
    doctor({
      schema: new ConfigSchema([plainProgram], backends),
      program: { ...plainProgram, listeners: () => [] },
      file: undefined,
      environment: { SYNPRINT_ADMIN_LISTEN: "", ...environment },
      flags: []
    })
  )

test("a configuration without a fault: its name, the databases, the interfaces that it names", async () => {
  const checks = await checksFor({ SYNPRINT_CAPTURE_INTERFACE: "lo,none0" })
  expect(checks[0]).toEqual({ name: "configuration", result: "ok", detail: "defaults (no file)", next: undefined })
  expect(checks[1]).toMatchObject({ name: "databases", result: "ok" })
  expect(checks[1]!.detail).toMatch(/^builtin: [1-9]\d+ signatures$/)
  expect(checks.find(({ name }) => name === "interface none0")).toMatchObject({ result: "fail" })
  expect(checks.some(({ name }) => name === "interface lo")).toBe(true)
})

test("databases: the first five warnings of the file, or where it is wrong; the configuration by its file", async () => {
  const directory = mkdtempSync(join(tmpdir(), "synprint-doctor-"))
  const file = join(directory, "own.fp")
  const databases = async (text: string) => {
    writeFileSync(file, text)
    return (await checksFor({ SYNPRINT_FINGERPRINT_DATABASES: file })).filter(({ name }) => name === "databases")
  }
  try {
    const head = "classes = unix\n[tcp:request]\nlabel = s:unix:X:1\n"
    const line = "sig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0\n"
    expect(await databases(head + line.repeat(9))).toEqual([
      { name: "databases", result: "ok", detail: expect.stringContaining(`${file}: `), next: undefined },
      ...Array.from({ length: 5 }, () => ({
        name: "databases",
        result: "warn" as const,
        detail: expect.stringContaining("own.fp"),
        next: "remove or correct the line"
      }))
    ])
    const [wrong] = await databases(`${head}sig = 4:64\n`)
    expect(wrong).toMatchObject({ result: "fail", next: "correct the file or fingerprint.databases" })
    expect(wrong!.detail).toStartWith(`${file}:4: `)
    rmSync(file)
    const absent = (await checksFor({ SYNPRINT_FINGERPRINT_DATABASES: file })).find(({ name }) => name === "databases")
    expect(absent!.detail).toStartWith(`${file}: cannot read the database: ENOENT`)
    const config = join(directory, "config.toml")
    writeFileSync(config, "")
    const [first] = await Effect.runPromise(
      doctor({
        schema: new ConfigSchema([plainProgram], []),
        program: { ...plainProgram, listeners: () => [] },
        file: config,
        environment: { SYNPRINT_ADMIN_LISTEN: "" },
        flags: []
      })
    )
    expect(first).toMatchObject({ name: "configuration", result: "ok", detail: config })
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test("backends: those that are named, in their order, with their own tables and the feed that the program wants", async () => {
  const asked: Array<unknown> = []
  const backend = (name: string, rank: number) =>
    makeFakeModule(name, () => makeFakeBackend(name), {
      autoRank: rank,
      load: async () => ({
        open: () => Effect.succeed(makeFakeBackend(name)),
        doctor: ({ feed, capacity }) => {
          asked.push([name, feed, capacity])
          return Effect.succeed([check(name, "ok", "works")])
        }
      })
    })
  const broken = makeFakeModule("broken", () => makeFakeBackend("broken"), {
    autoRank: 3,
    load: () => Promise.reject(new Error("no libbpf"))
  })
  const backends = [backend("second", 2), backend("first", 1), broken]
  const named = async (environment: Readonly<Record<string, string>>) =>
    (await checksFor({ SYNPRINT_CAPTURE_CAPACITY: "7", ...environment }, backends))
      .filter(({ name }) => ["first", "second", "broken", "capture"].includes(name))
      .map(({ name, result, detail }) => `${name} ${result} ${detail}`)
  expect(await named({})).toEqual([
    "first ok works",
    "second ok works",
    expect.stringMatching(/^broken fail cannot be loaded: .*no libbpf/)
  ])
  expect(asked).toEqual([
    ["first", false, 7],
    ["second", false, 7]
  ])
  expect(await named({ SYNPRINT_CAPTURE_BACKEND: "second" })).toEqual(["second ok works"])
  expect(await named({ SYNPRINT_FINGERPRINT_TCP_ENABLED: "false" })).toEqual([
    "capture warn fingerprint.tcp_enabled = false turns it off: every status is disabled"
  ])
  // Without any check nothing is said of all of them.
  const silent = makeFakeModule("silent", () => makeFakeBackend("silent"))
  expect((await checksFor({}, [silent])).some(({ name }) => name === "capture")).toBe(false)
})

test("a text that can't be parsed leaves the checks of the host", async () => {
  const checks = await Effect.runPromise(
    doctor({
      schema: new ConfigSchema([plainProgram], []),
      program: plainProgram,
      file: "/none.toml",
      environment: {},
      flags: []
    })
  )
  expect(checks[0]).toMatchObject({ name: "configuration", result: "fail", next: "name the file with --config" })
  expect(checks[1]!.name).toBe("bun")
  expect(checks.some(({ name }) => name === "databases")).toBe(false)
})
