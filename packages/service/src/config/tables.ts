/**
 * The whole configuration: which tables there are and which program reads them. A file may serve several programs: each ignores
 * the tables that belong only to another.
 */
import { CaptureTable } from "./capture.ts"
import { FingerprintTable, HistoryTable } from "./fingerprint.ts"
import { HintsTable } from "./hints.ts"
import { type Kind, optionalKey, subTable, table, type Table, tableList } from "./key.ts"
import { HeadersTable, ProxyTable, RouteTable } from "./proxy.ts"
import { adminTable, LogTable, P0fApiTable, type Program, ReloadTable } from "./service.ts"
import { SpoaTable } from "./spoa.ts"

const p0fApi = { kind: "table", schema: P0fApiTable.schema, table: P0fApiTable } as const

const rootTable = (program: Program) =>
  table({
    capture: subTable("capture", CaptureTable),
    fingerprint: subTable("fingerprint", FingerprintTable),
    history: subTable("history", HistoryTable),
    hints: subTable("hints", HintsTable),
    spoa: subTable("spoa", SpoaTable),
    proxy: subTable("proxy", ProxyTable),
    routes: tableList("routes", RouteTable),
    headers: subTable("headers", HeadersTable),
    p0fApi: optionalKey("p0f_api", p0fApi),
    admin: subTable("admin", adminTable(program)),
    log: subTable("log", LogTable),
    reload: subTable("reload", ReloadTable)
  })

export const ROOT: Readonly<Record<Program, ReturnType<typeof rootTable>>> = {
  spoa: rootTable("spoa"),
  proxy: rootTable("proxy"),
  agent: rootTable("agent")
}

/** Tables that a program does not read. */
export const FOREIGN: Readonly<Record<Program, ReadonlySet<string>>> = {
  spoa: new Set(["proxy", "routes", "headers"]),
  proxy: new Set(["spoa"]),
  agent: new Set(["spoa", "proxy", "routes", "headers", "history", "hints", "p0f_api"])
}

/** A scalar or list key and the environment variable that sets it. */
export interface Setting {
  readonly path: ReadonlyArray<string>
  readonly kind: Kind
  readonly variable: string
}

function settingsOf(inner: Table<any>, path: ReadonlyArray<string>): ReadonlyArray<Setting> {
  const settings: Array<Setting> = []
  for (const { name, value } of Object.values(inner.keys) as ReadonlyArray<{
    name: string
    value: { kind: Kind; table: Table<any> | undefined }
  }>) {
    const at = [...path, name]
    if (value.kind === "table") settings.push(...settingsOf(value.table!, at))
    else if (value.kind !== "tables")
      settings.push({ path: at, kind: value.kind, variable: `SYNPRINT_${at.join("_").toUpperCase()}` })
  }
  return settings
}

/** Every scalar or list key of every table. */
export const SETTINGS: ReadonlyArray<Setting> = settingsOf(ROOT.spoa, [])
