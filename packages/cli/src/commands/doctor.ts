/** `synprint doctor`: every check, one line each. */
import type { Program } from "@synprint/service"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { configFile, configFlag } from "../daemon-flags.ts"
import { ExitWith } from "../exit-with.ts"

export const doctorCommand = Command.make(
  "doctor",
  {
    config: configFlag,
    program: Flag.Literals("for", ["spoa", "proxy", "agent"]).pipe(
      Flag.withDescription("Which service the configuration is for"),
      Flag.withDefault("spoa" as const)
    ),
    format: Flag.Literals("format", ["text", "json"]).pipe(Flag.withDefault("text" as const))
  },
  ({ config, program, format }) =>
    Effect.gen(function* () {
      const { doctor, hasFailed, printChecks } = yield* Effect.promise(() => import("@synprint/service"))
      const { programs, schema } = yield* Effect.promise(() => import("../config-schema.ts"))
      const checks = yield* doctor({
        schema,
        program: programs[program] as Program,
        file: configFile(config),
        environment: process.env,
        flags: []
      })
      yield* Console.log(format === "json" ? JSON.stringify(checks, undefined, 2) : printChecks(checks))
      if (hasFailed(checks)) return yield* new ExitWith({ code: 1 })
    })
).pipe(
  Command.withDescription(
    "Checks configuration, rights, kernel, interfaces, HAProxy and sockets; exit 1 when something fails."
  ),
  Command.withShortDescription("what is wrong and the next step"),
  Command.withExamples([{ command: "synprint doctor --config /etc/synprint/config.toml" }])
)
