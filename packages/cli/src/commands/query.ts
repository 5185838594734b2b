/** `synprint query`: ask a p0f socket. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

export const queryCommand = Command.make(
  "query",
  {
    address: Argument.String("ADDRESS").pipe(Argument.withDescription("IPv4 or IPv6 address of a client")),
    socket: Flag.String("socket").pipe(
      Flag.withAlias("s"),
      Flag.withMetavar("PATH"),
      Flag.withDescription("Socket of synprint ([p0f_api] socket) or of p0f (-s)"),
      Flag.withDefault("/run/synprint/p0f.sock")
    ),
    format: Flag.Literals("format", ["text", "json"]).pipe(Flag.withDefault("text" as const))
  },
  (options) =>
    Effect.gen(function* () {
      const { query } = yield* Effect.promise(() => import("@synprint/spoa"))
      yield* Console.log(yield* query(options))
    })
).pipe(
  Command.withDescription("Ask a p0f socket, ours or p0f's, about an address."),
  Command.withShortDescription("ask a p0f socket"),
  Command.withExamples([{ command: "synprint query 192.0.2.7 --socket /run/p0f.sock" }])
)
