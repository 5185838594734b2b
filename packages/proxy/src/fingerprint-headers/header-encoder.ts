/**
 * Header block: an Answer as the header lines that the application gets with every request of a connection.
 *
 *     x-tcp-status: ok CRLF x-tcp-os: Linux 5.10+ CRLF ...        fingerprint block, encoded once per fingerprint and shared
 *     x-tcp-uptime: 812 CRLF ...                                  own block, mostly empty
 *
 * What isn't known is not sent; a known 0 is. Round trips follow when they are known: timing-lines.ts.
 */
import { type ConnectionInfo, FIELDS, type Field, reportedDistance } from "@synprint/core"
import type { HeadersConfig } from "@synprint/service"
import { put, putDecimal } from "../http1/copy.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import { HeaderLines } from "../http1/header-lines.ts"

const encoder = new TextEncoder()

/** Digits of a number and its line's end. */
const NUMBER_MAX = 24
// oxlint-disable-next-line no-control-regex -- that is what it is for
const CONTROLS = /[\u0000-\u001f\u007f]/g

/** A fingerprint's block is put together here. */
const scratch = new HeaderLines()

/** Names by which the application gets a field; none: it is not sent. */
export function headerNames(headers: HeadersConfig, field: Field): ReadonlyArray<string> {
  const own = headers.names.get(field.name)
  if (own !== undefined) return [own]
  switch (headers.preset) {
    case "x-tcp":
      return field.xTcp === undefined ? [] : [field.xTcp]
    case "x-p0f":
      return field.xP0f === undefined ? [] : [field.xP0f]
    case "seed":
      return field.seed === undefined ? [] : [field.seed]
    case "huginn":
      return field.huginn
  }
}

type Known = string | number | undefined

/** Fields of the fingerprint, the host's record in its place when there is no SYN. */
const FINGERPRINT_VALUES: Readonly<Record<string, (answer: ConnectionInfo) => Known>> = {
  os: ({ fingerprint, hostOs }) => (fingerprint === undefined ? hostOs : fingerprint.os),
  os_match_q: ({ fingerprint, hostOs, hostOsMatchQ }) =>
    fingerprint === undefined
      ? hostOs === undefined
        ? undefined
        : hostOsMatchQ
      : fingerprint.os === undefined
        ? undefined
        : fingerprint.osMatchQ,
  dist: ({ fingerprint, hostDist }) => natural(fingerprint === undefined ? hostDist : reportedDistance(fingerprint)),
  link: ({ fingerprint, hostLink }) => (fingerprint === undefined ? hostLink : fingerprint.link),
  link_mtu: ({ fingerprint }) => positive(fingerprint?.linkMtu ?? 0),
  link_mss: ({ fingerprint }) => positive(fingerprint?.mss ?? 0),
  sig: ({ fingerprint }) => fingerprint?.rawSignature,
  mtu_origin: ({ fingerprint }) => fingerprint?.mtuOrigin,
  interface_mss: ({ fingerprint }) => positive(fingerprint?.interfaceMss ?? 0),
  link_candidates: ({ fingerprint }) => fingerprint?.linkCandidates,
  dist_reason: ({ fingerprint }) => fingerprint?.distReason
}

const OWN_VALUES: Readonly<Record<string, (answer: ConnectionInfo) => Known>> = {
  retransmits: ({ retransmits }) => natural(retransmits),
  uptime: ({ uptimeMinutes }) => natural(uptimeMinutes),
  nat: ({ nat }) => (nat ? "1" : undefined),
  bad_sw: ({ badSw }) => (badSw === 0 ? undefined : "1"),
  http_name: ({ httpName }) => httpName,
  http_flavor: ({ httpFlavor }) => httpFlavor,
  language: ({ language }) => language,
  first_seen: ({ firstSeen }) => positive(firstSeen),
  last_seen: ({ lastSeen }) => positive(lastSeen),
  total_conn: ({ totalConn }) => positive(totalConn),
  last_nat: ({ lastNat }) => positive(lastNat),
  last_chg: ({ lastChg }) => positive(lastChg),
  up_mod_days: ({ upModDays, uptimeMinutes }) => (uptimeMinutes < 0 ? undefined : positive(upModDays))
}

/** -1 is "not known". */
const natural = (value: number): number | undefined => (value < 0 ? undefined : value)
/** 0 is "not known". */
const positive = (value: number): number | undefined => (value > 0 ? value : undefined)

interface Line {
  /** `name: `. */
  readonly prefix: Uint8Array
  readonly value: (answer: ConnectionInfo) => Known
}

/** Encodes answers with one choice of names. A reload that changes the choice makes a new one. */
export class HeaderEncoder {
  readonly #statusNames: ReadonlyArray<string>
  readonly #statusBlocks = new Map<string, Uint8Array>()
  readonly #fingerprintLines: ReadonlyArray<Line>
  readonly #ownLines: ReadonlyArray<Line>

  constructor(headers: HeadersConfig) {
    const lines = (values: Readonly<Record<string, (answer: ConnectionInfo) => Known>>): ReadonlyArray<Line> =>
      FIELDS.flatMap((field) => {
        const value = values[field.name]
        return value === undefined
          ? []
          : headerNames(headers, field).map((name) => ({ prefix: bytesOf(`${name}: `), value }))
      })
    this.#fingerprintLines = lines(FINGERPRINT_VALUES)
    this.#ownLines = lines(OWN_VALUES)
    this.#statusNames = headerNames(headers, FIELDS[0]!)
  }

  /** Status and what the fingerprint says. The result is shared: never write to it. */
  fingerprintHeaders(answer: ConnectionInfo): Uint8Array {
    const fingerprint = answer.fingerprint
    if (fingerprint === undefined) return answer.hasHost ? this.#encode(answer) : this.#statusBlock(answer.status)
    // A fingerprint comes with one status only: there is none but for `ok`.
    if (fingerprint.encodedBy !== this) {
      fingerprint.encoded = this.#encode(answer)
      fingerprint.encodedBy = this
    }
    return fingerprint.encoded!
  }

  /** What is told of this connection alone. */
  writeOwn(answer: ConnectionInfo, into: HeaderLines): void {
    into.length = 0
    encodeLines(this.#ownLines, answer, into)
  }

  #encode(answer: ConnectionInfo): Uint8Array {
    scratch.length = 0
    scratch.add(this.#statusBlock(answer.status))
    encodeLines(this.#fingerprintLines, answer, scratch)
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

function encodeLines(lines: ReadonlyArray<Line>, answer: ConnectionInfo, into: HeaderLines): void {
  for (let i = 0; i < lines.length; i++) {
    const { prefix, value } = lines[i]!
    const known = value(answer)
    if (known === undefined) continue
    const isNumber = typeof known === "number"
    const out = into.reserve(prefix.length + (isNumber ? NUMBER_MAX : 3 * known.length + 2))
    let at = put(prefix, out, into.length)
    at = isNumber ? putDecimal(known, out, at) : putText(known, out, at)
    out[at] = 0x0d
    out[at + 1] = 0x0a
    into.length = at + 2
  }
}

/** A database is a file that somebody wrote: a label with a control character must not end its line. */
function putText(text: string, out: Uint8Array, start: number): number {
  let at = start
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x80) return at + encoder.encodeInto(text.slice(i).replaceAll(CONTROLS, "?"), out.subarray(at)).written
    out[at++] = code < 0x20 || code === 0x7f ? 0x3f : code
  }
  return at
}
