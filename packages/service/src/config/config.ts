/**
 * Configuration: TOML text, environment and flags -> one typed value, or every problem at once.
 *
 * Weight: flag > environment > file > default.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { BackendName, CaptureConfig as CaptureTableConfig } from "./capture.ts"
import { crossCheck } from "./cross-check.ts"
import { type Environment, type Override, parseSetting, readEnvironment, settingAt } from "./environment.ts"
import type { FingerprintConfig, HistoryConfig } from "./fingerprint.ts"
import type { HintsConfig } from "./hints.ts"
import type { Table } from "./key.ts"
import { ConfigInvalid, invalid, type Problem } from "./problem.ts"
import { type HeadersConfig, headersConfig, type ProxyConfig, type RouteConfig } from "./proxy.ts"
import type { AdminConfig, LogConfig, P0fApiConfig, Program, ReloadConfig } from "./service.ts"
import type { SpoaConfig } from "./spoa.ts"
import { FOREIGN, ROOT, SETTINGS } from "./tables.ts"
import { P0F_DATABASE } from "./database-files.ts"
import { nearest } from "./nearest.ts"
import { lineOf, parseToml, printPath } from "./toml.ts"

export interface CaptureConfig extends CaptureTableConfig {
  /** false: `[fingerprint] tcp_enabled = false`; nothing is opened, status is `disabled`. */
  readonly enabled: boolean
}

export interface Config {
  /** The file it came from, if any. */
  readonly file: string | undefined
  readonly capture: CaptureConfig
  readonly fingerprint: FingerprintConfig
  readonly history: HistoryConfig
  readonly hints: HintsConfig
  readonly spoa: SpoaConfig
  readonly proxy: ProxyConfig
  readonly routes: ReadonlyArray<RouteConfig>
  readonly headers: HeadersConfig
  readonly p0fApi: P0fApiConfig | undefined
  readonly admin: AdminConfig
  readonly log: LogConfig
  readonly reload: ReloadConfig
  /** The seed's eBPF set-up: tcp_enabled = true and no backend named. */
  readonly huginn: boolean
}

export interface ConfigSource {
  readonly program: Program
  /** Name for messages; undefined: no file. */
  readonly file: string | undefined
  readonly text: string
  readonly environment: Environment
  /** `capture.backend` -> text as the environment would have it, in the order given; `source` is the flag. */
  readonly flags: ReadonlyArray<{ readonly path: string; readonly text: string; readonly source: string }>
}

type Raw = Record<string, unknown>
type Where = (path: ReadonlyArray<PropertyKey>) => {
  readonly source: string | undefined
  readonly line: number | undefined
}

const isTable = (input: unknown): input is Raw =>
  typeof input === "object" && input !== null && !Array.isArray(input) && !(input instanceof Date)

/** A copy with what the tables know; the rest is reported with the nearest known name. */
function known(
  inner: Table<any>,
  raw: Raw,
  path: ReadonlyArray<PropertyKey>,
  report: (path: ReadonlyArray<PropertyKey>, message: string) => void
): Raw {
  const copy: Raw = {}
  const keys = new Map<string, { kind: string; table: Table<any> | undefined }>(
    Object.values(inner.keys as Readonly<Record<string, any>>).map((key) => [key.name, key.value])
  )
  for (const [name, input] of Object.entries(raw)) {
    const at = [...path, name]
    const key = keys.get(name)
    if (key === undefined) {
      const meant = nearest(name, keys.keys())
      const what = path.length === 0 && isTable(input) ? "table" : "key"
      report(
        at,
        `unknown ${what}${meant === undefined ? ` (known: ${[...keys.keys()].join(", ")})` : `: did you mean ${meant}?`}`
      )
    } else if (key.kind === "table") {
      if (isTable(input)) copy[name] = known(key.table!, input, at, report)
      else report(at, `expected a table [${printPath(at)}]`)
    } else if (key.kind === "tables") {
      if (!Array.isArray(input) || !input.every(isTable)) report(at, `expected tables [[${printPath(at)}]]`)
      else copy[name] = input.map((item, n) => known(key.table!, item, [...at, n], report))
    } else copy[name] = input
  }
  return copy
}

function put(raw: Raw, path: ReadonlyArray<string>, value: unknown): void {
  let table = raw
  for (const step of path.slice(0, -1)) {
    if (!isTable(table[step])) table[step] = {}
    table = table[step] as Raw
  }
  table[path.at(-1)!] = value
}

function at(raw: unknown, path: ReadonlyArray<PropertyKey>): unknown {
  let inner = raw
  for (const step of path)
    inner = typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[step] : undefined
  return inner
}

/** Removes the key; an element's whole list. */
function remove(raw: Raw, path: ReadonlyArray<PropertyKey>): void {
  let keyed = path.length - 1
  while (keyed > 0 && typeof path[keyed] === "number") keyed--
  const inner = at(raw, path.slice(0, keyed))
  if (typeof inner === "object" && inner !== null) delete (inner as Record<PropertyKey, unknown>)[path[keyed]!]
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** A path of decoded properties -> the file's spelling. */
function spelling(
  root: Table<any>,
  path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>
): ReadonlyArray<PropertyKey> {
  let inner: Table<any> | undefined = root
  const out: Array<PropertyKey> = []
  for (const step of path) {
    const name = typeof step === "object" ? step.key : step
    const keys: Readonly<Record<string, { name: string; value: { table: Table<any> | undefined } }>> | undefined =
      inner?.keys
    const found: { name: string; value: { table: Table<any> | undefined } } | undefined =
      typeof name === "number" || keys === undefined
        ? undefined
        : (keys[String(name)] ?? Object.values(keys).find((k) => k.name === name))
    out.push(found?.name ?? name)
    if (typeof name !== "number") inner = found?.value.table
  }
  return out
}

const decoders = {
  spoa: Schema.decodeUnknownResult(ROOT.spoa.schema, { errors: "all" }),
  proxy: Schema.decodeUnknownResult(ROOT.proxy.schema, { errors: "all" }),
  agent: Schema.decodeUnknownResult(ROOT.agent.schema, { errors: "all" })
} as const

/** `config` has defaults in place of what is wrong; undefined when the text is no TOML. */
export interface ConfigReading {
  readonly config: Config | undefined
  readonly problems: ReadonlyArray<Problem>
}

/** Pure: opens nothing. */
export function parseConfig(source: ConfigSource): Result.Result<Config, ConfigInvalid> {
  const { config, problems } = readConfig(source)
  return config === undefined || problems.length > 0
    ? Result.fail(new ConfigInvalid({ problems }))
    : Result.succeed(config)
}

export function readConfig(source: ConfigSource): ConfigReading {
  const { program, file, environment } = source
  const document = parseToml(source.text)
  if (Result.isFailure(document)) {
    const { message, line } = document.failure
    return { config: undefined, problems: [{ path: "", message, source: file, line }] }
  }
  const { value, lines } = document.success

  const problems: Array<Problem> = []
  const said = new Map<string, string>() // path -> variable or flag
  const where: Where = (path) => {
    for (let length = path.length; length > 0; length--) {
      const by = said.get(printPath(path.slice(0, length)))
      if (by !== undefined) return { source: by, line: undefined }
    }
    const line = lineOf(lines, path)
    return { source: line === undefined ? undefined : file, line }
  }
  const report = (path: ReadonlyArray<PropertyKey>, message: string): void => {
    problems.push({ path: printPath(path), message, ...where(path) })
  }

  const raw = known(
    ROOT[program],
    Object.fromEntries(
      Object.entries(value).map(([name, input]) => [
        name,
        FOREIGN[program].has(name) ? (name === "routes" ? [] : {}) : input
      ])
    ),
    [],
    report
  )
  for (const name of FOREIGN[program]) delete raw[name]

  const fromEnvironment = readEnvironment(environment)
  problems.push(...fromEnvironment.problems)
  const flags: Array<Override> = []
  for (const { path, text, source: flag } of source.flags) {
    const setting = settingAt(path)
    if (setting !== undefined) flags.push({ path: setting.path, value: parseSetting(setting, text), source: flag })
    else {
      const meant = nearest(
        path,
        SETTINGS.map((s) => s.path.join("."))
      )
      problems.push({
        path,
        message: `no setting has this name${meant === undefined ? "" : `: did you mean ${meant}?`}`,
        source: flag,
        line: undefined
      })
    }
  }
  for (const override of [...fromEnvironment.overrides, ...flags]) {
    if (FOREIGN[program].has(override.path[0]!)) continue
    put(raw, override.path, override.value)
    said.set(printPath(override.path), override.source)
  }

  // The seed's set-up: xdp unless a backend is named anywhere.
  const capture = isTable(raw.capture) ? raw.capture : {}
  const huginn =
    isTable(raw.fingerprint) &&
    raw.fingerprint.tcp_enabled === true &&
    capture.backend === undefined &&
    program !== "agent"
  if (huginn) put(raw, ["capture", "backend"], "xdp")

  // The built-in database uses what p0f does not know.
  if (isTable(raw.fingerprint) && raw.fingerprint.mode === "p0f" && raw.fingerprint.databases === undefined)
    put(raw, ["fingerprint", "databases"], P0F_DATABASE)

  let decoded = decoders[program](raw)
  const bad: Array<ReadonlyArray<PropertyKey>> = []
  if (Result.isFailure(decoded)) {
    for (const issue of formatIssues(decoded.failure.issue).issues) {
      const path = [...spelling(ROOT[program], issue.path ?? [])]
      // One value stood for a list of one: the element's index is not the file's.
      if (typeof path.at(-1) === "number" && typeof at(raw, path.slice(0, -1)) === "string") path.pop()
      report(path, issue.message)
      bad.push(path)
    }
    // Once more with defaults in place of what is wrong, so that combinations of the rest are reported too.
    for (const path of bad) remove(raw, path)
    decoded = decoders[program](raw)
    if (Result.isFailure(decoded)) return { config: undefined, problems: inOrder(problems) }
  }

  const tables = decoded.success
  const config: Config = {
    ...tables,
    file,
    capture: { ...tables.capture, enabled: tables.fingerprint.tcpEnabled !== false },
    headers: headersConfig(tables.headers),
    huginn
  }
  for (const crossed of crossCheck(program, config, environment)) {
    const path = parsePath(crossed.path)
    // A default in place of a bad value says nothing about combinations with it.
    if (bad.some((wrong) => wrong[0] === path[0] || wrong.includes("listen"))) continue
    const by = where(path)
    problems.push({ ...crossed, source: crossed.source ?? by.source, line: crossed.line ?? by.line })
  }
  return { config, problems: inOrder(problems) }
}

const parsePath = (path: string): ReadonlyArray<PropertyKey> =>
  path
    .split(/[.[\]]+/)
    .filter((step) => step !== "")
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step))

/** By line, then as found. */
const inOrder = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> =>
  [...problems].sort((a, b) => (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER))

/** Where the configuration of a run comes from. */
export interface ConfigRequest {
  readonly program: Program
  /** `--config`, or SYNPRINT_CONFIG; undefined: defaults. */
  readonly file: string | undefined
  readonly environment: Environment
  readonly flags: ConfigSource["flags"]
}

/** The file's text, "" without a file. */
export const readConfigFile = (file: string | undefined): Effect.Effect<string, ConfigInvalid> =>
  file === undefined
    ? Effect.succeed("")
    : Effect.tryPromise({
        try: () => Bun.file(file).text(),
        catch: (cause) =>
          invalid(file, `cannot read the file: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`)
      })

/** Reads the file and parses. Called again for a reload: the file may have changed, environment and flags have not. */
export const loadConfig = (request: ConfigRequest): Effect.Effect<Config, ConfigInvalid> =>
  Effect.flatMap(readConfigFile(request.file), (text) => Effect.fromResult(parseConfig({ ...request, text })))

export type { BackendName }
