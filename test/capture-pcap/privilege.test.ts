/** As uid 65534: CAP_NET_RAW is enough, without it the error says what to grant, and the grant works as it is written. */
import { afterAll, beforeAll, describe, expect } from "bun:test"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { asNobody, bundle } from "../lib/capability.ts"
import { clientLinks } from "../lib/links.ts"
import { start } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { connections } from "../lib/connections.ts"

const NEEDS = [requires.netns, requires.binaries("setpriv")]
const { one: link } = await clientLinks(NEEDS)
let directory: string
let probe: ReadonlyArray<string>

beforeAll(async () => {
  if (NEEDS.some((need) => need.missing !== undefined)) return
  directory = mkdtempSync(path.join(os.tmpdir(), "synprint-"))
  chmodSync(directory, 0o755)
  probe = [process.execPath, await bundle(`${import.meta.dir}/probe.ts`, directory)]
})

afterAll(() => {
  if (NEEDS.some((need) => need.missing !== undefined)) return
  rmSync(directory, { recursive: true, force: true })
})

async function captures(words: ReadonlyArray<string>): Promise<void> {
  await using program = start(words, { cwd: "/" })
  const port = Number((await program.line(/^port /)).slice(5))
  await connections(link.there, link.here.ipv6, port, 1)
  expect(await program.line(/^result /)).toBe("result hit")
  expect(await program.ended).toBe(0)
}

describe("uid 65534", () => {
  for (const where of ["one interface", "any"]) {
    testWith(NEEDS, `with CAP_NET_RAW alone captures on ${where}`, () =>
      captures(asNobody(["net_raw"], [...probe, where === "any" ? "any" : link.here.interface]))
    )
  }

  testWith(NEEDS, "without it: 77, and the lines that grant it work as they stand", async () => {
    await using program = start(asNobody([], [...probe, link.here.interface]), { cwd: "/" })
    expect(await program.ended).toBe(77)
    const message = program.complaint().trim()
    expect(message).toStartWith(`pcap: cannot open ${link.here.interface}: EPERM, `)
    expect(message).toContain("AmbientCapabilities=CAP_NET_RAW")
    const line = /setpriv .* COMMAND/.exec(message)![0]
    await captures([...line.split(" ").slice(0, -1), ...probe, link.here.interface])
  })
})
