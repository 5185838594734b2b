/** Adding a backend is one module and one line in the list: everything else follows. */
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { Metrics, captureOptions, check, doctor, openChain, registerCaptureMetrics } from "@synprint/service"
import { type BackendModule, ConfigSchema, integer, key, table } from "@synprint/service/config"
import { configTexts, makeFakeBackend, plainProgram } from "@synprint/service/testing"
import { backends } from "./index.ts"

const opened: Array<unknown> = []

/** The package. */
const mirror: BackendModule = {
  name: "mirror",
  // Between pins and a tap.
  autoRank: 25,
  config: table({ depth: key("depth", integer(1, 9), 3, { reload: "restart", text: "How deep the mirror is." }) }),
  check: ({ depth }) => (depth === 7 ? [{ key: "depth", message: "breaks mirrors" }] : []),
  deliversPackets: true,
  statNames: { kernelDrops: "splinters", entries: "faces" },
  load: async () => ({
    open: ({ config }) =>
      Effect.sync(() => {
        opened.push(config)
        return {
          ...makeFakeBackend("mirror"),
          packets: { subscribe: () => {}, drain: () => 11 },
          stats: () => ({ splinters: 5, faces: 6 })
        }
      }),
    doctor: ({ config }) => Effect.succeed([check("mirror: depth", "ok", String((config as { depth: number }).depth))])
  })
}

/** The line. */
const schema = new ConfigSchema([plainProgram], [...backends, mirror])

const { good, bad } = configTexts(schema, plainProgram)

test("its table, its name and its variables are part of the configuration", () => {
  expect(good("").capture as object).toMatchObject({ mirror: { depth: 3 } })
  const { capture } = good('[capture]\nbackend = ["saved-syn", "mirror"]\n[capture.mirror]\ndepth = 4')
  expect(capture as object).toMatchObject({ backend: ["saved-syn", "mirror"], mirror: { depth: 4 } })
  const environment = { SYNPRINT_CAPTURE_MIRROR_DEPTH: "5" }
  expect(good("", { environment }).capture as object).toMatchObject({ mirror: { depth: 5 } })
  expect(bad("[capture.mirror]\ndepht = 4")).toEqual([
    "c.toml:2: capture.mirror.depht: unknown key: did you mean depth?"
  ])
  expect(bad("[capture.mirror]\ndepth = 7")).toEqual(["c.toml:2: capture.mirror.depth: breaks mirrors"])
  expect(bad('[capture]\nbackend = "miror"')[0]).toEndWith('did you mean "mirror"?')
})

test("auto opens it by its rank, with its table; its counters have the series of every backend", () =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const { capture } = good("[capture.mirror]\ndepth = 4")
        // Taps of the test's own machine stay closed.
        const closed = schema.backends.filter(({ name }) => name === "saved-syn" || name === "mirror")
        const chain = yield* openChain(closed, "auto", captureOptions(capture, true))
        expect(chain.choice.chosen).toEqual(["saved-syn", "mirror"])
        expect(opened).toEqual([{ depth: 4 }])
        expect(chain.packets?.drain()).toBe(11)
        const metrics = new Metrics("plain")
        for (const { name, lookups, stat, down } of chain.members)
          registerCaptureMetrics(metrics, {
            name,
            lookups: (result) => lookups[result],
            stat,
            isUp: () => down() === undefined
          })
        const text = metrics.text()
        for (const line of [
          'synprint_capture_drops_total{backend="mirror",where="kernel"} 5',
          'synprint_capture_drops_total{backend="mirror",where="interface"} 0',
          'synprint_capture_entries{backend="mirror"} 6',
          'synprint_lookups_total{backend="mirror",result="hit"} 0',
          'synprint_backend_up{backend="mirror"} 1',
          'synprint_capture_entries{backend="saved-syn"} 0'
        ])
          expect(text).toContain(`${line}\n`)
      })
    )
  ))

test("doctor asks it, by itself and among those of auto", async () => {
  const checks = (backend: string) =>
    Effect.runPromise(
      doctor({
        schema: new ConfigSchema([plainProgram], [...backends.filter(({ name }) => name === "saved-syn"), mirror]),
        program: { ...plainProgram, listeners: () => [] },
        file: undefined,
        environment: { SYNPRINT_ADMIN_LISTEN: "", SYNPRINT_CAPTURE_BACKEND: backend },
        flags: []
      })
    )
  for (const backend of ["mirror", "auto"])
    expect(await checks(backend)).toContainEqual(check("mirror: depth", "ok", "3"))
})

test("the name of an environment variable that it has not is an error", () => {
  const names = schema.settings.map(({ variable }) => variable)
  expect(names).toContain("SYNPRINT_CAPTURE_MIRROR_DEPTH")
  expect(names).not.toContain("SYNPRINT_CAPTURE_MIRROR_WIDTH")
  expect(bad("", { environment: { SYNPRINT_CAPTURE_MIRROR_WIDTH: "1" } })[0]).toContain("did you mean")
})
