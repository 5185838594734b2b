import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { explainSignature, type ExplainOptions } from "./explain.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-explain-"))
afterAll(() => rmSync(directory, { recursive: true }))

const SIGNATURE = "4:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"

const options = (more: Partial<ExplainOptions> = {}): ExplainOptions => ({
  signature: SIGNATURE,
  databases: [],
  response: false,
  format: "text",
  ...more
})
const explained = (more?: Partial<ExplainOptions>) => Effect.runPromise(explainSignature(options(more)))
const refused = (more?: Partial<ExplainOptions>) => Effect.runPromise(Effect.flip(explainSignature(options(more))))

test("by the built-in database when none is named, as text or as JSON", async () => {
  expect(await explained()).toContain("Linux 4.20 or newer")
  expect(JSON.parse(await explained({ format: "json" })).match.line.title).toBe("Linux 4.20 or newer")
})

test("by the databases that are named alone, as a SYN or as a SYN+ACK", async () => {
  const file = join(directory, "own.fp")
  const line = "sig = *:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0\n"
  const section = (name: string, label: string) => `[tcp:${name}]\nlabel = s:unix:${label}:1\n${line}`
  writeFileSync(file, `classes = unix\n${section("request", "Asker")}${section("response", "Answerer")}`)
  const title = async (response: boolean) =>
    JSON.parse(await explained({ databases: [file], response, format: "json" })).match.line.title
  expect([await title(false), await title(true)]).toEqual(["Asker 1", "Answerer 1"])
})

test("what is no signature: the place where it ends to be one", async () => {
  const error = await refused({ signature: "4:64:0:*" })
  expect([error._tag, error.message.split("\n")[0]]).toEqual([
    "UsageError",
    expect.stringMatching(/^this is no signature: ./)
  ])
  expect(error.message.split("\n").slice(1)).toEqual(["  4:64:0:*", expect.stringMatching(/^ {2} *\^$/)])
  const wrong = await refused({ signature: SIGNATURE.replace("mss,sok", "mss,nonsense") })
  const [, shown, pointer] = wrong.message.split("\n")
  expect(shown!.slice(pointer!.length - 1)).toStartWith("nonsense")
})

test("a database that is not there is a problem of the configuration", async () => {
  expect(await refused({ databases: [join(directory, "none.fp")] })).toMatchObject({ _tag: "ConfigInvalid" })
})
