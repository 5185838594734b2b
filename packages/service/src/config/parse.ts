/**
 * Configuration: TOML text, environment and flags become one typed value, or every problem at once. Pure: it opens nothing.
 *
 * Weight: flag > environment > file > default.
 */
import * as Result from "effect/Result"
import { crossCheck } from "./cross-check.ts"
import { P0F_DATABASE } from "./database-files.ts"
import { type Override, parseSetting, readEnvironment, settingAt } from "./environment.ts"
import { nearest } from "./nearest.ts"
import { ConfigInvalid, type Problem } from "./problem.ts"
import type { ConfigSchema, Environment, Program, ServiceConfig } from "./schema.ts"
import { decodeTable, isTable, type Path, type RawTable } from "./table.ts"
import { lineOf, parseToml, printPath } from "./toml.ts"

/** The sources of the configuration of a run. */
export interface ConfigRequest<C extends ServiceConfig = any> {
  readonly schema: ConfigSchema
  readonly program: Program<C>
  /** `--config`, or SYNPRINT_CONFIG; undefined: defaults. */
  readonly file: string | undefined
  readonly environment: Environment
  /** `capture.backend` and its text as the environment would have it, in the order given; `source` is the flag. */
  readonly flags: ReadonlyArray<{ readonly path: string; readonly text: string; readonly source: string }>
}

export interface ConfigSource<C extends ServiceConfig = any> extends ConfigRequest<C> {
  /** The text of `file`. */
  readonly text: string
}

/** `config` has defaults in place of what is wrong; it is undefined when the text can't be parsed. */
export interface ConfigReading<C> {
  readonly config: C | undefined
  readonly problems: ReadonlyArray<Problem>
}

export function parseConfig<C extends ServiceConfig>(source: ConfigSource<C>): Result.Result<C, ConfigInvalid> {
  const { config, problems } = readConfig(source)
  return config === undefined || problems.length > 0
    ? Result.fail(new ConfigInvalid({ problems }))
    : Result.succeed(config)
}

type MutableTable = Record<string, unknown>

function put(raw: MutableTable, path: ReadonlyArray<string>, value: unknown): void {
  let inner = raw
  for (const step of path.slice(0, -1)) {
    if (!isTable(inner[step])) inner[step] = {}
    inner = inner[step] as MutableTable
  }
  inner[path.at(-1)!] = value
}

const tableOf = (raw: RawTable, name: string): RawTable => {
  const inner = raw[name]
  return isTable(inner) ? inner : {}
}

export function readConfig<C extends ServiceConfig>(source: ConfigSource<C>): ConfigReading<C> {
  const { schema, program, file, environment } = source
  const document = parseToml(source.text)
  if (Result.isFailure(document)) {
    const { message, line } = document.failure
    return { config: undefined, problems: [{ path: "", message, source: file, line }] }
  }
  const { value, lines } = document.success

  const problems: Array<Problem> = []
  /** Variable or flag by the path that it set. */
  const setBy = new Map<string, string>()
  const where = (path: Path): Pick<Problem, "source" | "line"> => {
    for (let length = path.length; length > 0; length--) {
      const by = setBy.get(printPath(path.slice(0, length)))
      if (by !== undefined) return { source: by, line: undefined }
    }
    const line = lineOf(lines, path)
    return { source: line === undefined ? undefined : file, line }
  }
  const report = (path: Path, message: string): void => {
    problems.push({ path: printPath(path), message, ...where(path) })
  }

  const fromEnvironment = readEnvironment(schema, environment)
  problems.push(...fromEnvironment.problems)
  const fromFlags = readFlags(schema, source.flags)
  problems.push(...fromFlags.problems)

  const raw: MutableTable = structuredClone(value)
  for (const override of [...fromEnvironment.overrides, ...fromFlags.overrides]) {
    put(raw, override.path, override.value)
    setBy.set(printPath(override.path), override.source)
  }
  for (const [name, why] of Object.entries(program.refuses)) if (raw[name] !== undefined) report([name], why)
  for (const name of schema.foreign(program)) delete raw[name]

  // huginn-proxy's set-up: with one of its variables its backend, unless one is named anywhere.
  const huginnBackend = schema.backends.find(({ huginnVariables = {} }) =>
    Object.keys(huginnVariables).some((name) => (environment[name] ?? "") !== "")
  )
  const huginn =
    huginnBackend !== undefined &&
    program.onlyBackend === undefined &&
    tableOf(raw, "fingerprint")["tcp_enabled"] === true &&
    tableOf(raw, "capture")["backend"] === undefined
  if (huginn) put(raw, ["capture", "backend"], huginnBackend.name)

  // The built-in database uses what p0f does not know.
  const fingerprint = tableOf(raw, "fingerprint")
  if (fingerprint["mode"] === "p0f" && fingerprint["databases"] === undefined)
    put(raw, ["fingerprint", "databases"], P0F_DATABASE)

  const invalid: Array<Path> = []
  const decoded = decodeTable(schema.root(program), raw, [], {
    unknown: report,
    invalid: (path, message) => {
      report(path, message)
      invalid.push(path)
    }
  }) as unknown as C
  const config: C = {
    ...decoded,
    file,
    capture: { ...decoded.capture, enabled: decoded.fingerprint.tcpEnabled !== false },
    huginn
  }
  for (const crossed of crossCheck(schema, program, config, environment)) {
    const path = parsePath(crossed.path)
    // A default in place of a bad value says nothing about combinations with it.
    if (invalid.some((wrong) => wrong[0] === path[0] || wrong.includes("listen"))) continue
    const by = where(path)
    problems.push({ ...crossed, source: crossed.source ?? by.source, line: crossed.line ?? by.line })
  }
  return { config, problems: inOrder(problems) }
}

function readFlags(
  schema: ConfigSchema,
  flags: ConfigSource["flags"]
): { readonly overrides: ReadonlyArray<Override>; readonly problems: ReadonlyArray<Problem> } {
  const overrides: Array<Override> = []
  const problems: Array<Problem> = []
  for (const { path, text, source } of flags) {
    const setting = settingAt(schema, path)
    if (setting !== undefined) {
      overrides.push({ path: setting.path, value: parseSetting(setting, text), source })
      continue
    }
    const meant = nearest(
      path,
      schema.settings.map((each) => each.path.join("."))
    )
    const message = `no setting has this name${meant === undefined ? "" : `: did you mean ${meant}?`}`
    problems.push({ path, message, source, line: undefined })
  }
  return { overrides, problems }
}

const parsePath = (path: string): Path =>
  path
    .split(/[.[\]]+/)
    .filter((step) => step !== "")
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step))

/** By line, then as found. */
const inOrder = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> =>
  [...problems].sort((a, b) => (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER))
