/**
 * `doctor`: every check of the shared parts, of the backends and of the program, one line each with the next step.
 */
import * as Effect from "effect/Effect"
import type { BackendModule, Check } from "../capture/backend.ts"
import { inAutoOrder } from "../capture/choice.ts"
import { backendConfig, captureOptions } from "../config/capture.ts"
import { readDatabaseFiles } from "../config/database-files.ts"
import { inspectConfig } from "../config/load.ts"
import type { ConfigRequest } from "../config/parse.ts"
import { printProblem } from "../config/problem.ts"
import type { ServiceConfig } from "../config/schema.ts"
import { check } from "./check.ts"
import { hostChecks } from "./host.ts"
import { serviceChecks } from "./service.ts"

const configChecks = Effect.fnUntraced(function* <C extends ServiceConfig>(
  request: ConfigRequest<C>
): Effect.fn.Return<readonly [C | undefined, ReadonlyArray<Check>]> {
  const inspected = yield* Effect.result(inspectConfig(request))
  if (inspected._tag === "Failure")
    return [undefined, [check("configuration", "fail", inspected.failure.message, "name the file with --config")]]
  const { config, problems } = inspected.success
  return problems.length === 0
    ? [config, [check("configuration", "ok", request.file ?? "defaults (no file)")]]
    : [
        config,
        problems.map((problem) =>
          check("configuration", "fail", printProblem(problem), "correct it: services refuse to start")
        )
      ]
})

function databaseChecks(config: ServiceConfig): ReadonlyArray<Check> {
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
  { capture }: ServiceConfig,
  backends: ReadonlyArray<BackendModule>,
  feed: boolean
): Effect.fn.Return<ReadonlyArray<Check>> {
  if (!capture.enabled)
    return [
      check(
        "capture",
        "warn",
        "fingerprint.tcp_enabled = false turns it off: every status is disabled",
        "remove the key"
      )
    ]
  const isAuto = capture.backend === "auto"
  const names = capture.backend === "auto" ? inAutoOrder(backends).map(({ name }) => name) : capture.backend
  const options = captureOptions(capture, feed)
  const checks: Array<Check> = []
  for (const name of names) {
    const module = backends.find((each) => each.name === name)
    // The configuration has reported a name that is not known.
    if (module === undefined) continue
    const loaded = yield* Effect.result(Effect.tryPromise(() => module.load()))
    if (loaded._tag === "Failure")
      checks.push(check(name, "fail", `cannot be loaded: ${String(loaded.failure.cause)}`, "install synprint again"))
    // With auto a backend that can't work is passed over, so it is no failure.
    else
      for (const each of yield* loaded.success.doctor({ ...options, config: backendConfig(module, capture) }))
        checks.push(isAuto && each.result === "fail" ? { ...each, result: "warn" } : each)
  }
  if (isAuto && checks.length > 0 && checks.every((each) => each.result !== "ok")) {
    checks.push(check("capture", "fail", "no backend of auto can work", "take the next step of one of the lines above"))
  }
  return checks
})

/** All checks, in the order in which an operator would go through them. */
export const doctor = Effect.fnUntraced(function* <C extends ServiceConfig>(
  request: ConfigRequest<C>
): Effect.fn.Return<ReadonlyArray<Check>> {
  const { program, schema } = request
  const [config, configuration] = yield* configChecks(request)
  const checks = [...configuration]
  if (config !== undefined && program.matches) checks.push(...databaseChecks(config))
  checks.push(...hostChecks(config?.capture.interfaces ?? []))
  if (config === undefined) return checks
  checks.push(
    ...(yield* backendChecks(config, schema.backends, program.wantsPackets(config))),
    ...(yield* Effect.promise(() => serviceChecks(program, config))),
    ...(yield* Effect.promise(() => program.doctor(config)))
  )
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
