/**
 * Logs go to stderr; stdout is for data.
 *
 * `pretty` for people, one JSON object or one logfmt line per record for machines.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"
import type { LogConfig } from "../config/operations.ts"

const LEVELS: Readonly<Record<LogConfig["level"], LogLevel.LogLevel>> = {
  trace: "Trace",
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
  none: "None"
}

/** The logger that replaces Effect's default one. */
export const logging = (
  config: Pick<LogConfig, "level" | "format">,
  isTerminal = process.stderr.isTTY
): Layer.Layer<never> => {
  const format = config.format === "auto" ? (isTerminal ? "pretty" : "logfmt") : config.format
  return Layer.mergeAll(
    Logger.layer([
      // consoleJson and consoleLogFmt would write to stdout.
      format === "pretty"
        ? Logger.consolePretty()
        : Logger.withConsoleError(format === "json" ? Logger.formatJson : Logger.formatLogFmt)
    ]),
    Layer.succeed(References.MinimumLogLevel, LEVELS[config.level]),
    Layer.succeed(Logger.LogToStderr, true) // what the pretty logger obeys
  )
}

/** Calls `handler` on every such signal while the Scope is open. SIGUSR1: log files are opened again (logrotate's postrotate). */
export const onSignal = (
  signal: "SIGHUP" | "SIGUSR1" | "SIGUSR2",
  handler: () => void
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      process.on(signal, handler)
    }),
    () =>
      Effect.sync(() => {
        process.removeListener(signal, handler)
      })
  )
