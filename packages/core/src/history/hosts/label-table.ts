/**
 * Labels: label id -> label of a database. Host records keep ids; when the database is reloaded they are carried over by what the
 * labels say, and forgotten where the new database says it no longer.
 */
import type { Database, Label } from "../../tcp/database/database.ts"

export class Labels {
  readonly database: Database
  /** Name id by stored label, -1 for none. */
  readonly nameIds: Int32Array
  readonly #byId: Array<Label | undefined> = []

  constructor(database: Database) {
    this.database = database
    for (const section of [database.requests, database.responses, database.http.requests, database.http.responses])
      for (const line of section) this.#byId[line.label.id] = line.label
    this.nameIds = new Int32Array(this.#byId.length + 1).fill(-1)
    this.#byId.forEach((label, id) => {
      if (label !== undefined) this.nameIds[id + 1] = label.nameId
    })
  }

  /** The label a host record names; `stored` is the id + 1. */
  stored(stored: number): Label | undefined {
    return this.#byId[stored - 1]
  }

  nameOf(stored: number): string | undefined {
    const label = this.#byId[stored - 1]
    return label && this.database.names[label.nameId]
  }

  flavorOf(stored: number): string | undefined {
    return this.#byId[stored - 1]?.flavor
  }

  /** `name[ flavor]`, undefined for 0. */
  titleOf(stored: number): string | undefined {
    const label = this.#byId[stored - 1]
    if (label === undefined) return undefined
    const name = this.database.names[label.nameId]!
    return label.flavor === undefined ? name : `${name} ${label.flavor}`
  }

  /** For each stored id of `older`, the stored id of the first label here that says the same, else 0. */
  carriedFrom(older: Labels): Int32Array {
    const known = new Map<string, number>()
    for (let id = this.#byId.length - 1; id >= 0; id--) {
      const label = this.#byId[id]
      if (label !== undefined) known.set(this.#text(label), id + 1)
    }
    const carried = new Int32Array(older.#byId.length + 1)
    older.#byId.forEach((label, id) => {
      if (label !== undefined) carried[id + 1] = known.get(older.#text(label)) ?? 0
    })
    return carried
  }

  #text(label: Label): string {
    const kind = label.classId < 0 ? "!" : this.database.classes[label.classId]
    return `${kind}:${this.database.names[label.nameId]}:${label.flavor ?? ""}`.toLowerCase()
  }
}
