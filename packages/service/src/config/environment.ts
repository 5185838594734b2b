/**
 * Environment variables: `SYNPRINT_<TABLE>_<KEY>` for every scalar or list key, and the three of the seed's eBPF set-up.
 */
import type { Problem } from "./problem.ts"
import { type Setting, SETTINGS } from "./tables.ts"
import { nearest } from "./nearest.ts"

export type Environment = Readonly<Record<string, string | undefined>>

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

/** The seed's names (its README, "Environment variables"), as if they were these settings. */
export const HUGINN_VARIABLES = {
  HUGINN_EBPF_INTERFACE: "capture.interface",
  HUGINN_EBPF_DST_IP: "capture.addresses",
  HUGINN_EBPF_DST_PORT: "capture.ports"
} as const

const byVariable = new Map(SETTINGS.map((setting) => [setting.variable, setting]))
const byPath = new Map(SETTINGS.map((setting) => [setting.path.join("."), setting]))

export const settingAt = (path: string): Setting | undefined => byPath.get(path)

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
export function readEnvironment(environment: Environment): {
  readonly overrides: ReadonlyArray<Override>
  readonly problems: ReadonlyArray<Problem>
} {
  const overrides: Array<Override> = []
  const problems: Array<Problem> = []
  for (const [variable, path] of Object.entries(HUGINN_VARIABLES)) {
    const text = environment[variable]
    if (text === undefined || text === "") continue
    const setting = byPath.get(path)!
    overrides.push({ path: setting.path, value: parseSetting(setting, text), source: variable })
  }
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
    const meant = nearest(variable, [...byVariable.keys(), ...OTHER_NAMES])
    const message = `no setting has this name${meant === undefined ? "" : `: did you mean ${meant}?`}`
    problems.push({ path: "", message, source: variable, line: undefined })
  }
  return { overrides, problems }
}
