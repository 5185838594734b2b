/**
 * Header encoder: a ConnectionInfo as the header lines that the application gets with every request of a connection.
 *
 *     x-tcp-status: ok CRLF x-tcp-os: Linux 5.10+ CRLF ...        status and fingerprint, encoded once per fingerprint and shared
 *     x-tcp-uptime: 812 CRLF ...                                  the connection's own lines, mostly none
 *
 * Values that are not known are not sent; a known 0 is. Timing follows once it is known: timing-lines.ts.
 */
import { type ConnectionInfo, FIELDS, type Field, type FieldScope, putDecimal, STATUS_FIELD } from "@synprint/core"
import type { HeadersConfig } from "../config/headers.ts"
import { put } from "../http1/copy.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import { HeaderLines } from "../http1/header-lines.ts"

const encoder = new TextEncoder()

/** Room for the digits of a number and the end of its line. */
const NUMBER_MAX = 24
// oxlint-disable-next-line no-control-regex -- it removes control characters
const CONTROLS = /[\u0000-\u001f\u007f]/g

/** Scratch in which lines are put together. */
const scratch = new HeaderLines()

/** Names of the headers that carry a field; []: the field is not sent. */
export function headerNames(headers: HeadersConfig, field: Field): ReadonlyArray<string> {
  const own = headers.names.get(field.name)
  return own === undefined ? field.headers[headers.preset] : [own]
}

interface Line {
  /** `name: `. */
  readonly prefix: Uint8Array
  readonly read: Field["read"]
}

/** The header lines of all fields of a scope. */
export function linesOf(
  headers: HeadersConfig,
  scope: FieldScope,
  fields: ReadonlyArray<Field> = FIELDS
): ReadonlyArray<Line> {
  return fields
    .filter((field) => field.scope === scope)
    .flatMap((field) => headerNames(headers, field).map((name) => ({ prefix: bytesOf(`${name}: `), read: field.read })))
}

/** Encodes infos with one choice of names. A reload that changes the choice creates another encoder. */
export class HeaderEncoder {
  readonly #statusNames: ReadonlyArray<string>
  readonly #statusBlocks = new Map<string, Uint8Array>()
  readonly #fingerprintLines: ReadonlyArray<Line>
  readonly #connectionLines: ReadonlyArray<Line>

  constructor(headers: HeadersConfig, fields: ReadonlyArray<Field> = FIELDS) {
    this.#fingerprintLines = linesOf(headers, "fingerprint", fields)
    this.#connectionLines = linesOf(headers, "connection", fields)
    this.#statusNames = headerNames(headers, STATUS_FIELD)
  }

  /** Lines of the status and the fingerprint. The result is shared: never write to it. */
  fingerprintHeaders(info: ConnectionInfo): Uint8Array {
    const fingerprint = info.fingerprint
    if (fingerprint === undefined) return info.hasHost ? this.#encode(info) : this.#statusBlock(info.status)
    // A fingerprint comes with one status only, `ok`.
    if (fingerprint.encodedBy !== this) {
      fingerprint.encoded = this.#encode(info)
      fingerprint.encodedBy = this
    }
    return fingerprint.encoded!
  }

  /** Appends the lines of this connection alone. */
  appendConnectionHeaders(info: ConnectionInfo, into: HeaderLines): void {
    encodeLines(this.#connectionLines, info, into)
  }

  #encode(info: ConnectionInfo): Uint8Array {
    scratch.length = 0
    scratch.add(this.#statusBlock(info.status))
    encodeLines(this.#fingerprintLines, info, scratch)
    return scratch.take()
  }

  #statusBlock(status: string): Uint8Array {
    let block = this.#statusBlocks.get(status)
    if (block === undefined) {
      block = bytesOf(this.#statusNames.map((name) => `${name}: ${status}\r\n`).join(""))
      this.#statusBlocks.set(status, block)
    }
    return block
  }
}

/** Appends the lines whose value is known. */
export function encodeLines(lines: ReadonlyArray<Line>, info: ConnectionInfo, into: HeaderLines): void {
  for (let i = 0; i < lines.length; i++) {
    const { prefix, read } = lines[i]!
    const value = read(info)
    if (value === undefined) continue
    const isNumber = typeof value === "number"
    const out = into.reserve(prefix.length + (isNumber ? NUMBER_MAX : 3 * value.length + 2))
    let at = put(prefix, out, into.length)
    at = isNumber ? putDecimal(value, out, at) : putText(value, out, at)
    out[at] = 0x0d
    out[at + 1] = 0x0a
    into.length = at + 2
  }
}

/** Writes text; a control character in a label of a database must not end the line. */
function putText(text: string, out: Uint8Array, start: number): number {
  let at = start
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x80) return at + encoder.encodeInto(text.slice(i).replaceAll(CONTROLS, "?"), out.subarray(at)).written
    out[at++] = code < 0x20 || code === 0x7f ? 0x3f : code
  }
  return at
}
