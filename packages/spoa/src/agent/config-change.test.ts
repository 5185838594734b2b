import { expect, test } from "bun:test"
import { parseConfig } from "@synprint/service"
import * as Result from "effect/Result"
import { needsRestart } from "./config-change.ts"

function configOf(text: string) {
  const result = parseConfig({ program: "spoa", file: "test.toml", text, environment: {}, flags: [] })
  if (Result.isFailure(result)) throw result.failure
  return result.success
}

test("keys that a running agent can't take over are named as the file spells them", () => {
  const before = configOf("")
  const after = configOf(`
[spoa]
listen = ["127.0.0.1:9009"]
max_frame_size = 4096
variables = ["os"]
[capture]
ports = [443]
max_age = "5 seconds"
[fingerprint]
databases = ["/etc/p0f/p0f.fp"]
[p0f_api]
`)
  expect(needsRestart(before, after).toSorted()).toEqual([
    "capture.max_age",
    "p0f_api",
    "spoa.listen",
    "spoa.max_frame_size"
  ])
})

test("nothing changed, nothing to say; what is reloaded is not named", () => {
  expect(needsRestart(configOf(""), configOf(""))).toEqual([])
  expect(
    needsRestart(configOf(""), configOf('[spoa]\nvariables = ["status", "os"]\n[capture]\nports = [80]\n'))
  ).toEqual([])
})
