/**
 * Tables and keys of the configuration. The description of a key holds everything about it: the value that programs use, the default, the
 * text of the example file, and whether a running program takes a change over.
 */
import { nearest } from "./nearest.ts"
import { printPath } from "./toml.ts"
import { InvalidValue, type Kind, type Value } from "./value.ts"

/** `live`: a reload takes a new value over. `restart`: the program keeps the old value and says so in its log. */
export type Reload = "live" | "restart"

export interface ValueKey<out A> {
  readonly type: "value"
  /** As the file spells it. */
  readonly name: string
  readonly value: Value<A>
  /** The default as the file writes it; undefined: the key has none. */
  readonly fallback: unknown
  readonly initial: A
  readonly reload: Reload
  /** For the example file. */
  readonly text: string
  /** The value that the example file shows in place of the default. */
  readonly example: unknown
}

export interface TableKey<out A> {
  /** `table`: [name], always there with its defaults. `optional`: undefined unless the file has it. `tables`: [[name]]. */
  readonly type: "table" | "optional" | "tables"
  readonly name: string
  readonly table: Table
  /** For the example file, above the name of the table. */
  readonly text: string
  /** From the decoded keys to the value that programs use. */
  readonly finish: (decoded: any) => A
}

export type Key<A = unknown> = ValueKey<A> | TableKey<A>
export type Keys = Readonly<Record<string, Key<any>>>
export type Decoded<K extends Keys> = {
  readonly [P in keyof K]: K[P] extends ValueKey<infer A> ? A : K[P] extends TableKey<infer A> ? A : never
}

/** Properties of `keys` are camelCase with their unit; the file's names are snake_case. */
export interface Table<out K extends Keys = Keys> {
  readonly keys: K
}

export const table = <K extends Keys>(keys: K): Table<K> => ({ keys })

export interface KeyOptions {
  readonly reload: Reload
  readonly text?: string
  readonly example?: unknown
}

/** A key with its default, written as the file would write it. */
export function key<A>(name: string, value: Value<A>, fallback: unknown, options: KeyOptions): ValueKey<A> {
  const initial = value.decode(fallback)
  if (initial instanceof InvalidValue) throw new Error(`default of ${name}: ${initial.parts[0]!.message}`)
  const { reload, text = "", example } = options
  return { type: "value", name, value, fallback, initial, reload, text, example }
}

/** A key without a default: undefined when it is not given. */
export function optionalKey<A>(name: string, value: Value<A>, options: KeyOptions): ValueKey<A | undefined> {
  const { reload, text = "", example } = options
  return { type: "value", name, value, fallback: undefined, initial: undefined, reload, text, example }
}

const same = <A>(decoded: A): A => decoded

/** `[outer.name]`: always there, with its own defaults. */
export const subTable = <K extends Keys>(name: string, inner: Table<K>, text = ""): TableKey<Decoded<K>> => ({
  type: "table",
  name,
  table: inner,
  text,
  finish: same
})

/** `[name]` whose decoded keys become another value. */
export const finishedTable = <K extends Keys, A>(
  name: string,
  inner: Table<K>,
  finish: (decoded: Decoded<K>) => A,
  text = ""
): TableKey<A> => ({ type: "table", name, table: inner, text, finish })

/** `[name]`: undefined unless the file has it. */
export const optionalTable = <K extends Keys>(
  name: string,
  inner: Table<K>,
  text = ""
): TableKey<Decoded<K> | undefined> => ({ type: "optional", name, table: inner, text, finish: same })

/** `[[name]]`: an array of tables. */
export const tableList = <K extends Keys>(
  name: string,
  inner: Table<K>,
  text = ""
): TableKey<ReadonlyArray<Decoded<K>>> => ({ type: "tables", name, table: inner, text, finish: same })

export type RawTable = Readonly<Record<string, unknown>>
export type Path = ReadonlyArray<string | number>

/** Receives the problems that decoding finds. */
export interface DecodeReport {
  readonly invalid: (path: Path, message: string) => void
  readonly unknown: (path: Path, message: string) => void
}

export const isTable = (input: unknown): input is RawTable =>
  typeof input === "object" && input !== null && !Array.isArray(input) && !(input instanceof Date)

/** Decodes a table; a default stands in place of what is wrong, so that combinations of the rest can be checked too. */
export function decodeTable<K extends Keys>(
  inner: Table<K>,
  raw: RawTable,
  path: Path,
  report: DecodeReport
): Decoded<K> {
  const decoded: Record<string, unknown> = {}
  const known = new Set<string>()
  for (const [property, each] of Object.entries(inner.keys)) {
    known.add(each.name)
    decoded[property] = decodeKey(each, raw[each.name], [...path, each.name], report)
  }
  for (const [name, input] of Object.entries(raw)) {
    if (known.has(name)) continue
    const meant = nearest(name, known)
    const hint = meant === undefined ? ` (known: ${[...known].join(", ")})` : `: did you mean ${meant}?`
    report.unknown([...path, name], `unknown ${path.length === 0 && isTable(input) ? "table" : "key"}${hint}`)
  }
  return decoded as Decoded<K>
}

function decodeKey(each: Key, input: unknown, path: Path, report: DecodeReport): unknown {
  if (each.type === "value") {
    if (input === undefined) return each.initial
    const decoded = each.value.decode(input)
    if (!(decoded instanceof InvalidValue)) return decoded
    for (const { at, message } of decoded.parts) report.invalid([...path, ...at], message)
    return each.initial
  }
  if (each.type === "tables") {
    if (input !== undefined && !(Array.isArray(input) && input.every(isTable)))
      report.invalid(path, `expected tables [[${printPath(path)}]]`)
    else if (input !== undefined)
      return each.finish(input.map((item, n) => decodeTable(each.table, item, [...path, n], report)))
    return each.finish([])
  }
  if (input === undefined && each.type === "optional") return undefined
  if (input !== undefined && !isTable(input)) {
    report.invalid(path, `expected a table [${printPath(path)}]`)
    if (each.type === "optional") return undefined
    return each.finish(decodeTable(each.table, {}, path, report))
  }
  return each.finish(decodeTable(each.table, input ?? {}, path, report))
}

const SILENT: DecodeReport = { invalid: () => {}, unknown: () => {} }

/** The values of a table of which nothing is given. */
export const defaultsOf = <K extends Keys>(inner: Table<K>): Decoded<K> => decodeTable(inner, {}, [], SILENT)

/** Restores a decoded table after a structured clone: a message to another thread keeps plain data only. */
export function reviveTable<A extends object>(inner: Table, cloned: A): A {
  const revived = { ...cloned } as Record<string, unknown>
  for (const [property, each] of Object.entries(inner.keys)) {
    const value = revived[property]
    if (value === undefined) continue
    if (each.type === "value") {
      if (each.value.revive !== undefined) revived[property] = each.value.revive(value)
    } else if (Array.isArray(value)) revived[property] = value.map((item: object) => reviveTable(each.table, item))
    else if (!(value instanceof Map)) revived[property] = reviveTable(each.table, value as object)
  }
  return revived as A
}

/** A key that holds a value, with its path from the root. */
export interface Setting {
  readonly path: ReadonlyArray<string>
  readonly key: ValueKey<unknown>
  readonly kind: Kind
  /** Environment variable that sets it; undefined in an array of tables, which no variable reaches. */
  readonly variable: string | undefined
}

/** Every key of a table and of the tables in it. */
export function settingsOf(inner: Table, path: ReadonlyArray<string> = [], isReachable = true): ReadonlyArray<Setting> {
  return Object.values(inner.keys).flatMap((each): ReadonlyArray<Setting> => {
    const at = [...path, each.name]
    if (each.type !== "value") return settingsOf(each.table, at, isReachable && each.type !== "tables")
    const variable = isReachable ? `SYNPRINT_${at.join("_").toUpperCase()}` : undefined
    return [{ path: at, key: each, kind: each.value.kind, variable }]
  })
}
