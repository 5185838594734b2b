/** `synprint explain`: what a signature says. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

export const explainCommand = Command.make(
  "explain",
  {
    signature: Argument.String("SIGNATURE").pipe(
      Argument.withDescription("of a database line, a log line or an x-tcp-sig header")
    ),
    databases: Flag.String("database").pipe(
      Flag.withAlias("f"),
      Flag.withMetavar("DATABASE"),
      Flag.withDescription('p0f.fp file or "builtin"; repeat for several'),
      Flag.atLeast(0)
    ),
    response: Flag.Boolean("response").pipe(
      Flag.withDescription("The signature is of a SYN+ACK"),
      Flag.withDefault(false)
    ),
    format: Flag.Literals("format", ["text", "json"]).pipe(Flag.withDefault("text" as const))
  },
  (options) =>
    Effect.gen(function* () {
      const { explainSignature } = yield* Effect.promise(() => import("@synprint/service"))
      yield* Console.log(yield* explainSignature(options))
    })
).pipe(
  Command.withDescription(
    "What a signature means field by field, the line it meets, the nearest lines and what differs."
  ),
  Command.withShortDescription("what a signature means"),
  Command.withExamples([{ command: "synprint explain '4:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0'" }])
)
