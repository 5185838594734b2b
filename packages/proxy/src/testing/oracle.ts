/**
 * A second reading of RFC 9112, by regular expressions over text and without a thought of speed, that parsers are compared with: what it
 * takes for a request, its fields and its body, the proxy must take for the same.
 */

export interface OracleField {
  readonly name: string
  readonly value: string
}

export interface OracleRequest {
  readonly method: string
  readonly target: string
  readonly minor: number
  readonly fields: ReadonlyArray<OracleField>
  /** Data of the body, without chunk framing. */
  readonly body: string
  readonly trailers: ReadonlyArray<OracleField>
  /** Characters of the whole request. */
  readonly length: number
}

export type OracleReading = OracleRequest | "incomplete" | "refused"

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const FIELD = new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`)
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21\\x22\\x24-\\x7e\\x80-\\xff]+) HTTP/1\\.(\\d)$`)
const HOST = /^(?:(?:[-A-Za-z0-9._~%!$&'()*+,;=]+|\[[-A-Za-z0-9._~%!$&'()*+,;=:]+\])(?::\d{0,5})?)?$/

/** The field lines of a whole section without its last CRLF; undefined when one is wrong. */
export function readFields(section: string): ReadonlyArray<OracleField> | undefined {
  const fields: Array<OracleField> = []
  if (section === "") return fields
  for (const line of section.slice(0, -2).split("\r\n")) {
    const found = FIELD.exec(line)
    if (found === null) return undefined
    fields.push({ name: found[1]!, value: found[2]!.replace(/[ \t]+$/, "") })
  }
  return fields
}

/** Reads one request from the start of the text; whether a broken one is seen early is not its business. */
export function readRequest(input: string): OracleReading {
  const skipped = /^(?:\r\n)*/.exec(input)![0].length
  const text = input.slice(skipped)
  const end = text.indexOf("\r\n\r\n")
  if (end < 0) return "incomplete"
  const lineEnd = text.indexOf("\r\n")
  const line = REQUEST_LINE.exec(text.slice(0, lineEnd))
  const fields = readFields(text.slice(lineEnd + 2, end + 2))
  if (line === null || fields === undefined) return "refused"
  const [method, target, minor] = [line[1]!, line[2]!, line[3] === "0" ? 0 : 1]
  const all = (name: string) => fields.filter((field) => field.name.toLowerCase() === name).map(({ value }) => value)
  const hosts = all("host")
  if (hosts.length > 1 || (hosts.length === 0 && minor === 1)) return "refused"
  if (method === "CONNECT" || (hosts.length === 1 && !HOST.test(hosts[0]!))) return "refused"
  if (target === "*" ? method !== "OPTIONS" : !target.startsWith("/")) {
    const absolute = /^https?:\/\/([^/?]+)/i.exec(target)
    if (absolute === null || absolute[1]!.includes("@") || !HOST.test(absolute[1]!)) return "refused"
    if (hosts.length === 1 && hosts[0]!.toLowerCase() !== absolute[1]!.toLowerCase()) return "refused"
  }
  const lengths = all("content-length")
  const codings = all("transfer-encoding")
  const head = skipped + end + 4
  const request = { method, target, minor, fields }
  if (codings.length > 0) {
    if (lengths.length > 0 || codings.length > 1 || codings[0]!.toLowerCase() !== "chunked" || minor === 0)
      return "refused"
    const body = readChunked(input.slice(head))
    return typeof body === "string" ? body : { ...request, ...body, length: head + body.length }
  }
  if (lengths.length > 1 || (lengths.length === 1 && !/^\d{1,15}$/.test(lengths[0]!))) return "refused"
  const length = Number(lengths[0] ?? 0)
  if (input.length < head + length) return "incomplete"
  return { ...request, body: input.slice(head, head + length), trailers: [], length: head + length }
}

/** Requests until the text ends or one is refused. */
export function readRequests(text: string): {
  readonly requests: ReadonlyArray<OracleRequest>
  readonly rest: OracleReading
} {
  const requests: Array<OracleRequest> = []
  for (let at = 0; ;) {
    const next = readRequest(text.slice(at))
    if (typeof next === "string") return { requests, rest: next }
    requests.push(next)
    at += next.length
  }
}

export function readChunked(
  text: string
):
  | { readonly body: string; readonly trailers: ReadonlyArray<OracleField>; readonly length: number }
  | "incomplete"
  | "refused" {
  let body = ""
  for (let at = 0; ;) {
    const lineEnd = text.indexOf("\r\n", at)
    if (lineEnd < 0) return "incomplete"
    const line = text.slice(at, lineEnd)
    const found = /^([0-9A-Fa-f]+)(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line)
    if (found === null || line.length > 256) return "refused"
    const size = Number.parseInt(found[1]!, 16)
    if (size > 2 ** 52) return "refused"
    at = lineEnd + 2
    if (size > 0) {
      if (text.length < at + size + 2) return "incomplete"
      body += text.slice(at, at + size)
      if (text.slice(at + size, at + size + 2) !== "\r\n") return "refused"
      at += size + 2
      continue
    }
    if (text.startsWith("\r\n", at)) return { body, trailers: [], length: at + 2 }
    const end = text.indexOf("\r\n\r\n", at)
    if (end < 0) return "incomplete"
    const trailers = readFields(text.slice(at, end + 2))
    return trailers === undefined || end + 4 - at > 8192 ? "refused" : { body, trailers, length: end + 4 }
  }
}
