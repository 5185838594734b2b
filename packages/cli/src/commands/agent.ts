/** `synprint agent`: the eBPF capture alone. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { configRequest, daemonFlags } from "../daemon-flags.ts"
import { runDaemon } from "../run-daemon.ts"

export const agentCommand = Command.make("agent", daemonFlags, (flags) =>
  runDaemon(configRequest("agent", flags), flags.check, (request) =>
    Effect.flatMap(
      Effect.promise(() => import("@synprint/capture-xdp")),
      ({ agent }) => agent(request)
    )
  )
).pipe(
  Command.withDescription(
    "The eBPF capture alone: loads, attaches, pins. Front ends with [capture.xdp] attach = false read the pins."
  ),
  Command.withShortDescription("eBPF capture for several front ends"),
  Command.withExamples([{ command: "synprint agent --interface eth0" }])
)
