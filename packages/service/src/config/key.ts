/**
 * Keys and tables of the configuration: one description from which come the Schema, the defaults, the names of the environment
 * variables and the check for unknown keys.
 *
 * Every value decodes from `unknown` in one step. A Schema with typed encoded sides (`encodeKeys` over `Schema.String`) stops at
 * the first step that fails, so of one wrong type and one wrong duration in a table only the first would be reported.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** How the value is written: decides how text of the environment becomes a value. */
export type Kind = "text" | "number" | "boolean" | "list" | "table" | "tables"

/** A kind of value: what it decodes to and how it is written. */
export interface Value<out A> {
  readonly kind: Kind
  readonly schema: Schema.Codec<A, unknown>
  /** Of kinds `table` and `tables`. */
  readonly table: Table<any> | undefined
}

export interface Key<out A> {
  /** As the file spells it. */
  readonly name: string
  readonly value: Value<A>
}

export type Keys = Readonly<Record<string, Key<any>>>
export type Decoded<K extends Keys> = { readonly [P in keyof K]: K[P] extends Key<infer A> ? A : never }

export interface Table<out K extends Keys> {
  readonly keys: K
  readonly schema: Schema.Codec<Decoded<K>, unknown>
}

/** A key with its default, written as the file would write it. */
export function key<A>(name: string, value: Value<A>, fallback: unknown): Key<A> {
  const schema = value.schema.pipe(Schema.withDecodingDefaultKey(Effect.succeed(fallback)))
  return { name, value: { ...value, schema: schema as unknown as Schema.Codec<A, unknown> } }
}

/** A key without default: undefined when it is not given. */
export function optionalKey<A>(name: string, value: Value<A>): Key<A | undefined> {
  return { name, value: { ...value, schema: Schema.optionalKey(value.schema) as unknown as Schema.Codec<A, unknown> } }
}

/** Properties are camelCase with their unit, the file's names snake_case. */
export function table<K extends Keys>(keys: K): Table<K> {
  const fields: Record<string, Schema.Codec<any, unknown>> = {}
  const names: Record<string, string> = {}
  for (const [property, { name, value }] of Object.entries(keys)) {
    fields[property] = value.schema
    if (name !== property) names[property] = name
  }
  const schema = Schema.Struct(fields as any).pipe(Schema.encodeKeys(names as any))
  return { keys, schema: schema as unknown as Schema.Codec<Decoded<K>, unknown> }
}

/** `[outer.name]`: always there, with its own defaults. */
export function subTable<K extends Keys>(name: string, inner: Table<K>): Key<Decoded<K>> {
  return key(name, { kind: "table", schema: inner.schema, table: inner }, {})
}

/** `[[name]]`: an array of tables. */
export function tableList<K extends Keys>(name: string, inner: Table<K>): Key<ReadonlyArray<Decoded<K>>> {
  const schema = Schema.Array(inner.schema) as unknown as Schema.Codec<ReadonlyArray<Decoded<K>>, unknown>
  return key(name, { kind: "tables", schema, table: inner }, [])
}
