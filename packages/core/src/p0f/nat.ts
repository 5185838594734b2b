/**
 * NAT: p0f's scores for what two SYNs of one address would not both have if one system had sent them (process.c: add_nat_score,
 * verify_tool_class; fp_tcp.c: score_nat), to the byte. Modern mode has sharing.ts.
 *
 * A board is p0f's FIFO of the last 32 scores of a host in one role. Only four counts of it are ever used, so it is four words
 * with a bit per score: >= 6, >= 3, >= 2, >= 1.
 */
import type { Registered } from "../tcp/database/database.ts"
import {
  BITS_DIST,
  BITS_FUZZY,
  BITS_RANDOM_TTL,
  FACT_BITS,
  FACT_LABEL,
  FACT_LAYOUT,
  FACT_LINE,
  FACT_NAME
} from "../tcp/matching/fingerprint-facts.ts"
import type { Packet } from "../packet/packet.ts"
import { QUIRK_DF, QUIRK_ECN, QUIRK_NZ_ID, QUIRK_ZERO_ID } from "../packet/quirks.ts"
import {
  COLD_CLIENT_BOARD,
  COLD_LAST_CHG,
  COLD_LAST_NAT,
  COLD_REASONS,
  COLD_SERVER_BOARD,
  COLD_SHIFT,
  COLD_SYNACK_MATCH,
  COLD_SYNACK_MS,
  COLD_SYNACK_MSS,
  COLD_SYNACK_STATE,
  COLD_SYNACK_TS1,
  HOST_OS,
  HOST_STATE,
  HOST_SYN_LAYOUT,
  HOST_SYN_MATCH,
  HOST_SYN_MS,
  HOST_SYN_MSS,
  HOST_SYN_TS1,
  HOT_SHIFT,
  STATE_FUZZY,
  STATE_HAS,
  STATE_QUIRKS,
  STATE_TTL_SHIFT
} from "../history/hosts/host-record.ts"
import type { Hosts } from "../history/hosts/hosts.ts"
import type { Labels } from "../history/hosts/label-table.ts"
import { NatReport } from "../history/log/nat-report.ts"
import type { NatScore } from "../history/sharing/nat-score.ts"
import { CLIENT, type Endpoints, type ObservationLog, SERVER, type Subject } from "../history/log/observation-log.ts"
import {
  REASON_APP_VS_OS,
  REASON_FUZZY,
  REASON_MTU,
  REASON_OS_DIFF,
  REASON_PORT,
  REASON_SIG_DIFF,
  REASON_TSTAMP,
  REASON_TTL,
  REASON_X_KNOWN
} from "../history/sharing/sharing-reasons.ts"
import { StoredSyn } from "./stored-syn.ts"

/** Quirks that a path or a kernel may change from SYN to SYN. */
const UNSTEADY = QUIRK_ECN | QUIRK_DF | QUIRK_NZ_ID | QUIRK_ZERO_ID
const MIN_PORT_DROP = 64
const NEAR_TTL_LIMIT = 9
const LOCAL_TTL_LIMIT = 5
const SMALL_TTL_CHG = 2
const MAX_NAT_TS = 86_400_000
const TSTAMP_GRACE = 100
const MAX_TSCALE = 1500
const U32 = 0x1_0000_0000
const SCORE_WORDS = 4
/** Score of two systems with different names. */
const OTHER_NAME = 8

const ones = (word: number): number => {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

export class Nat implements NatScore {
  log: ObservationLog | undefined = undefined
  labels: Labels
  hostChanges = 0
  ipSharings = 0
  readonly #hosts: Hosts
  readonly #report = new NatReport()
  /** Reused for each SYN or SYN+ACK: the one on file, and the score against it with its reasons so far. */
  readonly #stored = new StoredSyn()
  #score = 0
  #reasons = 0

  constructor(hosts: Hosts, labels: Labels) {
    this.#hosts = hosts
    this.labels = labels
  }

  /** p0f's add_nat_score: notes a score, zero too, and reports when enough have come together. */
  add(host: number, subject: Subject, reasons: number, score: number, at: Endpoints): void {
    const hosts = this.#hosts
    if (score === 0 && reasons === 0 && !hosts.hasCold(host)) return
    const base = hosts.coldOf(host)
    const { cold } = hosts
    const first = base + (subject === CLIENT ? COLD_CLIENT_BOARD : COLD_SERVER_BOARD)
    cold[base + COLD_REASONS]! |= reasons
    cold[first] = (cold[first]! << 1) | (score >= 6 ? 1 : 0)
    cold[first + 1] = (cold[first + 1]! << 1) | (score >= 3 ? 1 : 0)
    cold[first + 2] = (cold[first + 2]! << 1) | (score >= 2 ? 1 : 0)
    cold[first + 3] = (cold[first + 3]! << 1) | (score >= 1 ? 1 : 0)
    if (score === 0) return
    const report = this.#report
    report.atLeast6 = ones(cold[first]!)
    report.atLeast3 = ones(cold[first + 1]!)
    report.atLeast2 = ones(cold[first + 2]!)
    report.atLeast1 = ones(cold[first + 3]!)
    if (report.atLeast6 > 2 || report.atLeast3 > 4 || report.atLeast2 > 6 || report.atLeast1 > 8) {
      this.ipSharings++
      report.reasons = cold[base + COLD_REASONS]!
      this.log?.ipSharing(at, subject, report)
      cold[base + COLD_LAST_NAT] = at.sec
      cold.fill(0, first, first + SCORE_WORDS)
      cold[base + COLD_REASONS] = 0
    } else if (score > 1) {
      this.hostChanges++
      report.reasons = reasons
      this.log?.hostChange(at, subject, report)
      cold[base + COLD_LAST_CHG] = at.sec
    }
  }

  /** p0f's verify_tool_class: an application that should not run on the system on file. */
  addToolClass(host: number, subject: Subject, match: Registered, at: Endpoints): void {
    const os = this.labels.stored(this.#hosts.hot[(host << HOT_SHIFT) + HOST_OS]!)
    if (os === undefined) return
    for (const sys of match.sys) {
      if (sys.id === (sys.isClass ? os.classId : os.nameId)) {
        this.add(host, subject, 0, 0, at)
        return
      }
    }
    this.add(host, subject, REASON_APP_VS_OS, 4, at)
  }

  /** p0f's score_nat for the SYN of a client; then its port becomes the one on file. */
  addSyn(host: number, packet: Packet, facts: Int32Array, of: number, ms: number, at: Endpoints): boolean {
    const hosts = this.#hosts
    const { hot } = hosts
    const base = host << HOT_SHIFT
    const state = hot[base + HOST_STATE]!
    const line = facts[of + FACT_LINE]!
    const bits = facts[of + FACT_BITS]!
    if ((state & STATE_HAS) === 0) this.#addFirst(host, CLIENT, facts, of, at)
    else {
      const other = hot[base + HOST_SYN_MATCH]!
      let score = 0
      let reasons = 0
      if (line === 0 || other === 0) {
        if (((packet.quirks ^ state) & STATE_QUIRKS & ~UNSTEADY) !== 0) {
          score = 2
          reasons = REASON_SIG_DIFF
        } else if (hot[base + HOST_SYN_LAYOUT] !== facts[of + FACT_LAYOUT]) {
          score = 1
          reasons = REASON_SIG_DIFF
        }
        if (line !== other) {
          score++
          reasons |= REASON_X_KNOWN
        }
      } else if (line !== other) {
        const label = this.labels.database.requests[other - 1]!.label
        reasons = REASON_OS_DIFF
        if (label.nameId !== facts[of + FACT_NAME]) score = OTHER_NAME
        else score = label.id + 1 === facts[of + FACT_LABEL] ? 1 : 2
      } else if (((bits & BITS_FUZZY) !== 0) !== ((state & STATE_FUZZY) !== 0)) {
        score = 1
        reasons = REASON_FUZZY
      }
      const mssPort = hot[base + HOST_SYN_MSS]!
      const port = mssPort >>> 16
      if (port !== 0 && packet.sport < port && port - packet.sport >= MIN_PORT_DROP) {
        score++
        reasons |= REASON_PORT
      }
      const stored = this.#stored
      stored.ttl = (state >> STATE_TTL_SHIFT) & 255
      stored.badTtl = other !== 0 && this.labels.database.requests[other - 1]!.signature.badTtl
      stored.mss = mssPort & 0xffff
      stored.ts1 = hot[base + HOST_SYN_TS1]!
      stored.msSince = ms - hosts.hotFloat[(base >> 1) + HOST_SYN_MS]!
      this.#score = score
      this.#reasons = reasons
      this.#addCommon(host, packet, facts, of)
      this.add(host, CLIENT, this.#reasons, this.#score, at)
    }
    this.#setPort(host, packet.sport)
    return true
  }

  /** Scores the SYN+ACK of a server, which has less to compare. */
  addSynAck(host: number, packet: Packet, facts: Int32Array, of: number, ms: number, at: Endpoints): boolean {
    const hosts = this.#hosts
    const { cold } = hosts
    const line = facts[of + FACT_LINE]!
    const base = host << COLD_SHIFT
    const state = hosts.hasCold(host) ? cold[base + COLD_SYNACK_STATE]! : 0
    if ((state & STATE_HAS) === 0) this.#addFirst(host, SERVER, facts, of, at)
    else {
      const other = cold[base + COLD_SYNACK_MATCH]!
      let score = 0
      let reasons = 0
      if (line === 0 || other === 0) {
        if (((packet.quirks ^ state) & STATE_QUIRKS & ~UNSTEADY) !== 0) {
          score = 2
          reasons = REASON_SIG_DIFF
        }
      } else if (line !== other && this.labels.database.responses[other - 1]!.label.nameId !== facts[of + FACT_NAME]) {
        score = OTHER_NAME
        reasons = REASON_OS_DIFF
      }
      const stored = this.#stored
      stored.ttl = (state >> STATE_TTL_SHIFT) & 255
      stored.badTtl = other !== 0 && this.labels.database.responses[other - 1]!.signature.badTtl
      stored.mss = cold[base + COLD_SYNACK_MSS]!
      stored.ts1 = cold[base + COLD_SYNACK_TS1]!
      stored.msSince = ms - hosts.coldFloat[(base >> 1) + COLD_SYNACK_MS]!
      this.#score = score
      this.#reasons = reasons
      this.#addCommon(host, packet, facts, of)
      this.add(host, SERVER, this.#reasons, this.#score, at)
    }
    // p0f notes the client's port with the server too (docs/p0f-differences.md, 11).
    this.#setPort(host, packet.dport)
    return true
  }

  /** Adds to `#score` and `#reasons` the part that SYN and SYN+ACK share: system, TTL, MSS and timestamps against `#stored`. */
  #addCommon(host: number, packet: Packet, facts: Int32Array, of: number): void {
    const stored = this.#stored
    let score = this.#score
    let reasons = this.#reasons
    // p0f's `major`; without another name a score is 4 at most by now.
    let major = score >= OTHER_NAME
    if (!major && this.#isOther(this.#hosts.hot[(host << HOT_SHIFT) + HOST_OS]!, facts, of)) {
      score += OTHER_NAME
      reasons |= REASON_OS_DIFF
      major = true
    }
    const t = packet.ttl - stored.ttl
    if (t !== 0 && !major) {
      const s = this.#ttl(t, facts[of + FACT_BITS]!)
      if (s !== 0) {
        score += s
        reasons |= REASON_TTL
      }
    }
    if (packet.mss !== stored.mss) {
      score++
      reasons |= REASON_MTU
    }
    if (score > 0) {
      score = this.#timestamps(score, packet.ts1)
      if (score < 0) {
        score = -score
        reasons |= REASON_TSTAMP
      }
    }
    this.#score = score
    this.#reasons = reasons
  }

  /** Returns true if a host with a known system runs another one now. */
  #isOther(os: number, facts: Int32Array, of: number): boolean {
    if (os === 0 || facts[of + FACT_LINE] === 0) return false
    const known = this.labels.nameIds[os]!
    return known >= 0 && known !== facts[of + FACT_NAME]
  }

  #addFirst(host: number, subject: Subject, facts: Int32Array, of: number, at: Endpoints): void {
    const os = this.#hosts.hot[(host << HOT_SHIFT) + HOST_OS]!
    if (os === 0 && !this.#hosts.hasCold(host)) return
    if (this.#isOther(os, facts, of)) this.add(host, subject, REASON_OS_DIFF, OTHER_NAME, at)
    else this.add(host, subject, 0, 0, at)
  }

  #ttl(t: number, bits: number): number {
    if ((bits & BITS_RANDOM_TTL) !== 0 || this.#stored.badTtl) return 0
    const dist = bits & BITS_DIST
    // The signed difference: a drop of a far host is overlooked (docs/p0f-differences.md, 11).
    if (dist > NEAR_TTL_LIMIT && t <= 1) return 0
    return dist > LOCAL_TTL_LIMIT && Math.abs(t) <= SMALL_TTL_CHG ? 1 : 4
  }

  /** Half the score when the timestamps go on, four more when they do not: then the result is negative. */
  #timestamps(score: number, ts1: number): number {
    const { ts1: before, msSince } = this.#stored
    if (ts1 === 0 || before === 0) return score
    // A u64 difference: negative is huge.
    if (msSince < 0 || msSince >= MAX_NAT_TS) return score
    const most = Math.trunc((Math.max(msSince, TSTAMP_GRACE) * MAX_TSCALE) / 1000)
    const d = (ts1 - before) >>> 0
    if (d > most && (msSince >= TSTAMP_GRACE || U32 - 1 - d > most)) return -(score + 4)
    return score >> 1
  }

  #setPort(host: number, port: number): void {
    const { hot } = this.#hosts
    const at = (host << HOT_SHIFT) + HOST_SYN_MSS
    hot[at] = (hot[at]! & 0xffff) | (port << 16)
  }
}
