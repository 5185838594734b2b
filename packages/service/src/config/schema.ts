/**
 * The tables that a configuration file may hold, and the programs that read them. Programs and backends bring their own tables; a file may
 * serve several programs, and each ignores the tables that belong only to another.
 *
 * ```
 *   shared tables: capture fingerprint history hints admin log reload ─┐
 *   [capture.NAME] of every backend ───────────────────────────────────┼──► ConfigSchema ──► parse, environment, --check, doctor, example
 *   tables of every program: [spoa], [proxy], [[routes]] ... ──────────┘
 * ```
 */
import type { BackendModule, Check } from "../capture/backend.ts"
import { type CaptureConfig, captureTable } from "./capture.ts"
import { type FingerprintConfig, FingerprintTable, type HistoryConfig, HistoryTable } from "./fingerprint.ts"
import { type HintsConfig, HintsTable } from "./hints.ts"
import type { ListenAddress } from "./listen-address.ts"
import { type AdminConfig, adminTable, type LogConfig, LogTable, type ReloadConfig, ReloadTable } from "./operations.ts"
import type { Problem } from "./problem.ts"
import { type Decoded, type Keys, reviveTable, type Setting, settingsOf, subTable, type Table, table } from "./table.ts"

/** The part of the configuration that all programs have. */
export interface ServiceConfig {
  /** The file it came from, if any. */
  readonly file: string | undefined
  readonly capture: CaptureConfig
  readonly fingerprint: FingerprintConfig
  readonly history: HistoryConfig
  readonly hints: HintsConfig
  readonly admin: AdminConfig
  readonly log: LogConfig
  readonly reload: ReloadConfig
  /** huginn-proxy's eBPF set-up: tcp_enabled = true and no backend named. */
  readonly huginn: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Addresses that a key names. */
export interface Listeners {
  readonly setting: string
  readonly addresses: ReadonlyArray<ListenAddress>
}

/** Facts from outside the file that the checks of a program use. */
export interface CheckContext {
  readonly environment: Environment
  readonly backends: ReadonlyArray<BackendModule>
}

/** A program as its configuration sees it: it loads nothing of what the program runs. */
export interface Program<C extends ServiceConfig = any> {
  readonly name: string
  /** Tables that this program alone reads, by their property of its configuration. */
  readonly tables: Keys
  /** Shared tables that it has no use for: they may hold anything. */
  readonly ignores: ReadonlyArray<string>
  /** Tables of other programs that it can't do what they ask for: why, by name. */
  readonly refuses: Readonly<Record<string, string>>
  readonly adminPort: number
  /** The one backend that it runs; undefined: any. */
  readonly onlyBackend: string | undefined
  /** True: the program compares SYNs with databases. */
  readonly matches: boolean
  /** True: with this configuration the program needs every packet, and not SYNs alone. */
  readonly wantsPackets: (config: C) => boolean
  readonly listeners: (config: C) => ReadonlyArray<Listeners>
  /** Combinations of keys that can't work. */
  readonly check: (config: C, context: CheckContext) => ReadonlyArray<Problem>
  /** Files of its own tables whose change is a reload; the configuration, databases and lists of networks are known. */
  readonly files: (config: C) => ReadonlyArray<string>
  /** Problems in the files that the configuration names. */
  readonly checkFiles: (config: C) => ReadonlyArray<Problem>
  readonly doctor: (config: C) => Promise<ReadonlyArray<Check>>
}

/** The configuration of a program with these tables. */
export type ConfigOf<K extends Keys> = ServiceConfig & Decoded<K>

export class ConfigSchema {
  readonly programs: ReadonlyArray<Program>
  readonly backends: ReadonlyArray<BackendModule>
  /** Every key of every program's tables. */
  readonly settings: ReadonlyArray<Setting>
  readonly #shared: Keys

  constructor(programs: ReadonlyArray<Program>, backends: ReadonlyArray<BackendModule>) {
    this.programs = programs
    this.backends = backends
    this.#shared = {
      capture: subTable("capture", captureTable(backends)),
      fingerprint: subTable("fingerprint", FingerprintTable),
      history: subTable("history", HistoryTable),
      hints: subTable(
        "hints",
        HintsTable,
        "What the facts add up to: header x-tcp-hints, SPOE variable hints, as a list of RFC 9651. Each hint has a score q, never above the precision that was measured for its kind, and a reason."
      ),
      log: subTable("log", LogTable),
      reload: subTable("reload", ReloadTable)
    }
    this.settings = settingsOf(this.everything)
  }

  /** All tables, as the example file shows them. */
  get everything(): Table {
    const [first] = this.programs
    return this.#rootOf(first?.adminPort ?? 0, this.programs)
  }

  /** The tables that a program reads. */
  root(program: Program): Table {
    return this.#rootOf(program.adminPort, [program])
  }

  #rootOf(adminPort: number, programs: ReadonlyArray<Program>): Table {
    const { log, reload, ...tables } = this.#shared
    return table({
      ...tables,
      admin: subTable("admin", adminTable(adminPort)),
      ...(log && { log }),
      ...(reload && { reload }),
      ...Object.assign({}, ...programs.map((program) => program.tables))
    })
  }

  /** Names of the tables that a program does not look into. */
  foreign(program: Program): ReadonlySet<string> {
    const own = new Set(Object.values(program.tables).map(({ name }) => name))
    const others = this.programs.flatMap(({ tables }) => Object.values(tables).map(({ name }) => name))
    return new Set([...others.filter((name) => !own.has(name)), ...program.ignores, ...Object.keys(program.refuses)])
  }

  /** Restores a configuration that came by a message from another thread. */
  revive<C extends ServiceConfig>(program: Program<C>, cloned: C): C {
    return reviveTable(this.root(program), cloned)
  }
}
