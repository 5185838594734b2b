/**
 * A configuration that notes which of its keys are read, for tests that every key that says `live` takes effect on a reload: the running
 * program has to read it from the new configuration.
 */
import type { ConfigSchema, Program, ServiceConfig } from "../config/schema.ts"
import { settingsOf, type Table } from "../config/table.ts"

export interface TrackedConfig<C> {
  readonly config: C
  /** Keys that were read, as the file spells them without indexes: `routes.host`. */
  readonly reads: Set<string>
}

export function trackConfig<C extends ServiceConfig>(
  schema: ConfigSchema,
  program: Program<C>,
  config: C
): TrackedConfig<C> {
  const reads = new Set<string>()
  return { config: track(schema.root(program), config, "", reads), reads }
}

function track<A extends object>(table: Table, value: A, path: string, reads: Set<string>): A {
  const below = (name: string): string => (path === "" ? name : `${path}.${name}`)
  return new Proxy(value, {
    get(target, property, receiver): unknown {
      const inner: unknown = Reflect.get(target, property, receiver)
      const key = typeof property === "string" ? table.keys[property] : undefined
      // A finished table has a Map by name in place of its keys.
      if (key === undefined) return inner instanceof Map ? trackMap(inner, below, reads) : inner
      if (key.type === "value") {
        reads.add(below(key.name))
        return inner
      }
      if (Array.isArray(inner)) return inner.map((item: object) => track(key.table, item, below(key.name), reads))
      return inner === undefined ? undefined : track(key.table, inner as object, below(key.name), reads)
    }
  })
}

const trackMap = (
  map: Map<string, unknown>,
  below: (name: string) => string,
  reads: Set<string>
): Map<string, unknown> =>
  new Proxy(map, {
    get(target, property): unknown {
      if (property === "get")
        return (name: string): unknown => {
          reads.add(below(name))
          return target.get(name)
        }
      const inner: unknown = Reflect.get(target, property, target)
      return typeof inner === "function" ? inner.bind(target) : inner
    }
  })

/** The keys of a program that say so, without the tables that it ignores. */
export const keysThatSay = (
  schema: ConfigSchema,
  program: Program,
  reload: "live" | "restart"
): ReadonlyArray<string> =>
  settingsOf(schema.root(program))
    .filter(({ key, path }) => key.reload === reload && !program.ignores.includes(path[0]!))
    .map(({ path }) => path.join("."))
