/**
 * Keys that a reload can't change: their new value waits for a restart.
 */
import { isDeepStrictEqual } from "node:util"
import type { ConfigSchema, Program, ServiceConfig } from "./schema.ts"
import type { Table } from "./table.ts"

/** Keys that differ and are not taken over, as the file spells them. Keys that a reload takes over are not looked at. */
export const needsRestart = <C extends ServiceConfig>(
  schema: ConfigSchema,
  program: Program<C>,
  running: C,
  next: C
): ReadonlyArray<string> => changed(schema.root(program), "", running, next)

function changed(inner: Table, path: string, running: object, next: object): ReadonlyArray<string> {
  const keys: Array<string> = []
  for (const [property, key] of Object.entries(inner.keys)) {
    const at = path === "" ? key.name : `${path}.${key.name}`
    const read = (config: object): unknown => (config as Readonly<Record<string, unknown>>)[property]
    if (key.type === "value") {
      if (key.reload === "restart" && !isDeepStrictEqual(read(running), read(next))) keys.push(at)
      continue
    }
    if (!hasRestart(key.table)) continue
    const [before, after] = [read(running), read(next)]
    if (key.type === "tables" || before === undefined || after === undefined) {
      if (!isDeepStrictEqual(before, after)) keys.push(at)
    } else keys.push(...changed(key.table, at, before as object, after as object))
  }
  return keys
}

const hasRestart = (inner: Table): boolean =>
  Object.values(inner.keys).some((key) => (key.type === "value" ? key.reload === "restart" : hasRestart(key.table)))
