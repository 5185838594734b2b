/**
 * The full command line (effect/cli): every command, help, version, completions. Handlers import what they run.
 */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { UsageError, VERSION, runMain } from "@synprint/service"
import { agentCommand } from "./commands/agent.ts"
import { demoCommand } from "./commands/demo.ts"
import { doctorCommand } from "./commands/doctor.ts"
import { explainCommand } from "./commands/explain.ts"
import { proxyCommand } from "./commands/proxy.ts"
import { queryCommand } from "./commands/query.ts"
import { readCommand } from "./commands/read.ts"
import { spoaCommand } from "./commands/spoa.ts"
import * as platform from "./platform.ts"

const root = Command.make("synprint").pipe(
  Command.withDescription("Tells a web application what sent the TCP SYN of each of its clients."),
  Command.withExamples([
    { command: "synprint spoa", description: "the SPOE agent beside HAProxy, on 127.0.0.1:9000" },
    { command: "synprint read traffic.pcap", description: "who is in a capture" }
  ]),
  Command.withSubcommands([
    spoaCommand,
    proxyCommand,
    agentCommand,
    readCommand,
    queryCommand,
    explainCommand,
    doctorCommand,
    demoCommand
  ])
)

// --log-level is a setting of ours ([log] level), and a wizard is no part of a daemon's command line.
const builtIns = CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })

/** Runs one command; the exit code of a command line that is wrong is 64. */
export function runCommandLine(words: ReadonlyArray<string>): void {
  const program = Command.runWith(root, { version: VERSION })(words).pipe(
    // The command has printed the error with its usage.
    Effect.catchIf(
      (error) => CliError.isCliError(error),
      () => Effect.fail(new UsageError({ message: "" }))
    ),
    Effect.provide(Layer.mergeAll(platform.layer, builtIns))
  )
  runMain(["synprint", ...words.slice(0, 1).filter((word) => !word.startsWith("-"))].join(" "), program)
}
