/** Copies `bytes[from..end)` to `out[at..]`, returns the end: a loop for short runs, where a view and `set` cost more (130 octets). */
const SHORT = 128

export function copy(bytes: Uint8Array, from: number, end: number, out: Uint8Array, at: number): number {
  if (end - from > SHORT) out.set(bytes.subarray(from, end), at)
  else for (let i = from, to = at; i < end; i++) out[to++] = bytes[i]!
  return at + end - from
}

/** All of a short text. */
export function put(text: Uint8Array, out: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text[i]!
  return at + text.length
}
