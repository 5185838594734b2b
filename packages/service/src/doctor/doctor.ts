/**
 * `doctor`: every check of the seeds' troubleshooting lists and more, one line each with the next step.
 */
import * as Effect from "effect/Effect"
import type { Check } from "../capture/backend.ts"
import type { BackendRegistry } from "../capture/chain.ts"
import { captureOptions } from "../config/capture.ts"
import { printProblem } from "../config/problem.ts"
import { check } from "./check.ts"
import { type Config, type ConfigRequest, readConfig, readConfigFile } from "../config/config.ts"
import { readDatabaseFiles } from "../config/database-files.ts"
import { hostChecks } from "./host.ts"
import { haproxyChecks } from "./haproxy.ts"
import { serviceChecks } from "./service.ts"

const configChecks = Effect.fnUntraced(function* (
  request: ConfigRequest
): Effect.fn.Return<readonly [Config | undefined, ReadonlyArray<Check>]> {
  const text = yield* Effect.result(readConfigFile(request.file))
  if (text._tag === "Failure")
    return [undefined, [check("configuration", "fail", text.failure.message, "name the file with --config")]]
  const { config, problems } = readConfig({ ...request, text: text.success })
  return problems.length === 0
    ? [config, [check("configuration", "ok", request.file ?? "defaults (no file)")]]
    : [
        config,
        problems.map((problem) =>
          check("configuration", "fail", printProblem(problem), "correct it: services refuse to start")
        )
      ]
})

function databaseChecks(config: Config): ReadonlyArray<Check> {
  const { databases, mode } = config.fingerprint
  const { database, problems } = readDatabaseFiles(databases, mode)
  if (database !== undefined) {
    const lines = [check("databases", "ok", `${databases.join(", ")}: ${database.count} signatures`)]
    for (const warning of database.warnings.slice(0, 5))
      lines.push(check("databases", "warn", warning, "remove or correct the line"))
    return lines
  }
  return problems.map(({ file, line, message }) =>
    check(
      "databases",
      "fail",
      `${file}${line === undefined ? "" : `:${line}`}: ${message}`,
      "correct the file or fingerprint.databases"
    )
  )
}

const backendChecks = Effect.fnUntraced(function* (
  config: Config,
  registry: BackendRegistry
): Effect.fn.Return<ReadonlyArray<Check>> {
  const { capture, fingerprint, p0fApi } = config
  if (!capture.enabled)
    return [
      check(
        "capture",
        "warn",
        "fingerprint.tcp_enabled = false turns it off: every status is disabled",
        "remove the key"
      )
    ]
  const names = capture.backend === "auto" ? Object.keys(registry) : capture.backend
  const options = captureOptions(capture, fingerprint.mode === "p0f" || p0fApi !== undefined)
  const checks: Array<Check> = []
  for (const name of names) {
    const load = registry[name]
    if (load === undefined) {
      checks.push(
        check(name, "fail", "this program has no such backend", `use one of ${Object.keys(registry).join(", ")}`)
      )
      continue
    }
    const loaded = yield* Effect.result(Effect.tryPromise(load))
    if (loaded._tag === "Failure")
      checks.push(check(name, "fail", `cannot be loaded: ${String(loaded.failure.cause)}`, "install synprint again"))
    // With auto a backend that can't work is passed over, so it is no failure.
    else
      for (const each of yield* loaded.success.backend.doctor(options))
        checks.push(capture.backend === "auto" && each.result === "fail" ? { ...each, result: "warn" } : each)
  }
  if (capture.backend === "auto" && checks.length > 0 && checks.every((each) => each.result !== "ok")) {
    checks.push(check("capture", "fail", "no backend of auto can work", "take the next step of one of the lines above"))
  }
  return checks
})

/** All checks, in the order in which an operator would go through them. `own`: those of the program. */
export const doctor = Effect.fnUntraced(function* (
  request: ConfigRequest,
  registry: BackendRegistry,
  own: (config: Config) => Promise<ReadonlyArray<Check>> = async () => []
): Effect.fn.Return<ReadonlyArray<Check>> {
  const [config, configuration] = yield* configChecks(request)
  const checks = [...configuration]
  if (config !== undefined && request.program !== "agent") checks.push(...databaseChecks(config))
  checks.push(...hostChecks(config))
  if (config !== undefined) {
    checks.push(
      ...(yield* backendChecks(config, registry)),
      ...(yield* Effect.promise(() => own(config))),
      ...(yield* Effect.promise(() => serviceChecks(request.program, config)))
    )
  }
  if (request.program === "spoa") checks.push(...(yield* Effect.promise(() => haproxyChecks())))
  return checks
})

export const hasFailed = (checks: ReadonlyArray<Check>): boolean => checks.some((each) => each.result === "fail")

/** `ok    name      detail` and, below what is not ok, the next step. */
export function printChecks(checks: ReadonlyArray<Check>): string {
  const width = Math.max(...checks.map((each) => each.name.length))
  return checks
    .map(({ name, result, detail, next }) => {
      const line = `${result.padEnd(4)}  ${name.padEnd(width)}  ${detail}`
      return next === undefined ? line : `${line}\n${" ".repeat(width + 8)}-> ${next}`
    })
    .join("\n")
}
