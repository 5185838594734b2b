/** A service as an operator runs it: one instance, readiness, metrics, reload, stop. */
import { afterAll, expect, test } from "bun:test"
import { appendFileSync, existsSync, renameSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { synprint, temporaryDirectory } from "./run.ts"

const MAIN = resolve(import.meta.dir, "../../packages/cli/src/main.ts")
const directory = temporaryDirectory()
const at = (name: string): string => join(directory.path, name)
afterAll(() => directory[Symbol.dispose]())

/** `synprint spoa` on unix sockets: needs no right and disturbs nobody. */
const WORDS = [
  "spoa",
  "--config",
  "c.toml",
  "--backend",
  "saved-syn",
  "--listen",
  `unix:${at("spoa.sock")}`,
  "--set",
  `admin.listen=unix:${at("admin.sock")}`
]

async function start() {
  const child = Bun.spawn([process.execPath, MAIN, ...WORDS], {
    cwd: directory.path,
    env: { PATH: process.env["PATH"] ?? "", SYNPRINT_LOG_FORMAT: "logfmt" },
    stdout: "ignore",
    stderr: "pipe"
  })
  let log = ""
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of child.stderr) log += decoder.decode(chunk)
  })()
  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 1000; tries++) {
      if (await holds()) return
      await Bun.sleep(25)
    }
    throw new Error(`${what} did not come; the log is\n${log}`)
  }
  const said = (text: string): Promise<void> => until(`"${text}"`, () => log.includes(text))
  await said("serves SPOP")
  return { child, said, log: () => log, ended: async () => ({ code: await child.exited, log: (await reading, log) }) }
}

const get = async (path: string): Promise<string> => {
  const response = await fetch(`http://localhost${path}`, { unix: at("admin.sock") })
  return `${response.status} ${await response.text()}`
}

test("runs, is ready, reloads, refuses a second instance, stops politely", async () => {
  writeFileSync(at("mine.fp"), "[mtu]\nlabel = Mine\nsig = 1234\n")
  writeFileSync(at("c.toml"), '[fingerprint]\ndatabases = ["builtin", "mine.fp"]\n')
  const service = await start()
  try {
    expect(await get("/live")).toBe("200 ok\n")
    expect(await get("/ready")).toBe("200 ok\n")
    expect(await get("/metrics")).toMatch(/\nsynprint_build_info\{program="spoa",/)

    const second = await synprint(WORDS, { cwd: directory.path })
    expect(second.code).toBe(1)
    expect(second.err).toContain(
      `cannot listen on unix:${at("spoa.sock")}: another synprint of this host serves it (stop it or change spoa.listen)`
    )

    const reloads = async (result: string): Promise<number> =>
      Number(
        new RegExp(`^synprint_config_reload_total\\{result="${result}"\\} (\\d+)$`, "m").exec(
          await get("/metrics")
        )?.[1]
      )
    expect(await reloads("ok")).toBe(0)
    appendFileSync(at("mine.fp"), "sig = nonsense\n") // a database is watched too
    await service.said("reload rejected, nothing changed")
    expect(service.log()).toContain("mine.fp:4: ")
    expect([await reloads("ok"), await reloads("rejected")]).toEqual([0, 1])
    writeFileSync(at("mine.new"), "[mtu]\nlabel = Mine\nsig = 1235\n")
    renameSync(at("mine.new"), at("mine.fp"))
    await service.said("message=reloaded")
    service.child.kill("SIGHUP")
    await service.said("why=SIGHUP")
    expect([await reloads("ok"), await reloads("rejected")]).toEqual([2, 1])
    expect(await get("/ready")).toBe("200 ok\n")
  } finally {
    service.child.kill("SIGTERM")
  }
  const { code } = await service.ended()
  expect(code).toBe(0)
  expect(existsSync(at("spoa.sock"))).toBe(false)
}, 60_000)

test("does not start with a bad configuration: exit 78; a lock left by kill -9 is no lock", async () => {
  writeFileSync(at("c.toml"), "nope = 1\n")
  expect(await synprint(WORDS, { cwd: directory.path })).toMatchObject({
    code: 78,
    err: expect.stringContaining("c.toml:1: nope: unknown key")
  })
  writeFileSync(at("c.toml"), "")
  const killed = await start()
  killed.child.kill("SIGKILL")
  await killed.ended()
  const next = await start()
  next.child.kill("SIGTERM")
  expect((await next.ended()).code).toBe(0)
}, 60_000)
