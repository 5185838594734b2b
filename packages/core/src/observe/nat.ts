/**
 * NAT and sharing: scores for what two SYNs of one address would not both have if one system had sent them (p0f's process.c:
 * add_nat_score, verify_tool_class; fp_tcp.c: score_nat; specs p0f.md §7).
 *
 * A board is p0f's FIFO of the last 32 scores of a host in one role. Only four counts of it are ever used, so it is four words
 * with a bit per score: >= 6, >= 3, >= 2, >= 1.
 */
import type { Label, Registered, TcpSignature } from "../fingerprint/database.ts"
import type { Shape } from "../fingerprint/shape.ts"
import type { Packet } from "../packet/packet.ts"
import { QUIRK_DF, QUIRK_ECN, QUIRK_FLOW, QUIRK_NZ_ID, QUIRK_ZERO_ID } from "../packet/quirks.ts"
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
  HOST_LINK,
  HOST_OS,
  HOST_STATE,
  HOST_SYN_LAYOUT,
  HOST_SYN_MATCH,
  HOST_SYN_MS,
  HOST_SYN_MSS,
  HOST_SYN_TS1,
  HOT_SHIFT,
  QUALITY_MASK,
  QUALITY_SHIFT,
  STATE_FUZZY,
  STATE_HAS,
  STATE_QUIRKS,
  STATE_TTL_SHIFT
} from "./host-record.ts"
import type { Hosts } from "./hosts.ts"
import type { Labels } from "./labels.ts"
import { CLIENT, type Endpoints, type ObservationLog, type Subject } from "./observation-log.ts"
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
} from "./reasons.ts"

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

const ones = (word: number): number => {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

export class Nat {
  log: ObservationLog | undefined = undefined
  labels: Labels
  hostChanges = 0
  ipSharings = 0
  readonly #exact: boolean
  readonly #hosts: Hosts
  readonly #unsteady: number

  constructor(exact: boolean, hosts: Hosts, labels: Labels) {
    this.#exact = exact
    this.#hosts = hosts
    this.labels = labels
    // A flow label is chosen per connection and may be 0 by chance.
    this.#unsteady = exact ? UNSTEADY : UNSTEADY | QUIRK_FLOW
  }

  /** p0f's add_nat_score: notes a score, zero too, and tells when enough have come together. */
  add(host: number, subject: Subject, reasons: number, score: number, at: Endpoints): void {
    const hosts = this.#hosts
    if (score === 0 && reasons === 0 && !hosts.hasCold(host)) return
    const base = hosts.coldOf(host)
    const { cold } = hosts
    const first = base + (subject === CLIENT ? COLD_CLIENT_BOARD : COLD_SERVER_BOARD)
    // Differs from p0f (Appendix C 11): what left the boards is no reason any more.
    if (!this.#exact && cold[base + COLD_CLIENT_BOARD + 3] === 0 && cold[base + COLD_SERVER_BOARD + 3] === 0)
      cold[base + COLD_REASONS] = 0
    cold[base + COLD_REASONS]! |= reasons
    cold[first] = (cold[first]! << 1) | (score >= 6 ? 1 : 0)
    cold[first + 1] = (cold[first + 1]! << 1) | (score >= 3 ? 1 : 0)
    cold[first + 2] = (cold[first + 2]! << 1) | (score >= 2 ? 1 : 0)
    cold[first + 3] = (cold[first + 3]! << 1) | (score >= 1 ? 1 : 0)
    if (score === 0) return
    const a = ones(cold[first]!)
    const b = ones(cold[first + 1]!)
    const c = ones(cold[first + 2]!)
    const d = ones(cold[first + 3]!)
    if (a > 2 || b > 4 || c > 6 || d > 8) {
      this.ipSharings++
      this.log?.ipSharing(at, subject, cold[base + COLD_REASONS]!, a, b, c, d)
      cold[base + COLD_LAST_NAT] = at.sec
      cold.fill(0, first, first + SCORE_WORDS)
      cold[base + COLD_REASONS] = 0
    } else if (score > 1) {
      this.hostChanges++
      this.log?.hostChange(at, subject, reasons, a, b, c, d)
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

  /** p0f's score_nat for the SYN of a client; then its OS and port become those on file. */
  addSyn(host: number, packet: Packet, shape: Shape, layout: number, ms: number, at: Endpoints): void {
    const hosts = this.#hosts
    const hot = hosts.hot
    const base = host << HOT_SHIFT
    const state = hot[base + HOST_STATE]!
    const match = shape.match
    if ((state & STATE_HAS) === 0) this.#addFirst(host, 0, match, at)
    else {
      const other = hot[base + HOST_SYN_MATCH]!
      let score = 0
      let reasons = 0
      let major = false
      if (match === undefined || other === 0) {
        if (((packet.quirks ^ state) & STATE_QUIRKS & ~this.#unsteady) !== 0) {
          score = 2
          reasons = REASON_SIG_DIFF
        } else if (hot[base + HOST_SYN_LAYOUT] !== layout) {
          score = 1
          reasons = REASON_SIG_DIFF
        }
        if ((match === undefined ? 0 : match.index + 1) !== other) {
          score++
          reasons |= REASON_X_KNOWN
        }
      } else if (match.index + 1 !== other) {
        const label = this.labels.database.requests[other - 1]!.label
        reasons = REASON_OS_DIFF
        if (label.nameId !== match.label.nameId) {
          score = 8
          major = true
        } else score = label.id === match.label.id ? 1 : 2
      } else if (shape.fuzzy !== ((state & STATE_FUZZY) !== 0)) {
        score = 1
        reasons = REASON_FUZZY
      }
      if (!major && match !== undefined && this.#isOther(hot[base + HOST_OS]!, match)) {
        score += 8
        reasons |= REASON_OS_DIFF
        major = true
      }
      const t = packet.ttl - ((state >> STATE_TTL_SHIFT) & 255)
      if (t !== 0 && !major) {
        const s = this.#ttl(t, shape, other === 0 ? undefined : this.labels.database.requests[other - 1])
        if (s !== 0) {
          score += s
          reasons |= REASON_TTL
        }
      }
      const mssPort = hot[base + HOST_SYN_MSS]!
      // Differs from p0f (Appendix C 12): kernels choose source ports at random.
      if (this.#exact) {
        const port = mssPort >>> 16
        if (port !== 0 && packet.sport < port && port - packet.sport >= MIN_PORT_DROP) {
          score++
          reasons |= REASON_PORT
        }
      }
      if (packet.mss !== (mssPort & 0xffff)) {
        score++
        reasons |= REASON_MTU
      }
      // Differs from p0f (Appendix C 12): kernels choose the base of timestamps at random for each connection.
      if (this.#exact && score > 0) {
        score = this.#timestamps(
          score,
          packet.ts1,
          hot[base + HOST_SYN_TS1]!,
          ms - hosts.hotFloat[(base >> 1) + HOST_SYN_MS]!
        )
        if (score < 0) {
          score = -score
          reasons |= REASON_TSTAMP
        }
      }
      this.add(host, CLIENT, reasons, score, at)
    }
    this.#finish(host, match, shape, packet.sport)
  }

  /** The same for the SYN+ACK of a server, with less to compare. */
  addSynAck(host: number, packet: Packet, shape: Shape, ms: number, at: Endpoints): void {
    const hosts = this.#hosts
    const cold = hosts.cold
    const match = shape.match
    const base = host << COLD_SHIFT
    const state = hosts.hasCold(host) ? cold[base + COLD_SYNACK_STATE]! : 0
    if ((state & STATE_HAS) === 0) this.#addFirst(host, 1, match, at)
    else {
      const other = cold[base + COLD_SYNACK_MATCH]!
      let score = 0
      let reasons = 0
      let major = false
      if (match === undefined || other === 0) {
        if (((packet.quirks ^ state) & STATE_QUIRKS & ~this.#unsteady) !== 0) {
          score = 2
          reasons = REASON_SIG_DIFF
        }
      } else if (
        match.index + 1 !== other &&
        this.labels.database.responses[other - 1]!.label.nameId !== match.label.nameId
      ) {
        score = 8
        reasons = REASON_OS_DIFF
        major = true
      }
      if (!major && match !== undefined && this.#isOther(hosts.hot[(host << HOT_SHIFT) + HOST_OS]!, match)) {
        score += 8
        reasons |= REASON_OS_DIFF
        major = true
      }
      const t = packet.ttl - ((state >> STATE_TTL_SHIFT) & 255)
      if (t !== 0 && !major) {
        const s = this.#ttl(t, shape, other === 0 ? undefined : this.labels.database.responses[other - 1])
        if (s !== 0) {
          score += s
          reasons |= REASON_TTL
        }
      }
      if (packet.mss !== cold[base + COLD_SYNACK_MSS]) {
        score++
        reasons |= REASON_MTU
      }
      if (this.#exact && score > 0) {
        score = this.#timestamps(
          score,
          packet.ts1,
          cold[base + COLD_SYNACK_TS1]!,
          ms - hosts.coldFloat[(base >> 1) + COLD_SYNACK_MS]!
        )
        if (score < 0) {
          score = -score
          reasons |= REASON_TSTAMP
        }
      }
      this.add(host, 1, reasons, score, at)
    }
    // p0f notes the client's port with the server too (Appendix C 11).
    this.#finish(host, match, shape, this.#exact ? packet.dport : 0)
  }

  /** Whether a host known to run something runs something else now. */
  #isOther(os: number, match: TcpSignature): boolean {
    if (os === 0) return false
    const label: Label | undefined = this.labels.stored(os)
    return label !== undefined && label.nameId !== match.label.nameId
  }

  #addFirst(host: number, subject: Subject, match: TcpSignature | undefined, at: Endpoints): void {
    if (match !== undefined && this.#isOther(this.#hosts.hot[(host << HOT_SHIFT) + HOST_OS]!, match))
      this.add(host, subject, REASON_OS_DIFF, 8, at)
    else this.add(host, subject, 0, 0, at)
  }

  #ttl(t: number, shape: Shape, other: TcpSignature | undefined): number {
    if (shape.randomTtl || (other !== undefined && other.signature.badTtl)) return 0
    // Differs from p0f (Appendix C 11), which takes the signed difference and so overlooks a drop on far hosts.
    const far = this.#exact ? t : Math.abs(t)
    if (shape.dist > NEAR_TTL_LIMIT && far <= 1) return 0
    return shape.dist > LOCAL_TTL_LIMIT && Math.abs(t) <= SMALL_TTL_CHG ? 1 : 4
  }

  /** Half the score when the timestamps go on, four more when they do not: then the result is negative. */
  #timestamps(score: number, ts1: number, before: number, msSince: number): number {
    if (ts1 === 0 || before === 0) return score
    // A u64 difference: negative is huge.
    if (msSince < 0 || msSince >= MAX_NAT_TS) return score
    const most = Math.trunc((Math.max(msSince, TSTAMP_GRACE) * MAX_TSCALE) / 1000)
    const d = (ts1 - before) >>> 0
    if (d > most && (msSince >= TSTAMP_GRACE || U32 - 1 - d > most)) return -(score + 4)
    return score >> 1
  }

  #finish(host: number, match: TcpSignature | undefined, shape: Shape, port: number): void {
    const hot = this.#hosts.hot
    const base = host << HOT_SHIFT
    if (match !== undefined) {
      hot[base + HOST_OS] = match.label.id + 1
      hot[base + HOST_LINK] = (hot[base + HOST_LINK]! & ~QUALITY_MASK) | (shape.osMatchQ << QUALITY_SHIFT)
    }
    const at = base + HOST_SYN_MSS
    hot[at] = (hot[at]! & 0xffff) | (port << 16)
  }
}
