/** `synprint read`: replay captures. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ExitWith } from "../exit-with.ts"
import { MAX_AGES, MAX_LIMITS, parsePair } from "../read-arguments.ts"

const pair = (name: string, metavar: string, maximum: readonly [number, number], description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.filterMap(
      (text) => Option.fromUndefinedOr(parsePair(text, maximum)),
      () => `expected ${metavar}: two whole numbers from 1 to ${maximum[0]} and ${maximum[1]}`
    ),
    Flag.optional
  )

export const readCommand = Command.make(
  "read",
  {
    files: Argument.String("FILE").pipe(Argument.withDescription("pcap or pcapng; - is stdin"), Argument.atLeast(1)),
    format: Flag.Literals("format", ["text", "json", "p0f", "none"]).pipe(
      Flag.withDescription(
        "text: a report; json: a line per observation; p0f: p0f's log lines; none: all the work, prints counts"
      ),
      Flag.withDefault("text" as const)
    ),
    output: Flag.String("output").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("FILE"),
      Flag.withDescription("Append to FILE as p0f does (0600, a regular file, no symbolic link)"),
      Flag.optional
    ),
    databases: Flag.String("database").pipe(
      Flag.withAlias("f"),
      Flag.withMetavar("DATABASE"),
      Flag.withDescription('p0f.fp file or "builtin"; repeat for several. p0f: one, /etc/p0f/p0f.fp'),
      Flag.atLeast(0)
    ),
    limits: pair("limits", "FLOWS,HOSTS", MAX_LIMITS, "Flows and hosts to keep (p0f -m)"),
    ages: pair("ages", "SECONDS,MINUTES", MAX_AGES, "How long to keep flows and hosts (p0f -t)")
  },
  ({ files, format, output, databases, limits, ages }) =>
    Effect.gen(function* () {
      const { readCapture } = yield* Effect.promise(() => import("@synprint/service/read"))
      const code = yield* Effect.promise(() =>
        readCapture({
          files,
          format,
          databases,
          output: Option.getOrUndefined(output),
          limits: Option.getOrUndefined(limits),
          ages: Option.getOrUndefined(ages)
        })
      )
      if (code !== 0) return yield* new ExitWith({ code })
    })
).pipe(
  Command.withDescription("Replay captures: what sent each SYN and SYN+ACK."),
  Command.withShortDescription("replay pcap and pcapng files"),
  Command.withExamples([
    { command: "synprint read traffic.pcap" },
    { command: "tcpdump -w - tcp | synprint read --format json -" },
    {
      command: "synprint read --format p0f -o p0f.log traffic.pcap",
      description: "what p0f -r traffic.pcap -o p0f.log writes"
    }
  ])
)
