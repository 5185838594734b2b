/**
 * Byte classes of HTTP/1.1 (RFC 9110 section 5.6.2, RFC 9112 section 3) as tables, one load per byte.
 *
 *     TOKEN    tchar: ! # $ % & ' * + - . ^ _ ` | ~ DIGIT ALPHA
 *     VALUE    HTAB SP VCHAR obs-text                                  (field values, reason phrases)
 *     TARGET   VCHAR obs-text, without "#"                             (request targets, forwarded byte for byte)
 *     HOST     reg-name and IP-literal of RFC 3986 section 3.2.2, with ":" for the port
 */
export const TOKEN = 1
export const VALUE = 2
export const TARGET = 4
export const HOST = 8

export const HT = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const ASTERISK = 0x2a
export const COMMA = 0x2c
export const DASH = 0x2d
export const DOT = 0x2e
export const SLASH = 0x2f
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const QUESTION = 0x3f

/** Class bits of each byte. */
export const CLASS: Uint8Array = new Uint8Array(new ArrayBuffer(256))
/** Lower case, with `_` as `-`: CGI maps both to one name, so a forged header could otherwise hide behind the other spelling. */
export const FOLD: Uint8Array = new Uint8Array(new ArrayBuffer(256))
/** Lower case. */
export const LOWER: Uint8Array = new Uint8Array(new ArrayBuffer(256))
/** Value of a hex digit, 255 for other bytes. */
export const HEX: Uint8Array = new Uint8Array(new ArrayBuffer(256)).fill(255)

for (let byte = 0; byte < 256; byte++) {
  const text = String.fromCharCode(byte)
  let bits = 0
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(text)) bits |= TOKEN
  if (byte === HT || (byte >= SP && byte !== 0x7f)) bits |= VALUE
  if (byte > SP && byte !== 0x7f && text !== "#") bits |= TARGET
  if (/[-A-Za-z0-9._~%!$&'()*+,;=:[\]]/.test(text)) bits |= HOST
  CLASS[byte] = bits
  LOWER[byte] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
  FOLD[byte] = text === "_" ? DASH : LOWER[byte]!
  if (/[0-9A-Fa-f]/.test(text)) HEX[byte] = Number.parseInt(text, 16)
}

/** ASCII text as bytes. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(text.length))
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** Returns true if `bytes[from..end)` equals `lower`, ignoring case; `lower` is lower case. */
export function equalsIgnoringCase(bytes: Uint8Array, from: number, end: number, lower: Uint8Array): boolean {
  if (end - from !== lower.length) return false
  for (let i = 0; i < lower.length; i++) if (LOWER[bytes[from + i]!] !== lower[i]) return false
  return true
}

/** The bytes as text, one character each; for logs and messages, never once per request. */
export function latin1(bytes: Uint8Array, from = 0, end: number = bytes.length): string {
  let text = ""
  for (let i = from; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}
