/**
 * Environment variables: `SYNPRINT_<TABLE>_<KEY>` for every scalar or list key, and those of huginn-proxy's eBPF set-up.
 */
import { nearest } from "./nearest.ts"
import type { Problem } from "./problem.ts"
import type { ConfigSchema, Environment } from "./schema.ts"
import type { Setting } from "./table.ts"

/** A value that takes the place of the file's. */
export interface Override {
  readonly path: ReadonlyArray<string>
  readonly value: unknown
  /** Variable or flag, for messages. */
  readonly source: string
}

/** Names that are no keys: the file itself, and whatever tests need. */
const OTHER_NAMES = ["SYNPRINT_CONFIG"]
const TEST_PREFIX = "SYNPRINT_TEST_"

export const settingAt = (schema: ConfigSchema, path: string): Setting | undefined =>
  schema.settings.find((setting) => setting.variable !== undefined && setting.path.join(".") === path)

const scalar = (text: string): unknown => (/^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text)

/** Text as the file would have it: `true`, `12`, `a,b` by the kind of the key. What does not fit is left to the key's own check. */
export function parseSetting(setting: Setting, text: string): unknown {
  switch (setting.kind) {
    case "boolean":
      return text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : text
    case "number":
      return scalar(text.trim())
    case "list":
      return text.trim() === ""
        ? []
        : text
            .split(",")
            .map((item) => item.trim())
            .map((item) => (setting.path.at(-1) === "ports" ? scalar(item) : item))
    default:
      return text
  }
}

/** Overrides in rising order of weight, and the names that are not known. */
export function readEnvironment(
  schema: ConfigSchema,
  environment: Environment
): {
  readonly overrides: ReadonlyArray<Override>
  readonly problems: ReadonlyArray<Problem>
} {
  const overrides: Array<Override> = []
  const problems: Array<Problem> = []
  for (const { huginnVariables = {} } of schema.backends) {
    for (const [variable, path] of Object.entries(huginnVariables)) {
      const text = environment[variable]
      if (text === undefined || text === "") continue
      const setting = settingAt(schema, path)!
      overrides.push({ path: setting.path, value: parseSetting(setting, text), source: variable })
    }
  }
  const byVariable = new Map(schema.settings.map((setting) => [setting.variable, setting]))
  for (const variable of Object.keys(environment).sort()) {
    const text = environment[variable]
    if (
      text === undefined ||
      !variable.startsWith("SYNPRINT_") ||
      variable.startsWith(TEST_PREFIX) ||
      OTHER_NAMES.includes(variable)
    )
      continue
    const setting = byVariable.get(variable)
    if (setting !== undefined) {
      overrides.push({ path: setting.path, value: parseSetting(setting, text), source: variable })
      continue
    }
    const known = [...byVariable.keys()].filter((name) => name !== undefined)
    const meant = nearest(variable, [...known, ...OTHER_NAMES])
    const message = `no setting has this name${meant === undefined ? "" : `: did you mean ${meant}?`}`
    problems.push({ path: "", message, source: variable, line: undefined })
  }
  return { overrides, problems }
}
