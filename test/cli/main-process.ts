/**
 * A process for main.test.ts: one way to end per word.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { background, runMain, serveUntilStopped, vital } from "@synprint/service"

class NoRight extends Data.TaggedError("NoRight")<Record<never, never>> {
  override get message(): string {
    return "pcap: cannot open eth0: EPERM (grant CAP_NET_RAW)"
  }
  override readonly [Runtime.errorExitCode] = 77
}

const say = (text: string): Effect.Effect<void> => Effect.sync(() => process.stdout.write(`${text}\n`))
/** Up until stopped; `stopping` runs before it is down. */
const service = (stopping: Effect.Effect<void>): Effect.Effect<never, unknown> =>
  serveUntilStopped(
    Effect.andThen(
      Effect.addFinalizer(() => stopping),
      say("up")
    )
  )

const ways: Readonly<Record<string, () => Effect.Effect<unknown, unknown>>> = {
  stop: () => service(say("down")),
  hang: () => service(Effect.andThen(say("stopping"), Effect.sleep("1 minute"))),
  expected: () => Effect.fail(new NoRight()),
  bug: () =>
    Effect.sync(() => {
      throw new TypeError("a bug")
    }),
  vital: () =>
    serveUntilStopped(
      Effect.andThen(
        Effect.addFinalizer(() => say("down")),
        vital(Effect.delay(Effect.fail(new NoRight()), "20 millis"))
      )
    ),
  background: () =>
    serveUntilStopped(background("reporter", Effect.fail("no route"))).pipe(Effect.timeoutOption("100 millis")),
  end: () => Effect.void
}

runMain("synprint test", ways[process.argv[2]!]!())
