/**
 * Hints: the facts of a connection and the words of a request as one list of tokens with score and reason (RFC 9651).
 *
 *     ua-mismatch;q=0.95;reason="windows ua, linux stack", tunnel;q=0.58;kind=wireguard
 *
 * Hints of the fingerprint are made once per fingerprint, those of the connection once per connection, a claim's text once per pair of
 * claim and stack: a request without hints, or with the same as one before, costs a few comparisons and no allocation.
 */
import type { ConnectionInfo } from "../connection-info.ts"
import type { TcpFingerprint } from "../tcp/matching/fingerprint.ts"
import { tunnelOf } from "../tcp/path/link-table.ts"
import { reasonNames } from "../history/sharing/sharing-reasons.ts"
import type { Family } from "../address/address.ts"
import { mismatchOf, NO_CLAIM } from "./claim.ts"
import {
  HINT_NAMES,
  MEASURED,
  MIDDLEBOX,
  RELAY,
  SCANNER,
  SHARED_ADDRESS,
  SPOOFED_HEADER,
  TUNNEL,
  UA_MISMATCH,
  UNMEASURED,
  USER_SPACE_STACK
} from "./hint.ts"
import type { HintPolicy } from "./policy.ts"
import { RELAY_CALLED, RELAY_REASONS, type RelayJudge } from "./relay.ts"
import { comparedFamilies, middleboxOf, scannerOf, TUNNEL_LEAST, userSpaceStackOf } from "./fingerprint-hints.ts"
import {
  type Parameter,
  serializeDecimal,
  serializeInteger,
  serializeItem,
  serializeString,
  serializeToken
} from "../bytes/structured-field.ts"

/** The hints about one connection, whatever its requests say. Immutable. */
export interface ConnectionHints {
  /** The stack that claims are compared with; 0: none, or they are not to be compared. */
  readonly families: number
  /** Bits of the hints that may be reported about the client. */
  readonly allowed: number
  /** Parameters by number of the hint, such as `;q=0.7;reason="..."`; undefined: not hinted. */
  readonly parameters: ReadonlyArray<string | undefined>
  readonly isEmpty: boolean
}

const NOTHING: ReadonlyArray<undefined> = HINT_NAMES.map(() => undefined)
const NO_HINTS: ConnectionHints = { families: 0, allowed: 0, parameters: NOTHING, isEmpty: true }

/** The hints of a fingerprint, kept with it. */
interface FingerprintHints {
  readonly hinter: Hinter
  /** Precomputed hints for a client with no exemptions and no other evidence. */
  readonly plain: ConnectionHints
}

type Verdict = Pick<RelayJudge, "score" | "gapMicros" | "reason">

/** Texts of claims are bounded by what claim and stack can say: 8 bits of claim, a few dozen stacks. */
const CLAIM_TEXTS_MAX = 4096

export class Hinter {
  readonly policy: HintPolicy
  /** Parameters of the last list, by number of the hint. */
  readonly parameters: Array<string | undefined> = [...NOTHING]
  readonly #claims = new Map<number, string>()

  constructor(policy: HintPolicy) {
    this.policy = policy
  }

  /** Computes the hints about a connection; the client's address is at `at` in `address`, and family is 0 if it is not known. */
  connection(info: ConnectionInfo, family: Family | 0, address: Uint8Array, at: number): ConnectionHints {
    const { policy } = this
    const allowed = policy.allowed(family, address, at)
    if (allowed === 0) return NO_HINTS
    const { fingerprint } = info
    const plain = fingerprint === undefined ? undefined : this.#fingerprintHints(fingerprint).plain
    const relay = info.relayScore >= RELAY_CALLED
    // p0f mode has a nat of its own, and no score.
    const shared = info.nat && info.sharedScore > 0
    if (plain !== undefined && allowed === policy.enabled && !relay && !shared) return plain
    const parameters: Array<string | undefined> = [...NOTHING]
    if (plain !== undefined) {
      plain.parameters.forEach((text, hint) => {
        if ((allowed & (1 << hint)) !== 0) parameters[hint] = text
      })
    }
    if (relay && (allowed & (1 << RELAY)) !== 0) {
      parameters[RELAY] = this.#relay(info.relayScore, info.relayGapMicros, info.relayReason)
    }
    if (shared && (allowed & (1 << SHARED_ADDRESS)) !== 0) {
      parameters[SHARED_ADDRESS] = this.#parameters(SHARED_ADDRESS, info.sharedScore / 100, [
        ["reason", serializeString(reasonNames(info.sharedReasons).join(" "))]
      ])
    }
    const isEmpty = parameters.every((text) => text === undefined)
    const families = (allowed & (1 << UA_MISMATCH)) === 0 || plain === undefined ? 0 : plain.families
    return { families, allowed, parameters, isEmpty }
  }

  /** Adds the evidence of the connection's handshakes, which is known later (relay.ts). */
  withRelay(of: ConnectionHints, { score, gapMicros, reason }: Verdict): ConnectionHints {
    if ((of.allowed & (1 << RELAY)) === 0) return of
    const parameters = [...of.parameters]
    parameters[RELAY] = this.#relay(score, gapMicros, reason)
    return { ...of, parameters, isEmpty: parameters.every((text) => text === undefined) }
  }

  /** The gap in milliseconds. */
  #relay(score: number, gapMicros: number, reason: number): string | undefined {
    return this.#parameters(RELAY, score / 100, [
      ["gap", serializeInteger(Math.round(gapMicros / 1000))],
      ["reason", serializeString(RELAY_REASONS[reason] ?? "")]
    ])
  }

  /**
   * The list for a request that claims `claim` (claim.ts) and brought `spoofed` headers by our names; undefined when nothing is hinted.
   * `parameters` then has the single hints.
   */
  list(of: ConnectionHints, claim: number, spoofed: number): string | undefined {
    const { parameters } = this
    const mismatch = (of.allowed & (1 << UA_MISMATCH)) === 0 ? "" : this.#mismatch(claim, of.families)
    if (of.isEmpty && mismatch === "" && spoofed === 0) {
      parameters.fill(undefined)
      return undefined
    }
    let list = ""
    for (let hint = 0; hint < HINT_NAMES.length; hint++) {
      let text = of.parameters[hint]
      if (hint === UA_MISMATCH && mismatch !== "") text = mismatch
      else if (hint === SPOOFED_HEADER && spoofed > 0 && (of.allowed & (1 << SPOOFED_HEADER)) !== 0) {
        text = this.#parameters(SPOOFED_HEADER, MEASURED[SPOOFED_HEADER]!, [["count", serializeInteger(spoofed)]])
      }
      parameters[hint] = text
      if (text !== undefined) list += list === "" ? HINT_NAMES[hint]! + text : `, ${HINT_NAMES[hint]!}${text}`
    }
    return list === "" ? undefined : list
  }

  #fingerprintHints(fingerprint: TcpFingerprint): FingerprintHints {
    const known = fingerprint.hinted as FingerprintHints | undefined
    if (known !== undefined && known.hinter === this) return known
    const parameters: Array<string | undefined> = [...NOTHING]
    const put = (hint: number, reason: string | undefined): void => {
      if (reason === undefined || (this.policy.enabled & (1 << hint)) === 0) return
      parameters[hint] = this.#parameters(hint, MEASURED[hint]!, [["reason", serializeString(reason)]])
    }
    put(SCANNER, scannerOf(fingerprint))
    put(USER_SPACE_STACK, userSpaceStackOf(fingerprint))
    put(MIDDLEBOX, middleboxOf(fingerprint))
    const tunnel = tunnelOf(fingerprint)
    if (tunnel !== undefined && tunnel.weight >= TUNNEL_LEAST && (this.policy.enabled & (1 << TUNNEL)) !== 0) {
      parameters[TUNNEL] = this.#parameters(TUNNEL, tunnel.weight / 100, [
        // 6in4 is no token.
        ["kind", serializeToken(tunnel.kind) ?? serializeString(tunnel.kind)]
      ])
    }
    const families = comparedFamilies(fingerprint)
    const isEmpty = parameters.every((text) => text === undefined)
    const hints: FingerprintHints = {
      hinter: this,
      plain: { families, allowed: this.policy.enabled, parameters, isEmpty }
    }
    fingerprint.hinted = hints
    return hints
  }

  /** Parameters of a mismatch, "" for none. */
  #mismatch(claim: number, families: number): string {
    if (claim === NO_CLAIM) return ""
    const key = (claim << 16) | families
    const known = this.#claims.get(key)
    if (known !== undefined) return known
    const mismatch = mismatchOf(claim, families, this.policy.tolerated)
    const score = mismatch?.byStack === true ? MEASURED[UA_MISMATCH]! : UNMEASURED
    const text =
      mismatch === undefined
        ? ""
        : (this.#parameters(UA_MISMATCH, score, [["reason", serializeString(mismatch.reason)]]) ?? "")
    if (this.#claims.size < CLAIM_TEXTS_MAX) this.#claims.set(key, text)
    return text
  }

  /** `;q=0.9;reason="..."`; undefined when the score is below the least that is reported. */
  #parameters(hint: number, score: number, parameters: ReadonlyArray<Parameter>): string | undefined {
    const reported = this.policy.score(hint, score)
    return reported === 0 ? undefined : serializeItem("", [["q", serializeDecimal(reported)], ...parameters])
  }
}
