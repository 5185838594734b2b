import { afterEach, beforeEach, expect, test } from "bun:test"
import * as Option from "effect/Option"
import { programs, schema } from "./config-schema.ts"
import { configFile, configRequest, type DaemonFlags } from "./daemon-flags.ts"

const NOTHING: DaemonFlags = { config: Option.none(), backend: [], interface: [], set: [] }
const flagsOf = (flags: Partial<DaemonFlags>) => configRequest(schema, programs.proxy, { ...NOTHING, ...flags }).flags

const before = process.env["SYNPRINT_CONFIG"]
beforeEach(() => {
  delete process.env["SYNPRINT_CONFIG"]
})
afterEach(() => {
  if (before === undefined) delete process.env["SYNPRINT_CONFIG"]
  else process.env["SYNPRINT_CONFIG"] = before
})

test("no flag sets nothing", () => {
  const request = configRequest(schema, programs.proxy, NOTHING)
  expect(request).toEqual({ schema, program: programs.proxy, file: undefined, environment: process.env, flags: [] })
})

test("flags that are repeated are a list, in the order given; the listener is the program's own", () => {
  expect(flagsOf({ listen: ["127.0.0.1:1", "unix:/x"], backend: ["pcap"], interface: ["eth0", "eth1"] })).toEqual([
    { path: "proxy.listen", text: "127.0.0.1:1,unix:/x", source: "--listen" },
    { path: "capture.backend", text: "pcap", source: "--backend" },
    { path: "capture.interface", text: "eth0,eth1", source: "--interface" }
  ])
})

test("--set: up to the first equals sign is the name; without one the value is empty", () => {
  expect(flagsOf({ set: [" capture.max_age =1 s", "log.observations=a=b", "log.level", "=x"] })).toEqual(
    [
      ["capture.max_age", "1 s"],
      ["log.observations", "a=b"],
      ["log.level", ""],
      ["", "x"]
    ].map(([path, text]) => ({ path: path!, text: text!, source: "--set" }))
  )
})

test("--config weighs more than SYNPRINT_CONFIG; an empty variable names no file", () => {
  expect(configFile(Option.none())).toBeUndefined()
  expect(configFile(Option.some("a.toml"))).toBe("a.toml")
  process.env["SYNPRINT_CONFIG"] = "b.toml"
  expect(configFile(Option.none())).toBe("b.toml")
  expect(configFile(Option.some("a.toml"))).toBe("a.toml")
  process.env["SYNPRINT_CONFIG"] = ""
  expect(configFile(Option.none())).toBeUndefined()
})
