import { afterAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { admin } from "./metrics/admin.ts"
import { loadConfig } from "./config/load.ts"
import type { ListenAddress } from "./config/listen-address.ts"
import { pidLock } from "./lifecycle/pid-lock.ts"
import { logging } from "./lifecycle/logging.ts"
import { Metrics } from "./metrics/metrics.ts"
import { watchConfig } from "./lifecycle/reload.ts"
import { plainProgram, plainSchema } from "./testing/programs.ts"
import { difference } from "./metrics/start-summary.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-service-"))
afterAll(() => rmSync(directory, { recursive: true }))

const requestOf = (file: string) => ({
  schema: plainSchema,
  program: plainProgram,
  file,
  environment: {},
  flags: []
})

const quiet = <A, E>(effect: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, logging({ level: "none", format: "logfmt" })))

test("admin: live, ready with its reason, metrics, nothing else", async () => {
  let reason: string | undefined = "no backend works"
  await quiet(
    Effect.scoped(
      Effect.gen(function* () {
        const [address] = yield* admin({
          listen: [{ kind: "tcp", host: "127.0.0.1", port: 0 }],
          metrics: new Metrics("spoa"),
          ready: () => reason
        })
        const base = `http://127.0.0.1:${address!.kind === "tcp" ? address!.port : 0}`
        const get = (path: string, init?: RequestInit) =>
          Effect.promise(async () => {
            const response = await fetch(base + path, init)
            return [response.status, await response.text()] as const
          })
        expect(yield* get("/live")).toEqual([200, "ok\n"])
        expect(yield* get("/ready")).toEqual([503, "no backend works\n"])
        reason = undefined
        expect(yield* get("/ready")).toEqual([200, "ok\n"])
        expect((yield* get("/metrics"))[1]).toContain("# TYPE synprint_build_info gauge\n")
        expect((yield* get("/"))[0]).toBe(404)
        expect((yield* get("/live", { method: "POST" }))[0]).toBe(405)
      })
    )
  )
})

test("admin: an address in use is a typed error that names the key", async () => {
  const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  const exit = await Effect.runPromiseExit(
    Effect.scoped(
      Effect.flip(
        admin({
          listen: [{ kind: "tcp", host: "127.0.0.1", port: taken.port }],
          metrics: new Metrics("x"),
          ready: () => undefined
        })
      )
    )
  )
  taken.stop(true)
  expect(Exit.isSuccess(exit) && exit.value.message).toBe(
    `cannot listen on 127.0.0.1:${taken.port}: EADDRINUSE (another process listens there: stop it or change admin.listen)`
  )
})

test("lock: the second instance fails, other addresses do not, and the end of the scope frees it", async () => {
  const tcp: ListenAddress = { kind: "tcp", host: "127.0.0.1", port: 65_001 }
  const unix: ListenAddress = { kind: "unix", path: join(directory, `${"long".repeat(15)}.sock`) }
  const spelledOtherwise: ListenAddress = {
    kind: "unix",
    path: join(directory, "..", directory.split("/").at(-1)!, `${"long".repeat(15)}.sock`)
  }
  await quiet(
    Effect.scoped(
      Effect.gen(function* () {
        yield* pidLock("spoa.listen", tcp)
        yield* pidLock("spoa.listen", unix)
        expect((yield* Effect.flip(pidLock("spoa.listen", tcp))).message).toBe(
          "cannot listen on 127.0.0.1:65001: another synprint of this host serves it (stop it or change spoa.listen)"
        )
        expect((yield* Effect.flip(pidLock("spoa.listen", spelledOtherwise)))._tag).toBe("AlreadyRunning")
        yield* pidLock("spoa.listen", { ...tcp, host: "127.0.0.2" })
      })
    )
  )
  await quiet(Effect.scoped(Effect.andThen(pidLock("spoa.listen", tcp), pidLock("spoa.listen", unix))))
})

/** A service that follows `file`, driven step by step. */
const following = (
  file: string,
  steps: (
    at: () => string,
    counts: () => [number, number],
    /** Waits until so many more files were loaded or rejected. */
    settled: (loads?: number) => Effect.Effect<void>
  ) => Effect.Effect<void, unknown>
) => {
  const metrics = new Metrics("x")
  const count = (result: string) => metrics.value("synprint_config_reload_total", { result }) ?? -1
  return quiet(
    Effect.scoped(
      Effect.gen(function* () {
        const request = requestOf(file)
        const load = loadConfig(request)
        const followed = yield* watchConfig({
          request,
          first: yield* load,
          load,
          config: (value) => value,
          metrics,
          debounceMs: 10
        })
        yield* Effect.sleep("20 millis")
        let seen = 0
        const settled = (loads = 1) =>
          Effect.promise(async () => {
            seen += loads
            const deadline = performance.now() + 4000
            while (count("ok") + count("rejected") < seen && performance.now() < deadline) await Bun.sleep(10)
            // And none too many.
            await Bun.sleep(120)
          })
        yield* steps(
          () => String(followed.current().capture.maxAgeMs),
          () => [count("ok"), count("rejected")],
          settled
        )
      })
    ).pipe(Effect.orDie)
  )
}

const toml = (age: string) => `[capture]\nmax_age = "${age}"\n`

test("reload: written in place, replaced by rename, swapped as Kubernetes does; a bad file changes nothing", async () => {
  const file = join(directory, "c.toml")
  writeFileSync(file, toml("1 second"))
  await following(file, (at, counts, settled) =>
    Effect.gen(function* () {
      expect(at()).toBe("1000")
      writeFileSync(file, toml("2 seconds"))
      yield* settled()
      expect([at(), ...counts()]).toEqual(["2000", 1, 0])
      writeFileSync(`${file}.new`, toml("3 seconds"))
      renameSync(`${file}.new`, file)
      yield* settled()
      expect([at(), ...counts()]).toEqual(["3000", 2, 0])
      writeFileSync(file, toml("soon"))
      yield* settled()
      expect([at(), ...counts()]).toEqual(["3000", 2, 1])
      writeFileSync(join(directory, "unrelated"), "x")
      yield* settled(0)
      expect(counts()).toEqual([2, 1])
      writeFileSync(file, toml("4 seconds"))
      yield* settled()
      expect([at(), ...counts()]).toEqual(["4000", 3, 1])
    })
  )
  mkdirSync(join(directory, "k8s/v1"), { recursive: true })
  mkdirSync(join(directory, "k8s/v2"))
  for (const n of [1, 2]) writeFileSync(join(directory, `k8s/v${n}/c.toml`), toml(`${n} seconds`))
  symlinkSync("v1", join(directory, "k8s/..data"))
  symlinkSync("..data/c.toml", join(directory, "k8s/c.toml"))
  await following(join(directory, "k8s/c.toml"), (at, _, settled) =>
    Effect.gen(function* () {
      expect(at()).toBe("1000")
      symlinkSync("v2", join(directory, "k8s/..new"))
      renameSync(join(directory, "k8s/..new"), join(directory, "k8s/..data"))
      yield* settled()
      expect(at()).toBe("2000")
    })
  )
})

test("reload: SIGHUP loads again even when nothing is watched", async () => {
  const file = join(directory, "hup.toml")
  const unwatched = (age: string) => `${toml(age)}[reload]\nwatch = false\n`
  writeFileSync(file, unwatched("1 second"))
  await following(file, (at, counts, settled) =>
    Effect.gen(function* () {
      writeFileSync(file, unwatched("2 seconds"))
      yield* settled(0)
      expect(at()).toBe("1000")
      process.kill(process.pid, "SIGHUP")
      yield* settled()
      expect([at(), ...counts()]).toEqual(["2000", 1, 0])
      process.kill(process.pid, "SIGHUP")
      yield* settled()
      expect(counts()).toEqual([2, 0])
    })
  )
})

test("a config file that is not there is a problem with its name", async () => {
  const error = await quiet(Effect.flip(loadConfig(requestOf(join(directory, "none.toml")))))
  expect(error.message).toBe(`configuration: ${join(directory, "none.toml")}: cannot read the file: ENOENT`)
})

test("summary: only what was added, nothing when nothing was", () => {
  expect(difference({ a: 1, b: 2 }, { a: 1, b: 5, c: 1 })).toEqual({ b: 3, c: 1 })
  expect(difference({ a: 1 }, { a: 1 })).toBeUndefined()
})
