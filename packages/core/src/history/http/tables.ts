/**
 * HttpTables: the HTTP part of a database made ready for bytes: header names to ids, substrings as bytes, p0f's lists as flags.
 */
import { hashBytes } from "../../bytes/hash.ts"
import type { Database, HttpSignature } from "../../tcp/database/database.ts"
import {
  REQUEST_COMMON,
  REQUEST_NO_VALUE,
  REQUEST_OPTIONAL,
  RESPONSE_COMMON,
  RESPONSE_NO_VALUE,
  RESPONSE_OPTIONAL
} from "../../tcp/database/http-headers.ts"

const encoder = new TextEncoder()

/** Printed as `?Name`. */
export const HEADER_OPTIONAL = 1
/** Printed without its value. */
export const HEADER_NO_VALUE = 2

/** One signature with its texts as bytes. */
export interface HttpNeedles {
  readonly signature: HttpSignature
  readonly ids: Int32Array
  readonly optional: Uint8Array
  readonly values: ReadonlyArray<Uint8Array | undefined>
  readonly absent: Int32Array
  readonly expsw: Uint8Array
}

/** The tables of one side, requests or responses. */
export interface HttpSide {
  readonly signatures: ReadonlyArray<HttpNeedles>
  /** HEADER_ bits by id. */
  readonly flags: Uint8Array
  /** Ids of the headers that are listed when they are missing, in p0f's order. */
  readonly common: Int32Array
}

function needlesOf(signature: HttpSignature): HttpNeedles {
  return {
    signature,
    ids: Int32Array.from(signature.headers, (header) => header.id),
    optional: Uint8Array.from(signature.headers, (header) => (header.optional ? 1 : 0)),
    values: signature.headers.map((header) => (header.value === undefined ? undefined : encoder.encode(header.value))),
    absent: Int32Array.from(signature.absent),
    expsw: encoder.encode(signature.expsw)
  }
}

function hashName(bytes: Uint8Array, at: number, length: number): number {
  const hash = hashBytes(bytes, at, at + length)
  return hash ^ (hash >>> 16)
}

export class HttpTables {
  /** Header names as bytes, by id. */
  readonly names: ReadonlyArray<Uint8Array>
  readonly request: HttpSide
  readonly response: HttpSide
  readonly uaOs: ReadonlyArray<{ readonly nameId: number; readonly needle: Uint8Array }>
  readonly #slots: Int32Array

  constructor(database: Database) {
    const { headerNames, requests, responses, uaOs } = database.http
    this.names = headerNames.map((name) => encoder.encode(name))
    let size = 64
    while (size < headerNames.length * 4) size *= 2
    this.#slots = new Int32Array(size)
    this.names.forEach((name, id) => {
      let at = hashName(name, 0, name.length) & (size - 1)
      while (this.#slots[at] !== 0) at = (at + 1) & (size - 1)
      this.#slots[at] = id + 1
    })
    const side = (
      signatures: ReadonlyArray<HttpSignature>,
      optional: ReadonlyArray<string>,
      noValue: ReadonlyArray<string>,
      common: ReadonlyArray<string>
    ): HttpSide => {
      const flags = new Uint8Array(headerNames.length)
      for (const name of optional) flags[headerNames.indexOf(name)]! |= HEADER_OPTIONAL
      for (const name of noValue) flags[headerNames.indexOf(name)]! |= HEADER_NO_VALUE
      return {
        signatures: signatures.map(needlesOf),
        flags,
        common: Int32Array.from(common, (name) => headerNames.indexOf(name))
      }
    }
    this.request = side(requests, REQUEST_OPTIONAL, REQUEST_NO_VALUE, REQUEST_COMMON)
    this.response = side(responses, RESPONSE_OPTIONAL, RESPONSE_NO_VALUE, RESPONSE_COMMON)
    this.uaOs = uaOs.map(({ nameId, substring }) => ({ nameId, needle: encoder.encode(substring) }))
  }

  /** Id of a header name, -1 for one that neither p0f nor the database mentions. */
  headerId(bytes: Uint8Array, at: number, length: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hashName(bytes, at, length) & mask; ; slot = (slot + 1) & mask) {
      const id = slots[slot]! - 1
      if (id < 0) return -1
      const name = this.names[id]!
      if (name.length !== length) continue
      let i = 0
      while (i < length && name[i] === bytes[at + i]) i++
      if (i === length) return id
    }
  }
}
