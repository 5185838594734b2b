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

/** Writes a number from 0 to 99999 in decimal, returns the end. */
export function putNumber(value: number, into: Uint8Array, at: number): number {
  let end = at
  if (value >= 10000) into[end++] = 0x30 + ((value / 10000) | 0)
  if (value >= 1000) into[end++] = 0x30 + (((value / 1000) | 0) % 10)
  if (value >= 100) into[end++] = 0x30 + (((value / 100) | 0) % 10)
  if (value >= 10) into[end++] = 0x30 + (((value / 10) | 0) % 10)
  into[end++] = 0x30 + (value % 10)
  return end
}

/** The ASCII bytes from `from` to `end` as a string. */
export function text(bytes: Uint8Array, from: number, end: number): string {
  return String.fromCharCode.apply(null, bytes.subarray(from, end) as unknown as Array<number>)
}
