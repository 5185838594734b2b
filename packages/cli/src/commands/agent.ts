/** `synprint agent`: the eBPF capture alone. */
import * as Flag from "effect/cli/Flag"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { daemonFlags } from "../daemon-flags.ts"
import { runDaemon } from "../run-daemon.ts"

const flags = {
  ...daemonFlags,
  detach: Flag.Boolean("detach").pipe(
    Flag.withDescription("Take hooks and pins away and end; without it, capture goes on after the agent has stopped"),
    Flag.withDefault(false)
  )
}

export const agentCommand = Command.make("agent", flags, ({ detach, ...rest }) =>
  runDaemon(
    rest,
    (programs) => programs.agent,
    (request) =>
      Effect.flatMap(
        Effect.promise(() => import("@synprint/capture-xdp/agent")),
        ({ agent, detachAgent }): Effect.Effect<unknown, unknown> => (detach ? detachAgent(request) : agent(request))
      )
  )
).pipe(
  Command.withDescription(
    "The eBPF capture alone: loads, attaches, pins. Front ends with [capture.xdp] attach = false read the pins."
  ),
  Command.withShortDescription("eBPF capture for several front ends"),
  Command.withExamples([
    { command: "synprint agent --interface eth0" },
    { command: "synprint agent --config /etc/synprint/config.toml --detach", description: "remove what it attached" }
  ])
)
