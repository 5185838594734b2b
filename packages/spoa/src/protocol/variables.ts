/**
 * Variables: an Answer as the SET-VAR actions of an ACK, all in scope `sess`, which lives as long as the client connection.
 *
 * Numbers are INT64, the rest STRING; what isn't known is not set, a known 0 is. `status` and `done` are always set. What depends
 * on the SYN's fingerprint alone is encoded once and kept with the fingerprint, the rest is appended per answer.
 *
 * An ACK may be too small for all of them. Then they are taken one by one in the order of core's FIELDS and one that no longer
 * fits is left out: the last in that order go first, `status` and `done` never.
 */
import {
  type ConnectionInfo,
  FIELDS,
  HINT_FIELDS,
  STATUSES,
  type TcpFingerprint,
  type Status,
  reportedDistance
} from "@synprint/core"
import { SCOPE_SESS, beginSetVar } from "./action.ts"
import { TYPE_INT64, writeTypedInteger, writeTypedString } from "./typed-data.ts"

/** A fingerprint block that is longer never fits an ACK. */
const BLOCK_MAX = 8192

// Fields as small numbers, so that the slow path switches on integers. Those up to DIST_REASON belong to the fingerprint.
const OS = 0
const OS_MATCH_Q = 1
const DIST = 2
const LINK = 3
const LINK_MTU = 4
const LINK_MSS = 5
const SIG = 6
const MTU_ORIGIN = 7
const INTERFACE_MSS = 8
const LINK_CANDIDATES = 9
const DIST_REASON = 10
const HINTS = 11
const RETRANSMITS = 12
const RTT = 13
const CHELLO_DELAY = 14
const TLS_RTT = 15
const UPTIME = 16
const NAT = 17
const BAD_SW = 18
const HTTP_NAME = 19
const HTTP_FLAVOR = 20
const LANGUAGE = 21
const FIRST_SEEN = 22
const LAST_SEEN = 23
const TOTAL_CONN = 24
const LAST_NAT = 25
const LAST_CHG = 26
const UP_MOD_DAYS = 27
/** The hints one by one, in the order of their numbers. */
const FIRST_HINT = 28

const CODES: Readonly<Record<string, number>> = {
  os: OS,
  os_match_q: OS_MATCH_Q,
  dist: DIST,
  link: LINK,
  link_mtu: LINK_MTU,
  link_mss: LINK_MSS,
  sig: SIG,
  mtu_origin: MTU_ORIGIN,
  interface_mss: INTERFACE_MSS,
  link_candidates: LINK_CANDIDATES,
  dist_reason: DIST_REASON,
  hints: HINTS,
  retransmits: RETRANSMITS,
  rtt: RTT,
  chello_delay: CHELLO_DELAY,
  tls_rtt: TLS_RTT,
  uptime: UPTIME,
  nat: NAT,
  bad_sw: BAD_SW,
  http_name: HTTP_NAME,
  http_flavor: HTTP_FLAVOR,
  language: LANGUAGE,
  first_seen: FIRST_SEEN,
  last_seen: LAST_SEEN,
  total_conn: TOTAL_CONN,
  last_nat: LAST_NAT,
  last_chg: LAST_CHG,
  up_mod_days: UP_MOD_DAYS,
  ...Object.fromEntries(HINT_FIELDS.map((name, hint) => [name, FIRST_HINT + hint]))
}

/** Whether a choice of variables needs hints to be made. */
export const wantsHints = (variables: ReadonlyArray<string>): boolean =>
  variables.some((name) => name === "hints" || HINT_FIELDS.includes(name))

/** Writes answers with one choice of variables. A reload that changes the choice makes a new one. */
export class VariableWriter {
  /** Whether the last answer lost variables. */
  isTruncated = false

  readonly #heads: Readonly<Record<Status, Uint8Array>>
  /** Chosen fields in the order of FIELDS, those of the fingerprint, the others. */
  readonly #codes: ReadonlyArray<number>
  readonly #fingerprintCodes: ReadonlyArray<number>
  readonly #ownCodes: ReadonlyArray<number>
  /** `01 03 01 name` by field. */
  readonly #prefixes: ReadonlyArray<Uint8Array>

  constructor(variables: ReadonlyArray<string>) {
    const chosen = FIELDS.filter((field) => variables.includes(field.name) && CODES[field.name] !== undefined)
    this.#codes = chosen.map((field) => CODES[field.name]!)
    this.#fingerprintCodes = this.#codes.filter((code) => code <= DIST_REASON)
    this.#ownCodes = this.#codes.filter((code) => code > DIST_REASON)
    const prefixes: Array<Uint8Array> = []
    for (const name of Object.keys(CODES)) prefixes[CODES[name]!] = prefix(name)
    this.#prefixes = prefixes
    this.#heads = Object.fromEntries(STATUSES.map((status) => [status, head(status)])) as Record<Status, Uint8Array>
  }

  /** Writes the actions from `at`, ending at or before `limit`; returns the offset after them. */
  write(answer: ConnectionInfo, out: Uint8Array, at: number, limit: number): number {
    this.isTruncated = false
    const { fingerprint } = answer
    const block =
      fingerprint === undefined
        ? this.#heads[answer.status]
        : fingerprint.encodedBy === this
          ? fingerprint.encoded!
          : this.#encodeFingerprint(answer, fingerprint)
    let end = at + block.length
    if (end > limit) return this.#writeFitting(answer, out, at, limit)
    // 19 ns for 150 bytes; a loop 66.
    out.set(block, at)
    if (fingerprint === undefined && answer.hasHost)
      for (const code of this.#fingerprintCodes) end = this.#writeField(code, answer, out, end)
    for (const code of this.#ownCodes) end = this.#writeField(code, answer, out, end)
    return end <= limit ? end : this.#writeFitting(answer, out, at, limit)
  }

  #writeFitting(answer: ConnectionInfo, out: Uint8Array, at: number, limit: number): number {
    at += copy(this.#heads[answer.status], out, at)
    for (const code of this.#codes) {
      const end = this.#writeField(code, answer, out, at)
      if (end <= limit) at = end
      else this.isTruncated = true
    }
    return at
  }

  /** `status`, `done` and what the fingerprint says: a fingerprint comes with one status only, `ok`. */
  #encodeFingerprint(answer: ConnectionInfo, fingerprint: TcpFingerprint): Uint8Array {
    const block = new Uint8Array(BLOCK_MAX)
    let end = copy(this.#heads[answer.status], block, 0)
    for (const code of this.#fingerprintCodes) end = this.#writeField(code, answer, block, end)
    fingerprint.encodedBy = this
    return (fingerprint.encoded = block.slice(0, end))
  }

  /** Writes one field, nothing when it isn't known. A value past the end of `out` is cut off there: callers compare with a limit. */
  #writeField(code: number, answer: ConnectionInfo, out: Uint8Array, at: number): number {
    const fingerprint = answer.fingerprint
    switch (code) {
      case OS:
        return this.#string(code, fingerprint === undefined ? answer.hostOs : fingerprint.os, out, at)
      case OS_MATCH_Q:
        if (fingerprint === undefined)
          return this.#integer(code, answer.hostOs === undefined ? -1 : answer.hostOsMatchQ, out, at)
        return this.#integer(code, fingerprint.os === undefined ? -1 : fingerprint.osMatchQ, out, at)
      case DIST:
        return this.#integer(code, fingerprint === undefined ? answer.hostDist : reportedDistance(fingerprint), out, at)
      case LINK:
        return this.#string(code, fingerprint === undefined ? answer.hostLink : fingerprint.link, out, at)
      case LINK_MTU:
        return this.#positive(code, fingerprint === undefined ? 0 : fingerprint.linkMtu, out, at)
      case LINK_MSS:
        return this.#positive(code, fingerprint === undefined ? 0 : fingerprint.mss, out, at)
      case SIG:
        return this.#string(code, fingerprint === undefined ? undefined : fingerprint.rawSignature, out, at)
      case MTU_ORIGIN:
        return this.#string(code, fingerprint === undefined ? undefined : fingerprint.mtuOrigin, out, at)
      case INTERFACE_MSS:
        return this.#positive(code, fingerprint === undefined ? 0 : fingerprint.interfaceMss, out, at)
      case LINK_CANDIDATES:
        return this.#string(code, fingerprint === undefined ? undefined : fingerprint.linkCandidates, out, at)
      case DIST_REASON:
        return this.#string(code, fingerprint === undefined ? undefined : fingerprint.distReason, out, at)
      case HINTS:
        return this.#string(code, answer.hints, out, at)
      case RETRANSMITS:
        return this.#integer(code, answer.retransmits, out, at)
      case RTT:
        return this.#integer(code, answer.rttMicros, out, at)
      case CHELLO_DELAY:
        return this.#integer(code, answer.chelloDelayMicros, out, at)
      case TLS_RTT:
        return this.#integer(code, answer.tlsRttMicros, out, at)
      case UPTIME:
        return this.#integer(code, answer.uptimeMinutes, out, at)
      case NAT:
        return answer.nat ? this.#string(code, "1", out, at) : at
      case BAD_SW:
        return answer.badSw !== 0 ? this.#string(code, "1", out, at) : at
      case HTTP_NAME:
        return this.#string(code, answer.httpName, out, at)
      case HTTP_FLAVOR:
        return this.#string(code, answer.httpFlavor, out, at)
      case LANGUAGE:
        return this.#string(code, answer.language, out, at)
      case FIRST_SEEN:
        return this.#positive(code, answer.firstSeen, out, at)
      case LAST_SEEN:
        return this.#positive(code, answer.lastSeen, out, at)
      case TOTAL_CONN:
        return this.#positive(code, answer.totalConn, out, at)
      case LAST_NAT:
        return this.#positive(code, answer.lastNat, out, at)
      case LAST_CHG:
        return this.#positive(code, answer.lastChg, out, at)
      case UP_MOD_DAYS:
        return this.#positive(code, answer.upModDays, out, at)
      default:
        return this.#hint(code, answer, out, at)
    }
  }

  /** `0.7;reason="..."`: an RFC 9651 item. */
  #hint(code: number, answer: ConnectionInfo, out: Uint8Array, at: number): number {
    const parameters = answer.hintParameters?.[code - FIRST_HINT]
    return parameters === undefined ? at : this.#string(code, parameters.slice(";q=".length), out, at)
  }

  #string(code: number, value: string | undefined, out: Uint8Array, at: number): number {
    if (value === undefined) return at
    return writeTypedString(out, at + copy(this.#prefixes[code]!, out, at), value)
  }

  /** -1 is "not known". */
  #integer(code: number, value: number, out: Uint8Array, at: number): number {
    if (value < 0) return at
    return writeTypedInteger(out, at + copy(this.#prefixes[code]!, out, at), TYPE_INT64, value)
  }

  /** 0 is "not known". */
  #positive(code: number, value: number, out: Uint8Array, at: number): number {
    return value > 0 ? this.#integer(code, value, out, at) : at
  }
}

/** Copies `from` and returns its length: a loop, which costs no more than `set` for up to 30 bytes. */
function copy(from: Uint8Array, out: Uint8Array, at: number): number {
  const { length } = from
  for (let index = 0; index < length; index++) out[at++] = from[index]!
  return length
}

function prefix(name: string): Uint8Array {
  const bytes = new Uint8Array(64)
  return bytes.slice(0, beginSetVar(bytes, 0, SCOPE_SESS, name))
}

/** `status` and `done`, which every ACK holds: the guard that makes HAProxy ask once is set even when nothing is known. */
function head(status: Status): Uint8Array {
  const bytes = new Uint8Array(64)
  let at = writeTypedString(bytes, beginSetVar(bytes, 0, SCOPE_SESS, "status"), status)
  at = writeTypedString(bytes, beginSetVar(bytes, at, SCOPE_SESS, "done"), "1")
  return bytes.slice(0, at)
}
