import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { HintPolicy, parseAddress } from "@synprint/core"
import { hintSettings } from "./hints.ts"
import { checkConfig, loadConfig } from "./load.ts"
import { plainProgram, plainSchema } from "../testing/programs.ts"
import { printProblem } from "./problem.ts"
import { readNetworkFile } from "./network-file.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-"))
afterAll(() => rmSync(directory, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

test("a published list, comments and empty lines", () => {
  const path = file(
    "relays.csv",
    "172.224.226.0/27,GB,GB-EN,London,\r\n2a02:26f7:b3c0:4000::/64,GB,GB-EN,London,\n\n# ours\n  198.51.100.7 # a gateway\n"
  )
  const { networks, problems } = readNetworkFile("p", path)
  expect(networks.print()).toEqual(["172.224.226.0/27", "2a02:26f7:b3c0:4000::/64", "198.51.100.7/32"])
  expect(problems).toEqual([])
})

test("lines that are no networks are reported with their numbers, the first three of them; the others count", () => {
  const path = file("bad.txt", `10.0.0.0/8\n10.0.0.1/8\n${"<html>\n".repeat(9)}`)
  const { networks, problems } = readNetworkFile("hints.relay_files[0]", path)
  expect(networks.print()).toEqual(["10.0.0.0/8"])
  expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, undefined])
  expect(problems[3]!.message).toBe("7 more lines are no networks")
  expect(printProblem(problems[0]!)).toContain("address bits are set beyond the prefix")
  expect(readNetworkFile("p", join(directory, "absent")).problems[0]!.message).toBe("cannot read the file: ENOENT")
})

test("in a configuration: --check reports what is wrong, the policy has the networks", async () => {
  const relays = file("good.txt", "192.0.2.0/24\n")
  const request = (text: string) => ({
    schema: plainSchema,
    program: plainProgram,
    file: file("config.toml", text),
    environment: {},
    flags: []
  })
  const config = await Effect.runPromise(
    loadConfig(request(`[hints]\nrelays = "198.51.100.0/24"\nrelay_files = "${relays}"\n`))
  )
  const policy = new HintPolicy(hintSettings(config.hints))
  const address = new Uint8Array(16)
  expect(policy.allowed(parseAddress("192.0.2.9", address), address, 0)).not.toBe(policy.enabled)
  expect(policy.allowed(parseAddress("198.51.100.9", address), address, 0)).not.toBe(policy.enabled)
  expect(policy.allowed(parseAddress("192.0.3.9", address), address, 0)).toBe(policy.enabled)
  const exit = await Effect.runPromiseExit(checkConfig(request(`[hints]\nrelay_files = ["${relays}", "/absent"]\n`)))
  expect(Exit.isFailure(exit) ? String(exit.cause) : "ok").toContain(
    "hints.relay_files[1]: cannot read the file: ENOENT"
  )
})
