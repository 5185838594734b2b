/**
 * `probe JSON`: opens the capture with the options given and, unless it is refused, looks every accepted connection up until COUNT came.
 * Prints `port N`, then `tally {...}` and, after a line on stdin, `stats {...}`; or the error, with its exit code.
 */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { xdp } from "@synprint/capture-xdp"
import type { CaptureOptions } from "@synprint/service"
import { openBackend } from "@synprint/service/testing"
import { listen, tally } from "../lib/capture.ts"
import { until } from "../lib/until.ts"

interface Asked {
  readonly options: CaptureOptions
  readonly count: number
  /** Goes on capturing until a line comes. */
  readonly waits?: boolean
}

const { options, count, waits } = JSON.parse(process.argv[2]!) as Asked
const program = Effect.gen(function* () {
  const capture = yield* openBackend(xdp, options)
  using server = listen(capture)
  console.log(`port ${server.port}`)
  const all: Array<ReturnType<typeof server.take>[number]> = []
  yield* Effect.promise(() =>
    until(() => (all.push(...server.take()), all.length >= count), `${count} connections`, 60_000)
  )
  console.log(`tally ${JSON.stringify(tally(all))}`)
  if (!waits) return
  yield* Effect.promise(() => new Promise((resolve) => process.stdin.once("data", resolve)))
  console.log(`stats ${JSON.stringify({ late: tally(server.take()), ...capture.stats() })}`)
})

const error = await Effect.runPromise(Effect.scoped(program).pipe(Effect.as(undefined), Effect.catch(Effect.succeed)))
if (error !== undefined) {
  console.error(error.message)
  process.exit(error[Runtime.errorExitCode])
}
process.exit(0)
