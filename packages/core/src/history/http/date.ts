/**
 * HTTP Date, `Tue, 15 Nov 1994 08:12:31 GMT` (RFC 9110 §5.6.7), as p0f's fp_http.c: parse_date reads it with strptime
 * `%a, %d %b %Y %H:%M:%S %Z`; text after the seconds is ignored.
 *
 * Differs from p0f, in both modes: p0f's mktime works on an uninitialised struct tm and in the local zone; the
 * date is UTC here.
 */
import { daysFromCivil } from "./calendar-date.ts"

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december"
]

/** Offset of the next byte to read; the functions below move it, and -1 means failure. */
let cursor = 0

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13)

function skipSpaces(bytes: Uint8Array, end: number): void {
  while (cursor < end && isSpace(bytes[cursor])) cursor++
}

function startsWith(bytes: Uint8Array, end: number, word: string, length: number): boolean {
  if (cursor + length > end) return false
  for (let i = 0; i < length; i++) if ((bytes[cursor + i]! | 0x20) !== word.charCodeAt(i)) return false
  return true
}

/** Number of the word at the cursor, in full or by its first three letters, in any case; -1 when there is none. */
function word(bytes: Uint8Array, end: number, words: ReadonlyArray<string>): number {
  for (let i = 0; i < words.length; i++) {
    const name = words[i]!
    const length = startsWith(bytes, end, name, name.length) ? name.length : startsWith(bytes, end, name, 3) ? 3 : 0
    if (length > 0) {
      cursor += length
      return i
    }
  }
  return -1
}

/** Decimal number of at most `digits` digits within bounds, after blanks; -1 on failure. */
function number(bytes: Uint8Array, end: number, digits: number, least: number, most: number): number {
  while (cursor < end && bytes[cursor] === 0x20) cursor++
  let value = -1
  for (let i = 0; i < digits && cursor < end; i++) {
    const digit = bytes[cursor]! - 0x30
    if (digit < 0 || digit > 9) break
    value = (value < 0 ? 0 : value) * 10 + digit
    cursor++
  }
  return value < least || value > most ? -1 : value
}

function literal(bytes: Uint8Array, end: number, byte: number): boolean {
  if (cursor >= end || bytes[cursor] !== byte) return false
  cursor++
  return true
}

/** Unix seconds, 0 when the text is no date. */
export function parseHttpDate(bytes: Uint8Array, from: number, end: number): number {
  cursor = from
  skipSpaces(bytes, end)
  if (word(bytes, end, DAYS) < 0 || !literal(bytes, end, 0x2c)) return 0
  skipSpaces(bytes, end)
  const day = number(bytes, end, 2, 1, 31)
  if (day < 0) return 0
  skipSpaces(bytes, end)
  const month = word(bytes, end, MONTHS)
  if (month < 0) return 0
  skipSpaces(bytes, end)
  const year = number(bytes, end, 4, 0, 9999)
  if (year < 0) return 0
  skipSpaces(bytes, end)
  const hour = number(bytes, end, 2, 0, 23)
  if (hour < 0 || !literal(bytes, end, 0x3a)) return 0
  const minute = number(bytes, end, 2, 0, 59)
  if (minute < 0 || !literal(bytes, end, 0x3a)) return 0
  const second = number(bytes, end, 2, 0, 61)
  if (second < 0) return 0
  return daysFromCivil(year, month + 1, day) * 86_400 + hour * 3600 + minute * 60 + second
}
