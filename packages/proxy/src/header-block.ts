/**
 * Header block: an Answer as the header lines that the application gets with every request of a connection.
 *
 *     x-tcp-status: ok CRLF x-tcp-os: Linux 5.10+ CRLF ...        shape block, encoded once per shape and shared
 *     x-tcp-uptime: 812 CRLF ...                                  own block, mostly empty
 *
 * What isn't known is not sent; a known 0 is. Round trips follow when they are known: timing-lines.ts.
 */
import { type Answer, FIELDS, type Field, type Shape, toldDistance } from "@synprint/core"
import type { HeadersConfig } from "@synprint/core/runtime"

/** Bytes of the generation that lead `Shape.encoded`. */
const GENERATION_SIZE = 2

const EMPTY: Uint8Array = new Uint8Array(0)
const encoder = new TextEncoder()

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

/** Fields of the shape, the host's record in its place when there is no SYN. */
const SHAPE_VALUES: Readonly<Record<string, (answer: Answer) => Known>> = {
  os: ({ shape, hostOs }) => (shape === undefined ? hostOs : shape.os),
  os_match_q: ({ shape, hostOs, hostOsMatchQ }) =>
    shape === undefined
      ? hostOs === undefined
        ? undefined
        : hostOsMatchQ
      : shape.os === undefined
        ? undefined
        : shape.osMatchQ,
  dist: ({ shape, hostDist }) => natural(shape === undefined ? hostDist : toldDistance(shape)),
  link: ({ shape, hostLink }) => (shape === undefined ? hostLink : shape.link),
  link_mtu: ({ shape }) => positive(shape?.linkMtu ?? 0),
  link_mss: ({ shape }) => positive(shape?.mss ?? 0),
  sig: ({ shape }) => shape?.rawSignature,
  mtu_origin: ({ shape }) => shape?.mtuOrigin,
  interface_mss: ({ shape }) => positive(shape?.interfaceMss ?? 0),
  link_candidates: ({ shape }) => shape?.linkCandidates,
  dist_reason: ({ shape }) => shape?.distReason
}

const OWN_VALUES: Readonly<Record<string, (answer: Answer) => Known>> = {
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
  readonly name: string
  readonly value: (answer: Answer) => Known
}

let generations = 0

/** Encodes answers with one choice of names. A reload that changes the choice makes a new one. */
export class HeaderBlock {
  readonly #generation: number
  readonly #statusNames: ReadonlyArray<string>
  readonly #statusBlocks = new Map<string, Uint8Array>()
  readonly #shapeLines: ReadonlyArray<Line>
  readonly #ownLines: ReadonlyArray<Line>

  constructor(headers: HeadersConfig) {
    this.#generation = generations = (generations + 1) & 0xffff
    const lines = (values: Readonly<Record<string, (answer: Answer) => Known>>): ReadonlyArray<Line> =>
      FIELDS.flatMap((field) => {
        const value = values[field.name]
        return value === undefined ? [] : headerNames(headers, field).map((name) => ({ name, value }))
      })
    this.#shapeLines = lines(SHAPE_VALUES)
    this.#ownLines = lines(OWN_VALUES)
    this.#statusNames = headerNames(headers, FIELDS[0]!)
  }

  /** Status and what the shape says. The result is shared: never write to it. */
  shapeBlock(answer: Answer): Uint8Array {
    const shape = answer.shape
    if (shape === undefined) return answer.hasHost ? this.#encode(answer) : this.#statusBlock(answer.status)
    const known = shape.encoded
    if (known !== undefined && (known[0]! << 8) + known[1]! === this.#generation) return known.subarray(GENERATION_SIZE)
    return this.#remember(answer, shape)
  }

  /** What is told of this connection alone. */
  ownBlock(answer: Answer): Uint8Array {
    return encodeLines("", this.#ownLines, answer)
  }

  /** A shape comes with one status only: there is none but for `ok`. */
  #remember(answer: Answer, shape: Shape): Uint8Array {
    const lines = this.#encode(answer)
    const kept = new Uint8Array(GENERATION_SIZE + lines.length)
    kept[0] = this.#generation >> 8
    kept[1] = this.#generation
    kept.set(lines, GENERATION_SIZE)
    shape.encoded = kept
    return kept.subarray(GENERATION_SIZE)
  }

  #encode(answer: Answer): Uint8Array {
    return encodeLines(this.#statusLines(answer.status), this.#shapeLines, answer)
  }

  #statusBlock(status: string): Uint8Array {
    let block = this.#statusBlocks.get(status)
    if (block === undefined) this.#statusBlocks.set(status, (block = encoder.encode(this.#statusLines(status))))
    return block
  }

  #statusLines(status: string): string {
    return this.#statusNames.map((name) => `${name}: ${status}\r\n`).join("")
  }
}

function encodeLines(head: string, lines: ReadonlyArray<Line>, answer: Answer): Uint8Array {
  let text = head
  for (let i = 0; i < lines.length; i++) {
    const { name, value } = lines[i]!
    const known = value(answer)
    if (known !== undefined) text += `${name}: ${clean(known)}\r\n`
  }
  return text === "" ? EMPTY : encoder.encode(text)
}

/** A database is a file that somebody wrote: a label with a control character must not end its line. */
function clean(value: string | number): string {
  if (typeof value === "number") return String(value)
  let text = ""
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    text += code < 0x20 || code === 0x7f ? "?" : value[i]
  }
  return text
}
