/** `synprint spoa`: the SPOE agent. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { daemonFlags, listenFlag } from "../daemon-flags.ts"
import { runDaemon } from "../run-daemon.ts"

export const spoaCommand = Command.make("spoa", { ...daemonFlags, listen: listenFlag }, (flags) =>
  runDaemon(
    flags,
    (programs) => programs.spoa,
    (request) =>
      Effect.flatMap(
        Effect.promise(() => import("@synprint/spoa")),
        ({ spoa }) => spoa(request)
      )
  )
).pipe(
  Command.withDescription("The SPOE agent beside HAProxy. Without a configuration: 127.0.0.1:9000, backend auto."),
  Command.withShortDescription("SPOE agent for HAProxy"),
  Command.withExamples([
    { command: "synprint spoa --config /etc/synprint/config.toml" },
    { command: "synprint spoa --backend pcap --interface eth0", description: "one backend, one interface, no file" },
    { command: "synprint spoa --config config.toml --check", description: "all problems at once" }
  ])
)
