/** Comparison of bytes. */

/** Returns true if `bytes[from..end)` are exactly the bytes of `wanted`. */
export function equalBytes(bytes: Uint8Array, from: number, end: number, wanted: Uint8Array): boolean {
  if (end - from !== wanted.length) return false
  for (let i = 0; i < wanted.length; i++) if (bytes[from + i] !== wanted[i]) return false
  return true
}
