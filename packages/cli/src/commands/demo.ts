/** `synprint demo`: HAProxy, the agent and an application, and the headers that it receives. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"

const main = new URL("../main.ts", import.meta.url).pathname

export const demoCommand = Command.make("demo", {}, () =>
  Effect.flatMap(
    Effect.promise(() => import("@synprint/spoa/demo")),
    ({ demo }) => demo({ synprint: [process.execPath, main] })
  )
).pipe(
  Command.withDescription(
    "HAProxy, synprint and an application in a network namespace made for it: prints the headers that the application received."
  ),
  Command.withShortDescription("see it work"),
  Command.withExamples([{ command: "bun run demo" }])
)
