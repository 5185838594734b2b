/** HTTP/1.1 over raw sockets: every case against this proxy, where RFC 9110 and RFC 9112 decide. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { openConformance } from "./conformance.ts"
import { makeDirectory, type ProxyProcess, startProxyProcess } from "./proxy-process.ts"

/** Generous: our proxy answers every case, so no test waits this long. */
const PATIENCE_MS = 15_000
const directory = makeDirectory()
const { upstream, cases } = openConformance(PATIENCE_MS)
let proxy: ProxyProcess
beforeAll(async () => {
  proxy = await startProxyProcess(
    `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = 1\n[[routes]]\nupstream = "${upstream.target}"\n`,
    directory.path
  )
})
afterAll(async () => {
  await proxy.stop()
  upstream.close()
  directory.remove()
})

test.each(cases.map((each) => [each.section, each] as const))("RFC 9112 %s", async (_section, { run, wanted }) => {
  expect(await run(proxy.ports[0]!)).toBe(wanted)
})

test("at least 100 cases, each with a section and subject of its own", () => {
  expect(cases.length).toBeGreaterThan(100)
  expect(new Set(cases.map(({ section }) => section)).size).toBe(cases.length)
})
