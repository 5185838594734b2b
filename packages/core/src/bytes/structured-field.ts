/**
 * Structured field values for HTTP: serialization of what hints and links need (RFC 9651 sections 3 and 4.1).
 *
 *     List   member, member          Item   bare item;key=value;key
 *
 * Every function gives exactly what section 4.1 says, or undefined where that says to fail: a value that RFC 9651 can't carry is left
 * out by the caller, never bent.
 */

const KEY = /^[a-z*][a-z0-9_.*-]*$/
const TOKEN = /^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*$/
/** Characters that no RFC 9651 string can carry. */
export const NOT_PRINTABLE = /[^\x20-\x7e]/g
const ESCAPED = /["\\]/g
const INTEGER_MAX = 999_999_999_999_999
const DECIMAL_MAX = 999_999_999_999

/** A token (section 4.1.7). */
export function serializeToken(text: string): string | undefined {
  return TOKEN.test(text) ? text : undefined
}

/** A string in quotes (section 4.1.6): printable ASCII alone. */
export function serializeString(text: string): string | undefined {
  return text.search(NOT_PRINTABLE) >= 0 ? undefined : `"${text.replace(ESCAPED, "\\$&")}"`
}

/** An integer of at most 15 digits (section 4.1.4). */
export function serializeInteger(value: number): string | undefined {
  // -0 prints as 0.
  return Number.isInteger(value) && Math.abs(value) <= INTEGER_MAX ? String(value) : undefined
}

/** A decimal: at most 12 digits, a point, 1 to 3 digits; a tie goes to the even digit (section 4.1.5). */
export function serializeDecimal(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined
  const sign = value < 0 ? "-" : ""
  const scaled = Math.abs(value) * 1000
  const below = Math.floor(scaled)
  const rest = scaled - below
  const thousandths = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
  const whole = Math.floor(thousandths / 1000)
  if (whole > DECIMAL_MAX) return undefined
  const digits = String(thousandths % 1000)
    .padStart(3, "0")
    .replace(/0{1,2}$/, "")
  return `${thousandths === 0 ? "" : sign}${whole}.${digits}`
}

/** A parameter: its key and its value as one of the functions above gave it; an undefined value leaves it out. */
export type Parameter = readonly [key: string, value: string | undefined]

/** `bare;key=value` (sections 4.1.1.2 and 4.1.3); undefined when a key is none. */
export function serializeItem(bare: string, parameters: ReadonlyArray<Parameter>): string | undefined {
  let text = bare
  for (const [key, value] of parameters) {
    if (!KEY.test(key)) return undefined
    if (value !== undefined) text += `;${key}=${value}`
  }
  return text
}

/** Members as one list (section 4.1.1); an empty one is not sent at all: undefined. */
export function serializeList(members: ReadonlyArray<string>): string | undefined {
  return members.length === 0 ? undefined : members.join(", ")
}
