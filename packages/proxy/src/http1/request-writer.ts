/**
 * Writes the head that goes to the upstream: the client's head byte for byte and in order, without the fields of the client's hop and with
 * our header lines.
 *
 *     METHOD path HTTP/1.1            path unchanged, or with its prefix replaced
 *     fields in order                 consecutive fields are copied as one run
 *     X-Forwarded-*                   from untrusted peers they are replaced, not extended
 *     x-tcp-...                       our header lines; copies that the client sent are removed and reported
 *     fields that the route adds
 *
 * Removed (RFC 9110 section 7.6.1): Connection and the fields that it names, Keep-Alive, Proxy-Connection, TE, Upgrade, HTTP2-Settings.
 * Written anew: "TE: trailers", and Upgrade unless it asks for h2c.
 */
import { copy, put } from "./copy.ts"
import {
  CONNECTION,
  EXPECT,
  FORWARDED_FOR,
  FORWARDED_HOST,
  FORWARDED_PORT,
  FORWARDED_PROTO,
  HOST,
  HTTP2_SETTINGS,
  KEEP_ALIVE,
  NAMED,
  type NameSet,
  OTHER,
  PROXY_CONNECTION,
  RESERVED,
  TE,
  UPGRADE
} from "./field-kind.ts"
import { ASTERISK, bytesOf, COMMA, LOWER, QUESTION, SLASH } from "./byte-classes.ts"
import type { HeaderLines } from "./header-lines.ts"
import { METHOD_OPTIONS, type RequestHead } from "./request-head.ts"

/** The facts about the client connection that every request carries; encoded once. */
export interface ForwardedFacts {
  /** `X-Forwarded-For: ...`, `-Port` and `-Proto` lines for a peer whose own ones are not trusted. */
  readonly forwarded: Uint8Array
  /** The client's address as text. */
  readonly address: Uint8Array
  readonly scheme: Uint8Array
  readonly port: Uint8Array
  /** True: X-Forwarded-* that the client sends are kept and extended. */
  readonly isTrusted: boolean
  /** Header lines that depend on the SYN's fingerprint, shared by all connections of that fingerprint. */
  readonly fingerprintHeaders: Uint8Array
  /** Header lines of this connection alone. */
  readonly connectionHeaders: HeaderLines
}

export interface ForwardedContext {
  readonly facts: ForwardedFacts
  /** Header lines of the hints about the request; `spoofed`: number of our headers that the client sent. */
  hintHeaders(spoofed: number): Uint8Array
}

/** Changes that a route makes to request heads. */
export interface Rewrite {
  /** Length of the path prefix that is replaced by `replacement`; 0: the path is unchanged. */
  readonly prefixLength: number
  readonly replacement: Uint8Array
  /** Sent as Host; undefined: the client's Host is forwarded. */
  readonly host: Uint8Array | undefined
  readonly removed: NameSet
  /** Whole header lines. */
  readonly added: Uint8Array
  /** The upstream's connection ends with the response: `Connection: close` is sent. */
  readonly forcesNew: boolean
}

const VERSION = bytesOf(" HTTP/1.1\r\n")
const HOST_LINE = bytesOf("Host: ")
const FORWARDED_FOR_LINE = bytesOf("X-Forwarded-For: ")
const FORWARDED_HOST_LINE = bytesOf("X-Forwarded-Host: ")
const FORWARDED_PORT_LINE = bytesOf("X-Forwarded-Port: ")
const FORWARDED_PROTO_LINE = bytesOf("X-Forwarded-Proto: ")
const SEPARATOR = bytesOf(", ")
const TE_LINES = bytesOf("Connection: TE\r\nTE: trailers\r\n")
const UPGRADE_LINES = bytesOf("Connection: Upgrade\r\nUpgrade: ")
const UPGRADE_TE_LINES = bytesOf("Connection: Upgrade, TE\r\nTE: trailers\r\nUpgrade: ")
const CLOSE_LINE = bytesOf("Connection: close\r\n")
const CRLF = bytesOf("\r\n")
const H2C = bytesOf("h2c")
const TRAILERS = bytesOf("trailers")

/** Maximum length of the list of forged headers. */
const SPOOFED_MAX = 512

/** Room that a head needs beyond its own length, our header lines and the lines that the route adds. */
export const HEAD_EXTRA = 2048

/** 1 for each kind that is never forwarded unchanged. */
const IS_DROPPED = new Uint8Array(32)
for (const kind of [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, TE, UPGRADE, HTTP2_SETTINGS, NAMED, RESERVED])
  IS_DROPPED[kind] = 1
/** 1 for each kind that needs a closer look. */
const IS_SPECIAL = new Uint8Array(32)
for (const kind of [HOST, EXPECT, FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PORT, FORWARDED_PROTO]) IS_SPECIAL[kind] = 1

export class RequestWriter {
  /** Number of copies of our headers that the client sent in the last head. */
  spoofed = 0
  /** True if the last head asks for another protocol. */
  upgrades = false
  /** Our header names that no reserved prefix covers. */
  readonly #reserved: NameSet
  readonly #spoofedLine: Uint8Array

  /** `spoofedHeader` is the name of the header that lists the removed copies. */
  constructor(reserved: NameSet, spoofedHeader: string) {
    this.#reserved = reserved
    this.#spoofedLine = bytesOf(`${spoofedHeader}: `)
  }

  /**
   * Writes the head of `bytes` to `out`, which has room for its length, our header lines and HEAD_EXTRA. `authority` is the Host of a
   * request that has none. Returns the length written.
   */
  write(
    head: RequestHead,
    bytes: Uint8Array,
    context: ForwardedContext,
    rewrite: Rewrite,
    authority: Uint8Array,
    out: Uint8Array
  ): number {
    const { fields } = head
    const { removed } = rewrite
    const reserved = this.#reserved
    const { facts } = context
    const { isTrusted } = facts
    let spoofed = 0
    let hasTrailers = false

    let at = copy(bytes, head.start, head.targetStart, out, 0)
    at = writePath(head, bytes, rewrite, out, at)
    at = put(VERSION, out, at)

    const count = fields.count
    let hasHost = false
    let forwardedFor = -1
    let hasForwardedHost = false
    let hasForwardedPort = false
    let hasForwardedProto = false
    // Consecutive fields that stay are copied as one run, including the white space in between.
    let runStart = -1
    let runEnd = 0
    for (let i = 0; i < count; i++) {
      const nameStart = fields.nameStart(i)
      const kind = fields.kind(i)
      let drops = IS_DROPPED[kind] === 1
      if (drops) {
        if (kind === RESERVED) spoofed++
        else if (kind === TE) hasTrailers ||= fields.hasMember(bytes, i, TRAILERS)
      } else if (IS_SPECIAL[kind] === 1) {
        switch (kind) {
          case HOST:
            hasHost = true
            if (rewrite.host !== undefined) {
              at = runStart < 0 ? at : copy(bytes, runStart, runEnd, out, at)
              runStart = -1
              at = put(CRLF, out, put(rewrite.host, out, put(HOST_LINE, out, at)))
              continue
            }
            break
          case EXPECT:
            // HTTP/1.0 does not have Expect (RFC 9110 section 10.1.1).
            drops = head.minor === 0
            break
          case FORWARDED_FOR:
            if (forwardedFor < 0) forwardedFor = i
            drops = true
            break
          case FORWARDED_HOST:
            drops = !isTrusted
            hasForwardedHost = isTrusted
            break
          case FORWARDED_PORT:
            drops = !isTrusted
            hasForwardedPort = isTrusted
            break
          default:
            drops = !isTrusted
            hasForwardedProto = isTrusted
        }
      }
      if (!drops && kind === OTHER) {
        const nameEnd = fields.nameEnd(i)
        if (reserved.size > 0 && reserved.has(bytes, nameStart, nameEnd)) {
          drops = true
          fields.setKind(i, RESERVED)
          spoofed++
        } else if (removed.size > 0 && removed.has(bytes, nameStart, nameEnd)) drops = true
      }
      if (drops) {
        if (runStart >= 0) at = copy(bytes, runStart, runEnd, out, at)
        runStart = -1
      } else {
        if (runStart < 0) runStart = nameStart
        runEnd = fields.lineEnd(bytes, i)
      }
    }
    if (runStart >= 0) at = copy(bytes, runStart, runEnd, out, at)

    if (!hasHost) {
      const host = rewrite.host ?? authority
      at = put(HOST_LINE, out, at)
      at =
        head.hostEnd > head.hostStart && rewrite.host === undefined
          ? copy(bytes, head.hostStart, head.hostEnd, out, at)
          : put(host, out, at)
      at = put(CRLF, out, at)
    }
    this.upgrades = head.upgradeIndex >= 0 && !fields.hasMember(bytes, head.upgradeIndex, H2C)
    if (this.upgrades) {
      at = put(hasTrailers ? UPGRADE_TE_LINES : UPGRADE_LINES, out, at)
      at = copy(bytes, fields.valueStart(head.upgradeIndex), fields.valueEnd(head.upgradeIndex), out, at)
      at = put(CRLF, out, at)
    } else if (rewrite.forcesNew) at = put(CLOSE_LINE, out, at)
    else if (hasTrailers) at = put(TE_LINES, out, at)

    if (isTrusted) {
      at = this.#extendFor(head, bytes, facts.address, forwardedFor, out, at)
      if (!hasForwardedPort) at = putLine(FORWARDED_PORT_LINE, facts.port, out, at)
      if (!hasForwardedProto) at = putLine(FORWARDED_PROTO_LINE, facts.scheme, out, at)
    } else at = put(facts.forwarded, out, at)
    if (!hasForwardedHost && head.hostEnd > head.hostStart) {
      at = put(FORWARDED_HOST_LINE, out, at)
      at = put(CRLF, out, copy(bytes, head.hostStart, head.hostEnd, out, at))
    }
    at = copy(facts.fingerprintHeaders, 0, facts.fingerprintHeaders.length, out, at)
    at = copy(facts.connectionHeaders.bytes, 0, facts.connectionHeaders.length, out, at)
    const hints = context.hintHeaders(spoofed)
    at = copy(hints, 0, hints.length, out, at)
    this.spoofed = spoofed
    if (spoofed > 0) at = this.#nameSpoofed(head, bytes, out, at)
    at = copy(rewrite.added, 0, rewrite.added.length, out, at)
    return put(CRLF, out, at)
  }

  /** Writes all X-Forwarded-For fields as one list (RFC 9110 section 5.3) with the peer at its end. */
  #extendFor(
    head: RequestHead,
    bytes: Uint8Array,
    address: Uint8Array,
    first: number,
    out: Uint8Array,
    at: number
  ): number {
    const { fields } = head
    at = put(FORWARDED_FOR_LINE, out, at)
    for (let i = first; i >= 0; i = fields.find(FORWARDED_FOR, i + 1)) {
      const from = fields.valueStart(i)
      const end = fields.valueEnd(i)
      if (end > from) at = put(SEPARATOR, out, copy(bytes, from, end, out, at))
    }
    return put(CRLF, out, put(address, out, at))
  }

  /** Writes the names of the removed copies in lower case, each once, as many as fit. */
  #nameSpoofed(head: RequestHead, bytes: Uint8Array, out: Uint8Array, at: number): number {
    const { fields } = head
    at = put(this.#spoofedLine, out, at)
    const start = at
    for (let i = 0; i < fields.count; i++) {
      if (fields.kind(i) !== RESERVED) continue
      const from = fields.nameStart(i)
      const end = fields.nameEnd(i)
      if (isNamed(out, start, at, bytes, from, end)) continue
      if (at - start + end - from > SPOOFED_MAX) break
      if (at > start) at = put(SEPARATOR, out, at)
      for (let j = from; j < end; j++) out[at++] = LOWER[bytes[j]!]!
    }
    return put(CRLF, out, at)
  }
}

function writePath(head: RequestHead, bytes: Uint8Array, rewrite: Rewrite, out: Uint8Array, at: number): number {
  let from = head.pathStart
  const end = head.pathEnd
  if (from === end || bytes[from] === QUESTION) {
    // Absolute form without a path (RFC 9112 section 3.2.4).
    out[at++] = head.method === METHOD_OPTIONS && from === end ? ASTERISK : SLASH
    return copy(bytes, from, end, out, at)
  }
  if (rewrite.prefixLength > 0 && bytes[from] === SLASH) {
    from += rewrite.prefixLength
    at = put(rewrite.replacement, out, at)
    const last = rewrite.replacement[rewrite.replacement.length - 1]
    if (from < end && bytes[from] === SLASH) {
      if (last === SLASH) from++
    } else if (last !== SLASH && (last === undefined || (from < end && bytes[from] !== QUESTION))) out[at++] = SLASH
  }
  return copy(bytes, from, end, out, at)
}

function putLine(name: Uint8Array, value: Uint8Array, out: Uint8Array, at: number): number {
  return put(CRLF, out, put(value, out, put(name, out, at)))
}

/** Returns true if the list in `out[start..stop)` already has the name in `bytes[from..end)`. */
function isNamed(out: Uint8Array, start: number, stop: number, bytes: Uint8Array, from: number, end: number): boolean {
  const length = end - from
  for (let at = start; at < stop;) {
    let next = at
    while (next < stop && out[next] !== COMMA) next++
    if (next - at === length) {
      let same = 0
      while (same < length && out[at + same] === LOWER[bytes[from + same]!]) same++
      if (same === length) return true
    }
    at = next + SEPARATOR.length
  }
  return false
}

/** Header lines that the route adds. Throws if a name or value holds a line end: the configuration refuses those. */
export function encodeLines(fields: ReadonlyArray<readonly [name: string, value: string]>): Uint8Array {
  const text = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")
  const bytes = new TextEncoder().encode(text)
  if (fields.some(([name, value]) => /[\r\n\0]/.test(name + value))) throw new Error("a header holds a line end")
  return bytes
}
