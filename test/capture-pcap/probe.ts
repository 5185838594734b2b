/** Opens the capture on INTERFACE, accepts one connection and prints how its lookup ended; or why it cannot be opened. */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { pcap } from "@synprint/capture-pcap"
import { openBackend } from "@synprint/service/testing"
import { captureOptions, listen } from "../lib/capture.ts"
import { until } from "../lib/until.ts"

const name = process.argv[2]!
const program = Effect.gen(function* () {
  const capture = yield* openBackend(pcap, captureOptions([name]))
  const server = listen(capture)
  console.log(`port ${server.port}`)
  let result = ""
  yield* Effect.promise(() =>
    until(() => (result = server.take()[0]?.result ?? "") !== "", "a connection comes", 60_000)
  )
  console.log(`result ${result}`)
  server[Symbol.dispose]()
})

const error = await Effect.runPromise(Effect.scoped(program).pipe(Effect.as(undefined), Effect.catch(Effect.succeed)))
if (error !== undefined) {
  console.error(error.message)
  process.exit(error[Runtime.errorExitCode])
}
process.exit(0)
