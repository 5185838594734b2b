/**
 * Kinds of configuration values. Each parses what the file holds, once, into the value that programs use, or says what it expects.
 */
import { type Family, PrefixSet, parseAddress, parsePrefixes, printAddress } from "@synprint/core"
import { type ListenAddress, parseListenAddress, printListenAddress } from "./listen-address.ts"
import { nearest } from "./nearest.ts"

/** The form of a value in the file; it decides how the text of an environment variable becomes a value. */
export type Kind = "text" | "number" | "boolean" | "list"

export interface Value<out A> {
  readonly kind: Kind
  readonly decode: (input: unknown) => A | InvalidValue
  /** Restores the value after a structured clone, which keeps plain data only; absent: the value is plain data. */
  readonly revive?: (cloned: any) => A
}

export interface InvalidPart {
  /** Index in the list, or empty for the value itself. */
  readonly at: ReadonlyArray<number>
  readonly message: string
}

/** Everything that is wrong with a value. */
export class InvalidValue {
  readonly parts: ReadonlyArray<InvalidPart>
  constructor(parts: string | ReadonlyArray<InvalidPart>) {
    this.parts = typeof parts === "string" ? [{ at: [], message: parts }] : parts
  }
}

const printInput = (input: unknown): string =>
  typeof input === "string"
    ? JSON.stringify(input)
    : Array.isArray(input)
      ? "a list"
      : typeof input === "object"
        ? "a table"
        : String(input)

export const expected = (what: string, input: unknown): InvalidValue =>
  new InvalidValue(`expected ${what}, got ${printInput(input)}`)

/** As `expected`, with the known name that a mistyped one most likely meant. */
export function expectedOneOf(what: string, input: unknown, known: Iterable<string>): InvalidValue {
  const meant = typeof input === "string" ? nearest(input, known) : undefined
  return new InvalidValue(
    `expected ${what}, got ${printInput(input)}${meant === undefined ? "" : `: did you mean "${meant}"?`}`
  )
}

/** A list; a single value stands for a list of one. The same value twice is an error. */
export function list<A>(element: Value<A>, print: (item: A) => string = String): Value<ReadonlyArray<A>> {
  return {
    kind: "list",
    decode: (input) => {
      const inputs: ReadonlyArray<unknown> = Array.isArray(input) ? input : [input]
      const items: Array<A> = []
      const parts: Array<InvalidPart> = []
      const seen = new Set<string>()
      for (const [index, each] of inputs.entries()) {
        const decoded = element.decode(each)
        if (decoded instanceof InvalidValue) {
          for (const { at, message } of decoded.parts)
            parts.push({ at: Array.isArray(input) ? [index, ...at] : at, message })
          continue
        }
        const name = print(decoded)
        if (seen.has(name)) parts.push({ at: [], message: `${name} is given twice` })
        seen.add(name)
        items.push(decoded)
      }
      return parts.length > 0 ? new InvalidValue(parts) : items
    }
  }
}

export const text: Value<string> = {
  kind: "text",
  decode: (input) => (typeof input === "string" ? input : expected("text", input))
}

export const nonEmpty = (what: string): Value<string> => ({
  kind: "text",
  decode: (input) => (typeof input === "string" && input !== "" ? input : expected(what, input))
})

/** Text of a given form. */
export const matching = (what: string, pattern: RegExp): Value<string> => ({
  kind: "text",
  decode: (input) => (typeof input === "string" && pattern.test(input) ? input : expected(what, input))
})

export const flag: Value<boolean> = {
  kind: "boolean",
  decode: (input) => (typeof input === "boolean" ? input : expected("true or false", input))
}

const integerCalled = (what: string, minimum: number, maximum: number): Value<number> => ({
  kind: "number",
  decode: (input) =>
    typeof input === "number" && Number.isInteger(input) && input >= minimum && input <= maximum
      ? input
      : expected(`${what} from ${minimum} to ${maximum}`, input)
})

export const integer = (minimum: number, maximum: number): Value<number> =>
  integerCalled("a whole number", minimum, maximum)

export const port: Value<number> = integerCalled("a port number", 1, 65535)

/** 0 to 1. */
export const fraction: Value<number> = {
  kind: "number",
  decode: (input) =>
    typeof input === "number" && input >= 0 && input <= 1 ? input : expected("a number from 0 to 1", input)
}

export function oneOf<const L extends string>(...choices: ReadonlyArray<L>): Value<L> {
  const known = choices.map((choice) => `"${choice}"`).join(" | ")
  return {
    kind: "text",
    decode: (input) =>
      (choices as ReadonlyArray<unknown>).includes(input) ? (input as L) : expectedOneOf(known, input, choices)
  }
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

/** "60 seconds" as milliseconds, within [minimumMs, maximumMs]. */
export const duration = (minimumMs = 1, maximumMs = 365 * 86_400_000): Value<number> => ({
  kind: "text",
  decode: (input) => {
    const found = typeof input === "string" ? /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(input) : null
    const written = found?.[2]!.toLowerCase() ?? ""
    const unit = DURATION_UNITS[written] ?? DURATION_UNITS[written.replace(/s$/, "")]
    if (found === null || unit === undefined) return expected('a duration such as "60 seconds" or "30 minutes"', input)
    const ms = Number(found[1]) * unit
    return ms >= minimumMs && ms <= maximumMs
      ? ms
      : expected(`a duration from ${printDuration(minimumMs)} to ${printDuration(maximumMs)}`, input)
  }
})

/** "60 seconds", in the largest unit that divides the duration. */
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

/** "16 MiB" or a number of bytes, as bytes. */
export const size = (minimum: number, maximum: number): Value<number> => ({
  kind: "text",
  decode: (input) => {
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
  }
})

/** "0660": a file mode in octal, as chmod takes it. */
export const fileMode: Value<number> = {
  kind: "text",
  decode: (input) =>
    typeof input === "string" && /^0?[0-7]{3}$/.test(input)
      ? Number.parseInt(input, 8)
      : expected('a file mode such as "0660"', input)
}

export const absolutePath: Value<string> = matching('an absolute path, such as "/run/synprint"', /^\//)

const listenAddress: Value<ListenAddress> = {
  kind: "text",
  decode: (input) => {
    if (typeof input !== "string") return expected('"host:port", "[v6]:port" or "unix:PATH"', input)
    const address = parseListenAddress(input)
    return typeof address === "string" ? new InvalidValue(`${address}, got ${printInput(input)}`) : address
  }
}

export const listenAddresses: Value<ReadonlyArray<ListenAddress>> = list(listenAddress, printListenAddress)

/** An address in its canonical text; IPv4 that is mapped into IPv6 is IPv4, and a zone is left out. */
export const ipAddress: Value<string> = {
  kind: "text",
  decode: (input) => {
    const bytes = new Uint8Array(16)
    const family: Family | 0 = typeof input === "string" ? parseAddress(input, bytes) : 0
    return family === 0 ? expected("an IPv4 or IPv6 address", input) : printAddress(family, bytes)
  }
}

/** "10.0.0.0/8" or one address, in canonical text. */
const network: Value<string> = {
  kind: "text",
  decode: (input) => {
    if (typeof input !== "string") return expected('a network such as "10.0.0.0/8" or "2001:db8::/32"', input)
    const set = parsePrefixes([input])
    return set instanceof PrefixSet ? set.print()[0]! : new InvalidValue(set[0]!)
  }
}

const networkList = list(network)

export const networks: Value<PrefixSet> = {
  kind: "list",
  decode: (input) => {
    const texts = networkList.decode(input)
    return texts instanceof InvalidValue ? texts : (parsePrefixes(texts) as PrefixSet)
  },
  revive: ({ words }: { readonly words: Int32Array }) => new PrefixSet(words)
}

/** RFC 9110 section 5.1: a field name is a token. */
export const headerName: Value<string> = matching("the name of an HTTP header", /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/)
