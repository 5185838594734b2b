/**
 * The kinds of value that a configuration holds: each says what it expects and gives the number or text that programs use.
 */
import { isIP } from "node:net"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type { Kind, Value } from "./key.ts"
import { type ListenAddress, parseListenAddress, printListenAddress } from "./listen-address.ts"
import { nearest } from "./nearest.ts"

/** What is wrong with a value. */
export class InvalidValue {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

const got = (input: unknown): string =>
  typeof input === "string"
    ? JSON.stringify(input)
    : Array.isArray(input)
      ? "a list"
      : typeof input === "object"
        ? "a table"
        : String(input)

export const expected = (what: string, input: unknown): InvalidValue =>
  new InvalidValue(`expected ${what}, got ${got(input)}`)

/** A kind of value by its decoder. */
export function value<A>(kind: Kind, decode: (input: unknown) => A | InvalidValue): Value<A> {
  const schema = Schema.Unknown.pipe(
    Schema.decodeTo(
      Schema.Unknown,
      SchemaTransformation.transformEffect({
        decode: (input: unknown) => {
          const decoded = decode(input)
          return decoded instanceof InvalidValue
            ? Effect.fail(new SchemaIssue.InvalidValue({ message: decoded.message }))
            : Effect.succeed(decoded as unknown)
        },
        encode: (output: unknown) => Effect.succeed(output)
      })
    )
  )
  return { kind, schema: schema as unknown as Schema.Codec<A, unknown>, table: undefined }
}

/** A list; a single value stands for a list of one. The same value twice is an error. */
export function list<A>(element: Value<A>, same: (a: A) => string = String): Value<ReadonlyArray<A>> {
  const schema = Schema.Unknown.pipe(
    Schema.decodeTo(
      Schema.Array(element.schema).check(
        Schema.makeFilter((items: ReadonlyArray<unknown>) => {
          const seen = new Set<string>()
          for (const item of items) {
            const name = same(item as A)
            if (seen.has(name)) return `${name} is given twice`
            seen.add(name)
          }
          return undefined
        })
      ),
      SchemaTransformation.transform({
        decode: (input: unknown) => (Array.isArray(input) ? (input as ReadonlyArray<unknown>) : [input]),
        encode: (output: ReadonlyArray<unknown>): unknown => output
      })
    )
  )
  return { kind: "list", schema: schema as unknown as Schema.Codec<ReadonlyArray<A>, unknown>, table: undefined }
}

export const text: Value<string> = value("text", (input) =>
  typeof input === "string" ? input : expected("text", input)
)

export const nonEmpty = (what: string): Value<string> =>
  value("text", (input) => (typeof input === "string" && input !== "" ? input : expected(what, input)))

export const flag: Value<boolean> = value("boolean", (input) =>
  typeof input === "boolean" ? input : expected("true or false", input)
)

export const integer = (minimum: number, maximum: number): Value<number> =>
  value("number", (input) =>
    typeof input === "number" && Number.isInteger(input) && input >= minimum && input <= maximum
      ? input
      : expected(`a whole number from ${minimum} to ${maximum}`, input)
  )

/** 0 to 1. */
export const fraction: Value<number> = value("number", (input) =>
  typeof input === "number" && input >= 0 && input <= 1 ? input : expected("a number from 0 to 1", input)
)

export const port: Value<number> = value("number", (input) =>
  typeof input === "number" && Number.isInteger(input) && input >= 1 && input <= 65535
    ? input
    : expected("a port number from 1 to 65535", input)
)

export function oneOf<const L extends string>(...choices: ReadonlyArray<L>): Value<L> {
  const known = choices.map((choice) => `"${choice}"`).join(" | ")
  return value("text", (input) => {
    if ((choices as ReadonlyArray<unknown>).includes(input)) return input as L
    const meant = typeof input === "string" ? nearest(input, choices) : undefined
    return new InvalidValue(
      `${expected(known, input).message}${meant === undefined ? "" : `: did you mean "${meant}"?`}`
    )
  })
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  milli: 1,
  millisecond: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000
}

/** "60 seconds" -> milliseconds, within [minimumMs, maximumMs]. */
export const duration = (minimumMs = 1, maximumMs = 365 * 86_400_000): Value<number> =>
  value("text", (input) => {
    const found = typeof input === "string" ? /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(input) : null
    const written = found?.[2]!.toLowerCase() ?? ""
    const unit = DURATION_UNITS[written] ?? DURATION_UNITS[written.replace(/s$/, "")]
    if (found === null || unit === undefined) return expected('a duration such as "60 seconds" or "30 minutes"', input)
    const ms = Number(found[1]) * unit
    return ms >= minimumMs && ms <= maximumMs
      ? ms
      : expected(`a duration from ${printDuration(minimumMs)} to ${printDuration(maximumMs)}`, input)
  })

/** "60 seconds": in the largest unit that divides it. */
export function printDuration(ms: number): string {
  for (const [name, unit] of [
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
    ["second", 1000]
  ] as const) {
    if (ms >= unit && ms % unit === 0) return `${ms / unit} ${name}${ms === unit ? "" : "s"}`
  }
  return `${ms} ms`
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9
}

/** "16 MiB" or a number of bytes -> bytes. */
export const size = (minimum: number, maximum: number): Value<number> =>
  value("text", (input) => {
    const found =
      typeof input === "number"
        ? ["", String(input), ""]
        : typeof input === "string"
          ? /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(input)
          : null
    const unit = found === null ? undefined : SIZE_UNITS[found[2]!.toLowerCase()]
    if (found === null || unit === undefined) return expected('a size such as "16 MiB" or "512 KiB"', input)
    const bytes = Math.floor(Number(found[1]) * unit)
    return bytes >= minimum && bytes <= maximum ? bytes : expected(`a size from ${minimum} to ${maximum} bytes`, input)
  })

/** "0660": a file mode in octal, as chmod takes it. */
export const fileMode: Value<number> = value("text", (input) =>
  typeof input === "string" && /^0?[0-7]{3}$/.test(input)
    ? Number.parseInt(input, 8)
    : expected('a file mode such as "0660"', input)
)

export const listenAddress: Value<ListenAddress> = value("text", (input) => {
  if (typeof input !== "string") return expected('"host:port", "[v6]:port" or "unix:PATH"', input)
  const address = parseListenAddress(input)
  return typeof address === "string" ? new InvalidValue(`${address}, got ${got(input)}`) : address
})

export const listenAddresses: Value<ReadonlyArray<ListenAddress>> = list(listenAddress, printListenAddress)

export const ipAddress: Value<string> = value("text", (input) =>
  typeof input === "string" && isIP(input) !== 0 ? input.toLowerCase() : expected("an IPv4 or IPv6 address", input)
)

/** "10.0.0.0/8" or one address. */
export const network: Value<string> = value("text", (input) => {
  const wrong = expected('a network such as "10.0.0.0/8" or "2001:db8::/32"', input)
  if (typeof input !== "string") return wrong
  const [address, length, ...rest] = input.split("/")
  const family = isIP(address!)
  if (family === 0 || rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return wrong
  const bits = length === undefined ? (family === 4 ? 32 : 128) : Number(length)
  return bits <= (family === 4 ? 32 : 128) ? `${address!.toLowerCase()}/${bits}` : wrong
})

/** RFC 9110 §5.1: a field name is a token. */
export const headerName: Value<string> = value("text", (input) =>
  typeof input === "string" && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(input)
    ? input
    : expected("the name of an HTTP header", input)
)
