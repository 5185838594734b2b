/**
 * C string: text up to the first NUL of a field of fixed length, as the kernel, libpcap and p0f fill theirs; a full one has none.
 */

/** A view of the text. */
export function cString(bytes: Uint8Array, at = 0, length: number = bytes.length - at): Uint8Array {
  const field = bytes.subarray(at, at + length)
  const end = field.indexOf(0)
  return end < 0 ? field : field.subarray(0, end)
}
