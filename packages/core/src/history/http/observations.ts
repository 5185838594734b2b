/**
 * HTTP observations: match, score and remember a whole head of a request or response (p0f's fp_http.c: fingerprint_http,
 * score_nat).
 */
import type { HttpSignature } from "../../tcp/database/database.ts"
import { FLOW_CLIENT, FLOW_PORTS, FLOW_SERVER, FLOW_SHIFT } from "../flows/flow-record.ts"
import type { Flows } from "../flows/flows.ts"
import {
  BAD_SW_MASK,
  BAD_SW_SHIFT,
  COLD_HTTP,
  COLD_LANGUAGE,
  COLD_REQUEST_OS,
  COLD_RESPONSE,
  COLD_RESPONSE_DATE,
  COLD_RESPONSE_PORT,
  COLD_RESPONSE_SEC,
  COLD_SHIFT,
  HOST_LINK,
  HOST_OS,
  HOT_SHIFT,
  LANGUAGE_MASK,
  QUALITY_MASK,
  QUALITY_SHIFT
} from "../hosts/host-record.ts"
import type { Hosts } from "../hosts/hosts.ts"
import { HttpHead } from "./head.ts"
import { isDishonest, matchHttp } from "./match.ts"
import { putHttpSignature } from "./print.ts"
import type { HeadSink } from "./stream.ts"
import type { HttpTables } from "./tables.ts"
import { languageName, languageNumber } from "./languages.ts"
import type { NatScore } from "../sharing/nat-score.ts"
import {
  CLIENT,
  type Endpoints,
  HttpObservation,
  type ObservationLog,
  SERVER,
  type Subject
} from "../log/observation-log.ts"
import {
  REASON_DATE,
  REASON_OS_DIFF,
  REASON_SRV_SIG_LB,
  REASON_UA_VS_OS,
  REASON_VIA,
  REASON_X_KNOWN
} from "../sharing/sharing-reasons.ts"

/** p0f's HTTP_MAX_DATE_DIFF (config.h). */
const MAX_DATE_DIFF = 10

const isLetter = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)

export class Http implements HeadSink {
  log: ObservationLog | undefined = undefined
  tables: HttpTables
  requests = 0
  responses = 0
  readonly #isP0fMode: boolean
  readonly #flows: Flows
  readonly #hosts: Hosts
  readonly #nat: NatScore
  readonly #at: Endpoints
  readonly #head = new HttpHead()
  readonly #seen = new HttpObservation()

  /** `at` is filled by the observer for each packet. */
  constructor(isP0fMode: boolean, flows: Flows, hosts: Hosts, nat: NatScore, tables: HttpTables, at: Endpoints) {
    this.#isP0fMode = isP0fMode
    this.#flows = flows
    this.#hosts = hosts
    this.#nat = nat
    this.tables = tables
    this.#at = at
  }

  /** A whole head lies in `slot`. */
  head(flow: number, subject: Subject, slot: number): void {
    const words = this.#flows.hot
    const base = flow << FLOW_SHIFT
    const head = this.#head
    head.move(this.#flows.data, slot, subject)
    const isRequest = subject === CLIENT
    const side = isRequest ? this.tables.request : this.tables.response
    const needles = matchHttp(head, side.signatures)
    const match = needles?.signature
    const dishonest = needles !== undefined && isDishonest(head, needles)
    const hasLanguage = this.#hasLanguage()
    const language = hasLanguage ? this.#language() : 0
    if (isRequest) this.requests++
    else this.responses++
    const log = this.log
    if (log !== undefined) {
      const seen = this.#seen
      seen.match = match
      seen.hasLanguage = hasLanguage
      seen.language = languageName(language)
      seen.dishonest = dishonest
      seen.anonymous = head.software < 0
      seen.bytes = head.bytes
      seen.agentAt = head.software < 0 ? 0 : head.valueAt(head.software)
      seen.agentLength = head.software < 0 ? 0 : head.valueEnd(head.software) - seen.agentAt
      seen.rawLength = putHttpSignature(head, side, this.tables.names, seen.raw, 0)
      log.http(this.#at, subject, seen)
    }
    const host = words[base + (isRequest ? FLOW_CLIENT : FLOW_SERVER)]!
    const port = words[base + FLOW_PORTS]! & 0xffff
    this.#score(host, subject, match, dishonest, port)
    if (isRequest) this.#rememberRequest(host, match, dishonest, language)
    else this.#rememberResponse(host, match, dishonest, port)
  }

  #score(host: number, subject: Subject, match: HttpSignature | undefined, dishonest: boolean, port: number): void {
    const hosts = this.#hosts
    const head = this.#head
    const os = hosts.hot[(host << HOT_SHIFT) + HOST_OS]!
    const cold = host << COLD_SHIFT
    const database = this.#nat.labels.database.http
    /** As COLD_RESPONSE: 0 none, 1 there is one without a match, else index + 2. */
    let reference = 0
    if (hosts.hasCold(host)) {
      if (subject === CLIENT) {
        const stored = hosts.cold[cold + COLD_REQUEST_OS]!
        reference = stored === 0 ? 0 : stored + 1
      } else if (hosts.cold[cold + COLD_RESPONSE_PORT] === port) reference = hosts.cold[cold + COLD_RESPONSE]!
    }
    const before =
      reference < 2 ? undefined : (subject === CLIENT ? database.requests : database.responses)[reference - 2]!.label
    let score = 0
    let reasons = 0
    if (match === undefined) {
      if (subject === SERVER && before !== undefined) {
        score = 4
        reasons = REASON_X_KNOWN
      }
    } else if (match.label.classId < 0) {
      this.#nat.addToolClass(host, subject, match, this.#at)
      if (subject === SERVER && before !== undefined && before.id !== match.label.id) {
        score = before.nameId === match.label.nameId ? 2 : 8
        reasons = REASON_SRV_SIG_LB
      }
    } else {
      let major = false
      if (before !== undefined) {
        // p0f compares the name of one with the label of the other (docs/p0f-differences.md, 11).
        const same = this.#isP0fMode ? before.nameId : before.id
        if (before.nameId !== match.label.nameId) {
          score = 8
          reasons = REASON_OS_DIFF
          major = true
        } else if (same !== match.label.id) {
          score = 2
          reasons = REASON_OS_DIFF
        }
      } else if (reference === 1) {
        score = 4
        reasons = REASON_X_KNOWN
      }
      // p0f says so of an unknown OS too.
      const known = this.#nat.labels.stored(os)
      const differs = known === undefined ? this.#isP0fMode : known.nameId !== match.label.nameId
      if (!major && differs) {
        score += 4
        reasons |= REASON_OS_DIFF
      }
    }
    if (subject === CLIENT && match !== undefined && match.label.classId < 0 && head.software >= 0 && !dishonest) {
      if (this.#isUaVsOs(host, os)) {
        score += 4
        reasons |= REASON_UA_VS_OS
      }
    }
    if (head.via) {
      score += 8
      reasons |= REASON_VIA
    }
    if (subject === SERVER && reference !== 0) {
      const date = hosts.coldFloat[(cold >> 1) + COLD_RESPONSE_DATE]!
      if (head.date !== 0 && date !== 0) {
        const received = (this.#at.sec >>> 0) - (hosts.cold[cold + COLD_RESPONSE_SEC]! >>> 0)
        const said = head.date - date
        if (said < -MAX_DATE_DIFF || said > received + MAX_DATE_DIFF) {
          score += 4
          reasons |= REASON_DATE
        }
      }
    }
    this.#nat.add(host, subject, reasons, score, this.#at)
  }

  /** Returns true if the User-Agent names another system than the SYN; sets or clears bad_sw. */
  #isUaVsOs(host: number, os: number): boolean {
    const known = this.#nat.labels.stored(os)
    // p0f counts an unknown OS as another one (docs/p0f-differences.md, 9).
    if (known === undefined && !this.#isP0fMode) return false
    const nameId = known === undefined ? -1 : known.nameId
    for (const { nameId: named, needle } of this.tables.uaOs) {
      if (!this.#head.valueContains(this.#head.software, needle)) continue
      const at = this.#hosts.coldOf(host) + COLD_LANGUAGE
      const { cold } = this.#hosts
      if (named === nameId) {
        cold[at]! &= ~BAD_SW_MASK
        return false
      }
      if ((cold[at]! & BAD_SW_MASK) === 0) cold[at]! |= 1 << BAD_SW_SHIFT
      return true
    }
    return false
  }

  #rememberRequest(host: number, match: HttpSignature | undefined, dishonest: boolean, language: number): void {
    if (language !== 0) {
      const at = this.#hosts.coldOf(host) + COLD_LANGUAGE
      this.#hosts.cold[at] = (this.#hosts.cold[at]! & ~LANGUAGE_MASK) | language
    }
    if (match === undefined) return
    if (match.label.classId < 0) this.#rememberApplication(host, match, dishonest)
    else {
      this.#rememberSystem(host, match)
      this.#hosts.cold[this.#hosts.coldOf(host) + COLD_REQUEST_OS] = match.index + 1
    }
  }

  #rememberResponse(host: number, match: HttpSignature | undefined, dishonest: boolean, port: number): void {
    const hosts = this.#hosts
    const cold = hosts.coldOf(host)
    hosts.cold[cold + COLD_RESPONSE] = match === undefined ? 1 : match.index + 2
    hosts.cold[cold + COLD_RESPONSE_SEC] = this.#at.sec
    hosts.coldFloat[(cold >> 1) + COLD_RESPONSE_DATE] = this.#head.date
    hosts.cold[cold + COLD_RESPONSE_PORT] = port
    if (match === undefined) return
    if (match.label.classId < 0) this.#rememberApplication(host, match, dishonest)
    else this.#rememberSystem(host, match)
  }

  #rememberApplication(host: number, match: HttpSignature, dishonest: boolean): void {
    const base = this.#hosts.coldOf(host)
    const { cold } = this.#hosts
    cold[base + COLD_HTTP] = match.label.id + 1
    if (dishonest) cold[base + COLD_LANGUAGE] = (cold[base + COLD_LANGUAGE]! & ~BAD_SW_MASK) | (2 << BAD_SW_SHIFT)
  }

  #rememberSystem(host: number, match: HttpSignature): void {
    const hot = this.#hosts.hot
    const base = host << HOT_SHIFT
    hot[base + HOST_OS] = match.label.id + 1
    hot[base + HOST_LINK] = (hot[base + HOST_LINK]! & ~QUALITY_MASK) | ((match.label.generic ? 2 : 0) << QUALITY_SHIFT)
  }

  /** The Accept-Language begins with exactly two letters. */
  #hasLanguage(): boolean {
    const head = this.#head
    if (head.language < 0) return false
    const at = head.valueAt(head.language)
    const length = head.valueEnd(head.language) - at
    if (length < 2 || !isLetter(head.bytes[at]!) || !isLetter(head.bytes[at + 1]!)) return false
    return length === 2 || !isLetter(head.bytes[at + 2]!)
  }

  #language(): number {
    const at = this.#head.valueAt(this.#head.language)
    return languageNumber(this.#head.bytes[at]!, this.#head.bytes[at + 1]!)
  }
}
