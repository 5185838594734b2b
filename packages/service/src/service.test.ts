import { afterAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import { admin } from "./metrics/admin.ts"
import { inspectConfig, loadConfig } from "./config/load.ts"
import type { ListenAddress } from "./config/listen-address.ts"
import { pidLock } from "./lifecycle/pid-lock.ts"
import { logging } from "./lifecycle/logging.ts"
import { Metrics } from "./metrics/metrics.ts"
import { watchConfig } from "./lifecycle/reload.ts"
import { plainProgram, plainSchema } from "./testing/programs.ts"
import { difference, summary } from "./metrics/start-summary.ts"

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

test("lock: a path of 107 bytes whose letters take two bytes each is locked as any other", async () => {
  const path = `/${"ü".repeat(53)}`
  expect(new TextEncoder().encode(path)).toHaveLength(107)
  await quiet(
    Effect.scoped(
      Effect.gen(function* () {
        yield* pidLock("spoa.listen", { kind: "unix", path })
        const again = yield* Effect.flip(pidLock("spoa.listen", { kind: "unix", path }))
        expect([again._tag, again.address]).toEqual(["AlreadyRunning", `unix:${path}`])
        yield* pidLock("spoa.listen", { kind: "unix", path: `${path.slice(0, -1)}u` })
      })
    )
  )
})

test("lock: a port that the system chooses is shared by nobody", async () => {
  const chosen: ListenAddress = { kind: "tcp", host: "127.0.0.1", port: 0 }
  await quiet(Effect.scoped(Effect.andThen(pidLock("spoa.listen", chosen), pidLock("spoa.listen", chosen))))
})

test("reload: files that a new configuration names are watched, those that it no longer names are not", async () => {
  const file = join(directory, "names.toml")
  for (const name of ["one", "two"]) {
    mkdirSync(join(directory, name))
    writeFileSync(join(directory, name, "relays.txt"), "192.0.2.0/24\n")
  }
  const relays = (name: string) => join(directory, name, "relays.txt")
  const naming = (name: string) => `[hints]\nrelay_files = "${relays(name)}"\n`
  writeFileSync(file, naming("one"))
  await following(file, (_, counts, settled) =>
    Effect.gen(function* () {
      writeFileSync(join(directory, "one", "unrelated"), "x")
      yield* settled(0)
      expect(counts()).toEqual([0, 0])
      writeFileSync(file, naming("two"))
      yield* settled()
      expect(counts()).toEqual([1, 0])
      // A change beside the new files is none of theirs.
      writeFileSync(join(directory, "two", "unrelated"), "x")
      yield* settled(0)
      expect(counts()).toEqual([1, 0])
      writeFileSync(relays("two"), "198.51.100.0/24\n203.0.113.0/24\n")
      yield* settled()
      expect(counts()).toEqual([2, 0])
      writeFileSync(relays("one"), "nonsense\n")
      yield* settled(0)
      expect(counts()).toEqual([2, 0])
      // A file that is named again is watched again.
      writeFileSync(relays("one"), "192.0.2.0/24\n")
      writeFileSync(file, naming("one"))
      yield* settled()
      writeFileSync(relays("one"), "198.51.100.0/24\n203.0.113.0/24\n")
      yield* settled()
      expect(counts()).toEqual([4, 0])
    })
  )
})

test("reload: a directory that can't be watched is named in the log", async () => {
  const lines: Array<string> = []
  const file = join(directory, "unwatched.toml")
  writeFileSync(file, '[hints]\nrelay_files = "/proc/self/nowhere/relays.txt"\n')
  const request = requestOf(file)
  await Effect.runPromise(
    Effect.scoped(
      watchConfig({
        request,
        first: (await Effect.runPromise(inspectConfig(request))).config!,
        load: loadConfig(request),
        config: (value) => value,
        metrics: new Metrics("x")
      })
    ).pipe(Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push([message].flat().join(" ")))])))
  )
  expect(lines).toEqual(["cannot watch /proc/self/nowhere: ENOENT (send SIGHUP after a change)"])
})

test("admin: text is text, and so are the metrics", async () => {
  await quiet(
    Effect.scoped(
      Effect.gen(function* () {
        const path = join(directory, "admin.sock")
        const [address] = yield* admin({
          listen: [{ kind: "unix", path }],
          metrics: new Metrics("x"),
          ready: () => undefined
        })
        expect(address).toEqual({ kind: "unix", path })
        const head = (at: string, method = "GET") =>
          Effect.promise(async () => {
            const { status, headers } = await fetch(`http://localhost${at}`, { unix: path, method })
            return [status, headers.get("content-type")] as const
          })
        expect(yield* head("/live")).toEqual([200, "text/plain; charset=utf-8"])
        expect(yield* head("/live", "HEAD")).toEqual([200, "text/plain; charset=utf-8"])
        expect(yield* head("/metrics")).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"])
        const again = yield* Effect.flip(
          admin({ listen: [{ kind: "unix", path }], metrics: new Metrics("x"), ready: () => undefined })
        )
        expect(again._tag).toBe("AlreadyRunning")
      })
    )
  )
})

/** The lines of the summary's log that appear while its counters grow by what is given, a step a minute. */
const summarised = async (steps: ReadonlyArray<Readonly<Record<string, number>>>, cause?: string) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ fiber, message, logLevel }) => {
    const added = JSON.stringify(fiber.getRef(References.CurrentLogAnnotations))
    lines.push(`${logLevel} ${[message].flat().join(" ")} ${added}`)
  })
  await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        let counted: Readonly<Record<string, number>> = { hit: 5 }
        yield* summary({ read: () => counted, cause: () => cause })
        for (const step of steps) {
          counted = step
          yield* TestClock.adjust("1 minute")
        }
      })
    ).pipe(Effect.provide(Layer.mergeAll(TestClock.layer(), Logger.layer([logger]))))
  )
  return lines
}

test("summary: a line a minute of what was added, and the cause as a warning", async () => {
  expect(await summarised([{ hit: 7 }, { hit: 7 }, { hit: 8, stale: 1 }])).toEqual([
    'Info last minute {"hit":2}',
    'Info last minute {"hit":1,"stale":1}'
  ])
  expect(await summarised([{ hit: 6 }], "the kernel keeps no SYN")).toEqual([
    'Warn last minute: the kernel keeps no SYN {"hit":1}'
  ])
})
