/**
 * A second reading of responses (RFC 9112), by regular expressions over text, as oracle.ts is of requests.
 */
import { type OracleField, readChunked, readFields } from "./oracle.ts"

export interface OracleResponse {
  /** 1xx that came before, without 101. */
  readonly interim: ReadonlyArray<number>
  readonly status: number
  readonly reason: string
  readonly fields: ReadonlyArray<OracleField>
  /** Without chunk framing. */
  readonly body: string
  /** True if the end of the connection ends the body. */
  readonly isUntilClose: boolean
  readonly length: number
}

/** "cut": the head is there and the body breaks off or its framing breaks. */
export type ResponseReading = OracleResponse | "incomplete" | "refused" | "cut"

const STATUS_LINE = /^HTTP\/1\.\d ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/

/** Reads one response; `hasEnded`: nothing more comes. */
export function readResponse(text: string, isHead: boolean, hasEnded: boolean): ResponseReading {
  const interim: Array<number> = []
  for (let at = 0; ;) {
    const end = text.indexOf("\r\n\r\n", at)
    if (end < 0) return "incomplete"
    const lineEnd = text.indexOf("\r\n", at)
    const line = STATUS_LINE.exec(text.slice(at, lineEnd))
    const fields = readFields(text.slice(lineEnd + 2, end + 2))
    if (line === null || fields === undefined) return "refused"
    const status = Number(line[1])
    const all = (name: string) => fields.filter((field) => field.name.toLowerCase() === name).map(({ value }) => value)
    const lengths = all("content-length")
    const codings = all("transfer-encoding")
    if (codings.length > 0 && (lengths.length > 0 || codings.length > 1 || codings[0]!.toLowerCase() !== "chunked"))
      return "refused"
    if (lengths.length > 1 || (lengths.length === 1 && !/^\d{1,15}$/.test(lengths[0]!))) return "refused"
    at = end + 4
    if (status === 101) return "refused"
    if (status < 200) {
      interim.push(status)
      continue
    }
    const response = { interim, status, reason: line[2] ?? "", fields, isUntilClose: false }
    if (isHead || status === 204 || status === 304) return { ...response, body: "", length: at }
    if (codings.length > 0) {
      const body = readChunked(text.slice(at))
      return typeof body === "string" ? "cut" : { ...response, body: body.body, length: at + body.length }
    }
    if (lengths.length > 0) {
      const length = Number(lengths[0])
      if (text.length < at + length) return "cut"
      return { ...response, body: text.slice(at, at + length), length: at + length }
    }
    return hasEnded ? { ...response, isUntilClose: true, body: text.slice(at), length: text.length } : "cut"
  }
}
