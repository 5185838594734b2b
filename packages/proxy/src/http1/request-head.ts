/**
 * The head of a request (RFC 9112 sections 2.2, 3 and 5): strict, in one pass, as offsets into the buffer.
 *
 *     method SP request-target SP "HTTP/1." DIGIT CRLF
 *     field lines CRLF
 *
 * Anything that two parsers could read in two ways is refused. One instance serves a thread: an incomplete head is parsed again from its
 * start once another line is complete, so no state is kept between calls. The parser never changes the bytes.
 */
import { equalBytes } from "@synprint/core"
import { type BodyFraming, type FramedHead, readRequestFraming } from "./body-framing.ts"
import {
  BAD_HOST,
  BAD_METHOD,
  BAD_TARGET,
  BAD_VERSION,
  BARE_LF,
  CONNECT_NOT_ALLOWED,
  HOSTS_DIFFER,
  NEEDS_MORE,
  NO_HOST,
  SEVERAL_HOSTS,
  VERSION_NOT_SUPPORTED
} from "./parse-error.ts"
import { EXPECT, HOST as HOST_FIELD, UPGRADE } from "./field-kind.ts"
import { HeaderFields } from "./header-fields.ts"
import {
  ASTERISK,
  CLASS,
  COLON,
  CR,
  DOT,
  equalsIgnoringCase,
  HOST,
  LF,
  LOWER,
  bytesOf,
  QUESTION,
  SLASH,
  SP,
  TARGET,
  TOKEN
} from "./byte-classes.ts"

export const METHOD_OTHER = 0
export const METHOD_GET = 1
export const METHOD_HEAD = 2
export const METHOD_OPTIONS = 3

const GET = bytesOf("GET")
const HEAD = bytesOf("HEAD")
const OPTIONS = bytesOf("OPTIONS")
const CONNECT = bytesOf("CONNECT")
const VERSION = bytesOf("HTTP/1.")
const HTTP = bytesOf("http://")
const HTTPS = bytesOf("https://")
const CONTINUE = bytesOf("100-continue")

const AT = 0x40
const BRACKET = 0x5b
const BRACKET_END = 0x5d
const DIGIT_0 = 0x30
const DIGIT_1 = 0x31
const DIGIT_9 = 0x39

export class RequestHead implements FramedHead {
  readonly fields: HeaderFields = new HeaderFields()
  start = 0
  method = METHOD_OTHER
  methodEnd = 0
  targetStart = 0
  targetEnd = 0
  /** 0 or 1: HTTP/1.2 and later are read as HTTP/1.1 (RFC 9110 section 2.5). */
  minor = 1
  /** Path and query as they go to the upstream; empty for an absolute form without a path, which means "/", or "*" for OPTIONS. */
  pathStart = 0
  pathEnd = 0
  /** Host and port, from a target in absolute form or from the Host field; empty if the request has neither. */
  hostStart = 0
  hostEnd = 0
  /** End of the host name, without port and trailing dot. */
  nameEnd = 0
  framing: BodyFraming = "none"
  contentLength = 0
  expectsContinue = false
  /** Index of the first Upgrade field if Connection names it and the request is HTTP/1.1, else -1. */
  upgradeIndex = -1
  /** True if the client keeps the connection open after the response. */
  keepsAlive = false

  /** Returns the offset after the head, NEEDS_MORE, or a parse error. Leading empty lines are skipped (RFC 9112 section 2.2). */
  parse(bytes: Uint8Array, from: number, end: number, maxFields: number): number {
    let at = from
    while (at < end && bytes[at] === CR) {
      if (at + 1 === end) return NEEDS_MORE
      if (bytes[at + 1] !== LF) return BAD_METHOD
      at += 2
    }
    if (at === end) return NEEDS_MORE
    this.start = at
    while ((CLASS[bytes[at]!]! & TOKEN) !== 0) if (++at === end) return NEEDS_MORE
    if (at === this.start) return bytes[at] === LF ? BARE_LF : BAD_METHOD
    if (bytes[at] !== SP) return BAD_METHOD
    this.methodEnd = at
    this.targetStart = ++at
    if (at === end) return NEEDS_MORE
    while ((CLASS[bytes[at]!]! & TARGET) !== 0) if (++at === end) return NEEDS_MORE
    if (bytes[at] !== SP || at === this.targetStart)
      return bytes[at] === CR || bytes[at] === LF ? BAD_VERSION : BAD_TARGET
    this.targetEnd = at++
    for (let i = 0; i < VERSION.length; i++, at++) {
      if (at === end) return NEEDS_MORE
      if (bytes[at] !== VERSION[i]) return this.#refuseVersion(bytes, this.targetEnd + 1, end)
    }
    if (at === end) return NEEDS_MORE
    const minor = bytes[at++]!
    if (minor < DIGIT_0 || minor > DIGIT_9) return BAD_VERSION
    if (at === end) return NEEDS_MORE
    if (bytes[at] !== CR) return bytes[at] === LF ? BARE_LF : BAD_VERSION
    if (at + 1 === end) return NEEDS_MORE
    if (bytes[at + 1] !== LF) return BAD_VERSION
    this.minor = minor === DIGIT_0 ? 0 : 1
    const parsed = this.fields.parse(bytes, at + 2, end, maxFields)
    return parsed <= 0 ? parsed : this.#conclude(bytes, parsed)
  }

  /** Returns true if the target is "*". */
  isAsterisk(bytes: Uint8Array): boolean {
    return this.pathEnd - this.pathStart === 1 && bytes[this.pathStart] === ASTERISK
  }

  #refuseVersion(bytes: Uint8Array, from: number, end: number): number {
    // "HTTP/2.0" and the like are valid versions that are not supported. The HTTP/2 preface ends here (RFC 9113 section 3.4).
    for (let i = 0; i < 5; i++) {
      if (from + i === end) return NEEDS_MORE
      if (bytes[from + i] !== VERSION[i]) return BAD_VERSION
    }
    if (from + 7 >= end) return NEEDS_MORE
    const isVersion =
      isDigit(bytes[from + 5]!) && (bytes[from + 6] === DOT ? isDigit(bytes[from + 7]!) : bytes[from + 6] === CR)
    return isVersion && bytes[from + 5] !== DIGIT_1 ? VERSION_NOT_SUPPORTED : BAD_VERSION
  }

  #conclude(bytes: Uint8Array, end: number): number {
    const { fields, start, methodEnd } = this
    this.method = METHOD_OTHER
    // Methods are case-sensitive (RFC 9110 section 9.1).
    if (equalBytes(bytes, start, methodEnd, GET)) this.method = METHOD_GET
    else if (equalBytes(bytes, start, methodEnd, HEAD)) this.method = METHOD_HEAD
    else if (equalBytes(bytes, start, methodEnd, OPTIONS)) this.method = METHOD_OPTIONS
    else if (equalBytes(bytes, start, methodEnd, CONNECT)) return CONNECT_NOT_ALLOWED

    const problem = this.#readTarget(bytes)
    if (problem !== 0) return problem
    const framing = readRequestFraming(bytes, fields, this.minor, this)
    if (framing !== 0) return framing

    this.keepsAlive = this.minor === 1 ? !fields.hasClose : fields.hasKeepAlive && !fields.hasClose
    this.upgradeIndex = fields.hasUpgrade && this.minor === 1 ? fields.find(UPGRADE) : -1
    const expect = fields.find(EXPECT)
    this.expectsContinue = expect >= 0 && this.minor === 1 && fields.hasMember(bytes, expect, CONTINUE)
    return end
  }

  /** Reads the request target and Host (RFC 9112 sections 3.2 and 3.3); returns 0 or a parse error. */
  #readTarget(bytes: Uint8Array): number {
    const { fields, targetStart, targetEnd } = this
    const host = fields.find(HOST_FIELD)
    if (host >= 0 && fields.find(HOST_FIELD, host + 1) >= 0) return SEVERAL_HOSTS
    if (host < 0 && this.minor === 1) return NO_HOST
    this.hostStart = host < 0 ? 0 : fields.valueStart(host)
    this.hostEnd = host < 0 ? 0 : fields.valueEnd(host)
    this.pathStart = targetStart
    this.pathEnd = targetEnd
    const first = bytes[targetStart]!
    if (first === ASTERISK) {
      if (targetEnd - targetStart !== 1 || this.method !== METHOD_OPTIONS) return BAD_TARGET
    } else if (first !== SLASH) {
      const scheme = startsIgnoringCase(bytes, targetStart, targetEnd, HTTP)
        ? HTTP.length
        : startsIgnoringCase(bytes, targetStart, targetEnd, HTTPS)
          ? HTTPS.length
          : 0
      if (scheme === 0) return BAD_TARGET
      const authority = targetStart + scheme
      let at = authority
      while (at < targetEnd && bytes[at] !== SLASH && bytes[at] !== QUESTION) {
        if (bytes[at] === AT) return BAD_TARGET
        at++
      }
      if (at === authority) return BAD_TARGET
      if (host >= 0 && !sameIgnoringCase(bytes, this.hostStart, this.hostEnd, authority, at)) return HOSTS_DIFFER
      this.hostStart = authority
      this.hostEnd = at
      this.pathStart = at
    }
    return this.#readHost(bytes)
  }

  /** Reads `uri-host [":" port]`: a name, an IPv4 address or an IP literal in brackets. Returns 0 or a parse error. */
  #readHost(bytes: Uint8Array): number {
    const { hostStart, hostEnd } = this
    let at = hostStart
    this.nameEnd = at
    if (at === hostEnd) return 0
    if (bytes[at] === BRACKET) {
      for (at++; at < hostEnd && bytes[at] !== BRACKET_END; at++) {
        const byte = bytes[at]!
        if ((CLASS[byte]! & HOST) === 0 || byte === BRACKET) return BAD_HOST
      }
      if (at === hostEnd || at === hostStart + 1) return BAD_HOST
      this.nameEnd = ++at
      if (at < hostEnd && bytes[at] !== COLON) return BAD_HOST
    } else {
      for (; at < hostEnd && bytes[at] !== COLON; at++) {
        const byte = bytes[at]!
        if ((CLASS[byte]! & HOST) === 0 || byte === BRACKET || byte === BRACKET_END) return BAD_HOST
      }
      if (at === hostStart) return BAD_HOST
      this.nameEnd = at - hostStart > 1 && bytes[at - 1] === DOT ? at - 1 : at
    }
    if (at < hostEnd) {
      if (hostEnd - at > 6) return BAD_HOST
      for (at++; at < hostEnd; at++) if (!isDigit(bytes[at]!)) return BAD_HOST
    }
    return 0
  }
}

function isDigit(byte: number): boolean {
  return byte >= DIGIT_0 && byte <= DIGIT_9
}

function startsIgnoringCase(bytes: Uint8Array, from: number, end: number, lower: Uint8Array): boolean {
  return end - from >= lower.length && equalsIgnoringCase(bytes, from, from + lower.length, lower)
}

function sameIgnoringCase(bytes: Uint8Array, from: number, end: number, other: number, otherEnd: number): boolean {
  if (end - from !== otherEnd - other) return false
  for (let i = 0; i < end - from; i++) if (LOWER[bytes[from + i]!] !== LOWER[bytes[other + i]!]) return false
  return true
}
