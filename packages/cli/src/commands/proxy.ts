/** `synprint proxy`: the reverse proxy. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { daemonFlags, listenFlag } from "../daemon-flags.ts"
import { runDaemon } from "../run-daemon.ts"

export const proxyCommand = Command.make("proxy", { ...daemonFlags, listen: listenFlag }, (flags) =>
  runDaemon(
    flags,
    (programs) => programs.proxy,
    (request) =>
      Effect.flatMap(
        Effect.promise(() => import("@synprint/proxy")),
        ({ proxy }) => proxy(request)
      )
  )
).pipe(
  Command.withDescription(
    "The reverse proxy. Without a configuration: 127.0.0.1:8080, saved-syn, an application that echoes."
  ),
  Command.withShortDescription("reverse proxy"),
  Command.withExamples([
    { command: "synprint proxy", description: "then: curl http://127.0.0.1:8080/" },
    { command: "synprint proxy --config proxy.toml --check" }
  ])
)
