/**
 * RequestFingerprint: a request whose headers a front end passes on, over TLS too, compared as p0f compares those that it reads off the wire
 * (fp_http.c: http_find_match, score_nat): application, language, and software that is not what it says.
 *
 *     headers  name ":" value CR LF ... as HAProxy's req.hdrs gives them, names in lower case
 *
 * Differs from p0f: names are compared without case, since HTTP/2 and HAProxy lower them; Connection doesn't count, since
 * HAProxy removes it before it asks the agent; the answer is about this request and leaves the history of its address alone.
 */
import { EMPTY_HASH, hashByte } from "../../bytes/hash.ts"
import type { ConnectionInfo } from "../../connection-info.ts"
import type { Database } from "../../tcp/database/database.ts"
import { HDR_USER_AGENT } from "../../tcp/database/http-headers.ts"
import {
  FLOW_DATA_BYTES,
  FlowData,
  HEAD_COUNT,
  HEAD_LINES,
  HEAD_VERSION,
  LINE_WORDS,
  MAX_HEADERS
} from "../flows/flow-data.ts"
import { HttpHead, ID_UNKNOWN, VALUE_PRESENT } from "./head.ts"
import { isDishonest, matchHttp } from "./match.ts"
import { type HttpNeedles, HttpTables } from "./tables.ts"
import { languageName, languageNumber } from "./languages.ts"
import { CLIENT } from "../log/observation-log.ts"

const COLON = 0x3a
const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const TAB = 0x09

/** ASCII letters in lower case; of other bytes two may become one, which the comparison of names distinguishes. */
const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)

const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a

/** HAProxy 2.6 and newer pass on every other header, hop-by-hop or not. */
const UNTOLD: ReadonlySet<string> = new Set(["Connection"])

/** A signature without the headers that are never reported. */
function withoutUntold(needles: HttpNeedles, untold: ReadonlySet<number>): HttpNeedles {
  const kept = [...needles.ids.keys()].filter((index) => !untold.has(needles.ids[index]!))
  return {
    signature: needles.signature,
    ids: Int32Array.from(kept, (index) => needles.ids[index]!),
    optional: Uint8Array.from(kept, (index) => needles.optional[index]!),
    values: kept.map((index) => needles.values[index]),
    absent: needles.absent.filter((id) => !untold.has(id)),
    expsw: needles.expsw
  }
}

export class RequestFingerprint {
  readonly #database: Database
  readonly #tables: HttpTables
  readonly #signatures: ReadonlyArray<HttpNeedles>
  /** Ids by the hash of the name in lower case. */
  readonly #ids = new Map<number, Array<number>>()
  readonly #data = new FlowData(1)
  readonly #slot: number
  readonly #head = new HttpHead()

  constructor(database: Database) {
    this.#database = database
    this.#tables = new HttpTables(database)
    this.#slot = this.#data.take()
    const untold = new Set<number>()
    database.http.headerNames.forEach((name, id) => {
      if (UNTOLD.has(name)) untold.add(id)
    })
    this.#signatures = this.#tables.request.signatures.map((needles) => withoutUntold(needles, untold))
    this.#tables.names.forEach((name, id) => {
      const hash = hashFolded(name, 0, name.length)
      const ids = this.#ids.get(hash)
      if (ids === undefined) this.#ids.set(hash, [id])
      else ids.push(id)
    })
  }

  /**
   * Sets httpName, httpFlavor, language and badSw of `into` as far as the request shows them. A length of -1: not given. The fingerprint's
   * match must be that of the same database.
   */
  read(
    bytes: Uint8Array,
    agentAt: number,
    agentLength: number,
    headersAt: number,
    headersLength: number,
    into: ConnectionInfo
  ): void {
    const head = this.#head
    const count = headersLength < 0 ? 0 : this.#readLines(bytes, headersAt, headersLength)
    this.#finish(count)
    if (head.software < 0 && agentLength > 0) {
      this.#appendAgent(bytes, agentAt, agentLength, count)
      this.#finish(count < MAX_HEADERS ? count + 1 : count)
    }
    const needles = count === 0 ? undefined : matchHttp(head, this.#signatures)
    const label = needles?.signature.label
    if (label !== undefined && label.classId < 0) {
      into.httpName = this.#database.names[label.nameId]
      into.httpFlavor = label.flavor
    }
    if (head.language >= 0) this.#language(into)
    if (needles !== undefined && isDishonest(head, needles)) into.badSw = 2
    else if (head.software >= 0) this.#compareSystems(into)
  }

  #finish(count: number): void {
    const head = this.#data.head(this.#slot)
    const at = this.#data.headAt(this.#slot)
    head[at + HEAD_COUNT] = count
    // req.hdrs does not have the version; no signature of a current client asks for HTTP/1.0.
    head[at + HEAD_VERSION] = 1
    this.#head.move(this.#data, this.#slot, CLIENT)
  }

  /** Copies the headers into the slot and notes their lines; returns how many. */
  #readLines(bytes: Uint8Array, at: number, length: number): number {
    const copy = this.#data.bytes(this.#slot)
    const base = this.#data.bytesAt(this.#slot)
    const size = length < FLOW_DATA_BYTES ? length : FLOW_DATA_BYTES
    for (let index = 0; index < size; index++) copy[base + index] = bytes[at + index]!
    let count = 0
    let line = 0
    while (line < size && count < MAX_HEADERS) {
      let end = line
      while (end < size && copy[base + end] !== LF) end++
      const next = end + 1
      if (end > line && copy[base + end - 1] === CR) end--
      if (end === line) break
      let colon = line
      while (colon < end && copy[base + colon] !== COLON) colon++
      let value = colon < end ? colon + 1 : end
      while (value < end && (copy[base + value] === SPACE || copy[base + value] === TAB)) value++
      this.#putLine(count++, this.#idOf(copy, base + line, colon - line), line, colon - line, value, end - value)
      line = next
    }
    return count
  }

  #appendAgent(bytes: Uint8Array, at: number, length: number, count: number): void {
    const copy = this.#data.bytes(this.#slot)
    const base = this.#data.bytesAt(this.#slot)
    // At the end of the slot: req.hdrs without a User-Agent is short.
    const size = length < 1024 ? length : 1024
    const from = FLOW_DATA_BYTES - size
    for (let index = 0; index < size; index++) copy[base + from + index] = bytes[at + index]!
    if (count < MAX_HEADERS) this.#putLine(count, HDR_USER_AGENT, from, 0, from, size)
  }

  #putLine(line: number, id: number, nameAt: number, nameLength: number, valueAt: number, valueLength: number): void {
    const head = this.#data.head(this.#slot)
    const at = this.#data.headAt(this.#slot) + HEAD_LINES + line * LINE_WORDS
    head[at] = id
    head[at + 1] = nameAt
    head[at + 2] = nameLength
    head[at + 3] = valueAt
    head[at + 4] = valueLength > 0 ? valueLength | VALUE_PRESENT : 0
  }

  #idOf(bytes: Uint8Array, at: number, length: number): number {
    const ids = this.#ids.get(hashFolded(bytes, at, length))
    if (ids === undefined) return ID_UNKNOWN
    for (const id of ids) {
      const name = this.#tables.names[id]!
      let index = 0
      if (name.length !== length) continue
      while (index < length && lower(name[index]!) === lower(bytes[at + index]!)) index++
      if (index === length) return id
    }
    return ID_UNKNOWN
  }

  /** The Accept-Language begins with exactly two letters. */
  #language(into: ConnectionInfo): void {
    const { bytes, language } = this.#head
    const at = this.#head.valueAt(language)
    const length = this.#head.valueEnd(language) - at
    if (length < 2 || (length > 2 && isLetter(bytes[at + 2]!))) return
    into.language = languageName(languageNumber(bytes[at]!, bytes[at + 1]!)) ?? into.language
  }

  /** Sets bad_sw if the User-Agent names another system than the SYN's match. */
  #compareSystems(into: ConnectionInfo): void {
    const label = into.fingerprint?.match?.label
    if (label === undefined || label.classId < 0) return
    for (const { nameId, needle } of this.#tables.uaOs) {
      if (!this.#head.valueContains(this.#head.software, needle)) continue
      into.badSw = nameId === label.nameId ? 0 : 1
      return
    }
  }
}

/** The hash of a name in lower case. */
function hashFolded(bytes: Uint8Array, at: number, length: number): number {
  let hash = EMPTY_HASH
  for (let index = 0; index < length; index++) hash = hashByte(hash, lower(bytes[at + index]!))
  return hash
}
