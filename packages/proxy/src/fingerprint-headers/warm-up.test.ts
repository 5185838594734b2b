import { expect, test } from "bun:test"
import { loadConfig, loadDatabases } from "@synprint/service"
import * as Effect from "effect/Effect"
import { proxyProgram } from "../config/program.ts"
import { proxySchema } from "../config/schema.ts"
import { settingsOf } from "../testing/index.ts"
import { warmUp } from "./warm-up.ts"

test("the made-up connections are understood and answered", async () => {
  const settings = settingsOf(`[[routes]]\nupstream = "http://127.0.0.1:1"\n`)
  const answered = await Effect.runPromise(
    Effect.gen(function* () {
      const config = yield* loadConfig({
        schema: proxySchema,
        program: proxyProgram,
        file: undefined,
        environment: {},
        flags: []
      })
      return yield* warmUp(config, settings, yield* loadDatabases(config.fingerprint))
    })
  )
  expect(answered).toBe(500)
})
