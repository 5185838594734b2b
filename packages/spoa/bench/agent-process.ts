/**
 * The agent without capture and database, for `spoa.ts --constant`: a constant answer, so that what remains is SPOP and sockets.
 *
 *   bun agent-process.ts PORT
 */
import { FIELDS } from "@synprint/core"
import { prefixes } from "@synprint/core/testing"
import { runMain } from "@synprint/service"
import { Agent, Counters, VariableWriter, serveAgent } from "@synprint/spoa"
import { lookupOf, testFingerprint } from "@synprint/spoa/testing"
import * as Effect from "effect/Effect"

const fingerprint = testFingerprint({ os: "Linux 5.x-6.x", link: "loopback", linkMtu: 65535, mss: 65495 })
const counters = new Counters()
const handler = new Agent(
  {
    lookup: lookupOf((_, into) => {
      into.status = "ok"
      into.fingerprint = fingerprint
    }),
    variables: new VariableWriter(FIELDS.filter(({ isDefault }) => isDefault).map(({ name }) => name)),
    key: "connection",
    http: undefined
  },
  counters
)

runMain(
  "agent-process",
  Effect.scoped(
    Effect.andThen(
      serveAgent({
        listen: [{ kind: "tcp", host: "127.0.0.1", port: Number(process.argv[2]) }],
        file: { mode: 0o660, owner: "", group: "" },
        allow: prefixes(),
        maxFrameSize: 16380,
        pipelining: true,
        shutdownMs: 1000,
        handler,
        counters
      }),
      Effect.never
    )
  )
)
