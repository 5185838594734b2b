import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { configTexts } from "../testing/config-texts.ts"
import { plainProgram, plainSchema } from "../testing/programs.ts"
import { refusal, serviceChecks } from "./service.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-doctor-"))
afterAll(() => rmSync(directory, { recursive: true }))

const { good } = configTexts(plainSchema, plainProgram)

/** A port that nobody listens on. */
function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  server.stop(true)
  return server.port
}

test("listeners: one that is served, one that is not, by their keys", async () => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  const free = freePort()
  const listen = [`127.0.0.1:${server.port}`, `127.0.0.1:${free}`, `unix:${directory}/none.sock`]
  const config = good(`[plain]\nlisten = ${JSON.stringify(listen)}\n[admin]\nlisten = []`)
  try {
    expect(await serviceChecks(plainProgram, config)).toEqual([
      { name: `plain.listen ${listen[0]}`, result: "ok", detail: "something listens", next: undefined },
      ...[
        [listen[1], "ECONNREFUSED"],
        [listen[2], "ENOENT"]
      ].map(([address, code]) => ({
        name: `plain.listen ${address}`,
        result: "warn" as const,
        detail: `nothing answers: ${code}`,
        next: "start the service (synprint plain), then look at its log: journalctl -u synprint-plain"
      }))
    ])
    // An address that stands for all is asked for on this host.
    expect(await refusal({ kind: "tcp", host: "0.0.0.0", port: server.port })).toBeUndefined()
  } finally {
    server.stop(true)
  }
})

test("the admin endpoint: ready, not ready with its reason, not there; over TCP and over a unix socket", async () => {
  let status = 200
  const fetch = ({ url }: Request) =>
    new URL(url).pathname === "/ready"
      ? new Response("no backend works\n", { status })
      : new Response("", { status: 404 })
  const path = join(directory, "admin.sock")
  const servers = [Bun.serve({ hostname: "127.0.0.1", port: 0, fetch }), Bun.serve({ unix: path, fetch })]
  const [{ port }] = servers as [(typeof servers)[0]]
  const listen = [`0.0.0.0:${port}`, `unix:${path}`]
  const config = good(`[plain]\nlisten = []\n[admin]\nlisten = ${JSON.stringify(listen)}`)
  const results = async () =>
    (await serviceChecks(plainProgram, config)).map(({ name, result, detail }) => [name, result, detail])
  try {
    expect(await results()).toEqual(listen.map((address) => [`admin ${address}`, "ok", "ready"]))
    status = 503
    expect(await results()).toEqual(
      listen.map((address) => [`admin ${address}`, "warn", "not ready: no backend works"])
    )
  } finally {
    await Promise.all(servers.map((server) => server.stop(true)))
  }
  expect((await results()).map(([, result, detail]) => [result, detail])).toEqual([
    ["warn", "no answer: ECONNREFUSED"],
    ["warn", "no answer: ENOENT"]
  ])
})
