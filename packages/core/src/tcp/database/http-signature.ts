/**
 * HTTP signature `ver:horder:habsent:expsw` and `ua_os` lines of p0f.fp (fp_http.c: http_register_sig, http_parse_ua).
 *
 *  ver      0, 1 or *
 *  horder   [?]Name[=[substring]],...   ? = optional; the value must contain the substring
 *  habsent  Name,...                    must not occur
 *  expsw    substring of an honest User-Agent or Server; blanks count
 */
import type { HttpHeader, UaOs } from "./database.ts"
import type { HeaderNames } from "./http-headers.ts"
import { ParseError } from "../parse-error.ts"

/** p0f's HTTP_MAX_HDRS (config.h). */
export const HTTP_MAX_HDRS = 32

export interface HttpFields {
  readonly ver: 0 | 1 | -1
  readonly headers: ReadonlyArray<HttpHeader>
  readonly absent: ReadonlyArray<number>
  readonly expsw: string
}

const NAME = /[A-Za-z0-9_-]*/y
const OS_NAME = /[A-Za-z0-9 ./\-_!?()]*/y

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ""
}

/** `[substring]` at `at`: the substring, or what is wrong. */
function bracket(field: string, text: string, at: number): string | ParseError {
  if (text[at] !== "[") return new ParseError(`${field}: '=' must be followed by [substring]`, at)
  const end = text.indexOf("]", at)
  if (end < 0) return new ParseError(`${field}: '[' is never closed: add ]`, at)
  if (end === at + 1) return new ParseError(`${field}: [] is empty: write a substring or leave =[] away`, at)
  return text.slice(at + 1, end)
}

/** Reads one signature; header names that are new get an id. */
export function parseHttpSignature(text: string, names: HeaderNames): HttpFields | ParseError {
  const ver = text[0] === "0" ? 0 : text[0] === "1" ? 1 : text[0] === "*" ? -1 : 2
  if (ver === 2 || text[1] !== ":") return new ParseError("ver: must be 0, 1 or * before the first colon", 0)
  const headers: Array<HttpHeader> = []
  let at = 2
  while (text[at] !== ":") {
    if (headers.length === HTTP_MAX_HDRS)
      return new ParseError(`horder: more than ${HTTP_MAX_HDRS} headers: remove some`, at)
    const optional = text[at] === "?"
    if (optional) at++
    const name = match(NAME, text, at)
    if (name === "")
      return new ParseError("horder: a header name (letters, digits, - and _) or ':' is missing here", at)
    at += name.length
    let value: string | undefined
    if (text[at] === "=") {
      const inside = bracket("horder", text, at + 1)
      if (inside instanceof ParseError) return inside
      value = inside
      at += inside.length + 3
    }
    headers.push({ id: names.id(name), optional, value })
    if (text[at] === ",") at++
    else if (text[at] !== ":") return new ParseError(`horder: ',' or ':' must follow ${name}`, at)
  }
  at++
  const absent: Array<number> = []
  while (text[at] !== ":") {
    if (absent.length === HTTP_MAX_HDRS)
      return new ParseError(`habsent: more than ${HTTP_MAX_HDRS} headers: remove some`, at)
    const name = match(NAME, text, at)
    if (name === "")
      return new ParseError("habsent: a header name (letters, digits, - and _) or ':' is missing here", at)
    at += name.length
    absent.push(names.id(name))
    if (text[at] === ",") at++
    else if (text[at] !== ":") return new ParseError(`habsent: ',' or ':' must follow ${name}`, at)
  }
  const expsw = text.slice(at + 1)
  const colon = expsw.indexOf(":")
  if (colon >= 0) return new ParseError("expsw: must not hold a colon", at + 1 + colon)
  return { ver, headers, absent, expsw }
}

/** Reads `Name,Name=[substring],...`; `nameId` interns a system name and `nameOf` gives its first spelling. */
export function parseUaOs(
  text: string,
  nameId: (name: string) => number,
  nameOf: (id: number) => string
): ReadonlyArray<UaOs> | ParseError {
  const list: Array<UaOs> = []
  let at = 0
  while (at < text.length) {
    const name = match(OS_NAME, text, at)
    if (name === "") return new ParseError(`ua_os: '${text[at]}' cannot be part of a system name`, at)
    at += name.length
    const id = nameId(name)
    let substring = nameOf(id)
    if (text[at] === "=") {
      const inside = bracket("ua_os", text, at + 1)
      if (inside instanceof ParseError) return inside
      substring = inside
      at += inside.length + 3
    }
    list.push({ nameId: id, substring })
    if (text[at] === ",") at++
  }
  return list
}
