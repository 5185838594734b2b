/**
 * Text as bytes: numbers and names written to a byte array without a string in between.
 */

const encoder = new TextEncoder()

/** Bytes that `putText` may need for `of`. */
export const maxBytes = (of: string): number => of.length * 3

/** Writes UTF-8, returns the end. */
export function putText(of: string, into: Uint8Array, at: number): number {
  for (let i = 0; i < of.length; i++) {
    const code = of.charCodeAt(i)
    if (code > 0x7f) return at + encoder.encodeInto(of, into.subarray(at)).written
    into[at + i] = code
  }
  return at + of.length
}

/** Writes a natural number in decimal, returns the end. Integer division takes 13 ns for ten digits, Math.floor 33 ns. */
export function putDecimal(value: number, into: Uint8Array, at: number): number {
  const end = at + digitsOf(value)
  let left = value
  let i = end - 1
  for (; left > 0x7fff_ffff; i--) {
    const tenth = Math.floor(left / 10)
    into[i] = 0x30 + (left - tenth * 10)
    left = tenth
  }
  for (; i >= at; i--) {
    const tenth = (left / 10) | 0
    into[i] = 0x30 + (left - tenth * 10)
    left = tenth
  }
  return end
}

function digitsOf(value: number): number {
  if (value < 100_000) return value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10_000 ? 4 : 5
  let digits = 6
  for (let power = 1_000_000; power <= value; power *= 10) digits++
  return digits
}

/** The ASCII bytes from `from` to `end` as a string. */
export function text(bytes: Uint8Array, from: number, end: number): string {
  return String.fromCharCode.apply(null, bytes.subarray(from, end) as unknown as Array<number>)
}
