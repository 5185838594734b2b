import { expect, test } from "bun:test"
import { loadConfig, loadDatabases } from "@synprint/service"
import * as Effect from "effect/Effect"
import { spoaProgram } from "../config.ts"
import { spoaSchema } from "../testing/config.ts"
import { warmUp } from "./warm-up.ts"

for (const [mode, key] of [
  ["modern", "connection"],
  ["p0f", "client"]
] as const)
  test(`mode ${mode}: the made-up questions are understood, answered and answered again`, async () => {
    const flags = [
      { path: "fingerprint.mode", text: mode, source: "test" },
      { path: "capture.key", text: key, source: "test" }
    ]
    const stats = await Effect.runPromise(
      Effect.gen(function* () {
        const config = yield* loadConfig({
          schema: spoaSchema,
          program: spoaProgram,
          file: undefined,
          environment: {},
          flags
        })
        return yield* warmUp(config, yield* loadDatabases(config.fingerprint))
      })
    )
    // 1,000 connections, each asked about twice; 1 in 16 questions is of a connection that came through a balancer.
    expect(stats).toMatchObject({ answers: 256, answersEvicted: 1000 - 256, repeated: 875 })
  })
