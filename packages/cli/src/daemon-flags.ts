/**
 * Flags that the services share: where the configuration is, and settings that take precedence over it.
 */
import type { ConfigRequest, ConfigSchema, Program, ServiceConfig } from "@synprint/service"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"

export const configFlag = Flag.String("config").pipe(
  Flag.withAlias("c"),
  Flag.withMetavar("FILE"),
  Flag.withDescription("TOML configuration (else the variable SYNPRINT_CONFIG, else defaults)"),
  Flag.optional
)

const many = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.atLeast(0))

export const daemonFlags = {
  config: configFlag,
  check: Flag.Boolean("check").pipe(
    Flag.withDescription("Validate configuration, databases and certificates, open nothing: exit 0 or 78"),
    Flag.withDefault(false)
  ),
  backend: many("backend", "NAME", "[capture] backend: auto, saved-syn, pcap, xdp; repeat for a chain"),
  interface: many("interface", "NAME", "[capture] interface; repeat for several"),
  set: many("set", "TABLE.KEY=VALUE", 'Any setting, lists with commas: --set capture.max_age="30 seconds"')
}

export const listenFlag = many("listen", "ADDRESS", "host:port, [v6]:port or unix:PATH; repeat for several")

export interface DaemonFlags {
  readonly config: Option.Option<string>
  readonly backend: ReadonlyArray<string>
  readonly interface: ReadonlyArray<string>
  readonly set: ReadonlyArray<string>
  readonly listen?: ReadonlyArray<string>
}

/** The sources that the configuration is loaded from. */
export function configRequest<C extends ServiceConfig>(
  schema: ConfigSchema,
  program: Program<C>,
  flags: DaemonFlags
): ConfigRequest<C> {
  const lists = [
    ["listen", `${program.name}.listen`, flags.listen ?? []],
    ["backend", "capture.backend", flags.backend],
    ["interface", "capture.interface", flags.interface]
  ] as const
  return {
    schema,
    program,
    file: configFile(flags.config),
    environment: process.env,
    flags: [
      ...lists.flatMap(([flag, path, values]) =>
        values.length === 0 ? [] : [{ path, text: values.join(","), source: `--${flag}` }]
      ),
      ...flags.set.map((word) => {
        const equals = word.indexOf("=")
        return equals < 0
          ? { path: word, text: "", source: "--set" }
          : { path: word.slice(0, equals).trim(), text: word.slice(equals + 1), source: "--set" }
      })
    ]
  }
}

export const configFile = (flag: Option.Option<string>): string | undefined =>
  Option.getOrElse(flag, () => process.env["SYNPRINT_CONFIG"] || undefined)
