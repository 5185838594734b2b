/**
 * FingerprintRecord: one computed fingerprint. It holds its key and its match; texts are made when first asked for, since most fingerprints of a
 * flood are never printed (an eager log suffix would take as long as the match itself).
 *
 * Log texts: p0f.c: add_observation_field, fp_tcp.c: fingerprint_tcp, dump_flags; fp_mtu.c.
 */
import { maxBytes, putDecimal, putText } from "../../bytes/ascii.ts"
import { hashWord } from "../../bytes/hash.ts"
import type { TcpSignature } from "../database/database.ts"
import { MAX_DIST } from "../signature/distance.ts"
import { type DistanceReason, distanceReason } from "../path/distance-reason.ts"
import { type LinkCandidate, type LinkTable, printCandidates } from "../path/link-table.ts"
import type { MtuOrigin } from "../path/mtu-origin.ts"
import { type Path, readPath } from "../path/path.ts"
import { printKey, putRawSignature, RAW_SIGNATURE_MAX, SENDSYN_MSS, SENDSYN_WIN } from "../signature/raw-signature.ts"
import {
  KEY_WORDS,
  keyDirection,
  keyIsIpv6,
  keyLayoutLength,
  keyMss,
  keyQuirks,
  keyScale,
  keyTos,
  keyTtl,
  keyWin
} from "./fingerprint-key.ts"
import { type TcpFingerprint } from "./fingerprint.ts"
import { type Direction, REQUEST } from "../direction.ts"

const NOTHING = new Uint8Array(0)
const HEX = "0123456789abcdef"

const key = new Int32Array(KEY_WORDS)
/** Grows with the longest title. */
let scratch = new Uint8Array(1024)

export class FingerprintRecord implements TcpFingerprint {
  readonly match: TcpSignature | undefined
  readonly fuzzy: boolean
  readonly dist: number
  encoded: Uint8Array | undefined = undefined
  encodedBy: object | undefined = undefined
  hinted: object | undefined = undefined
  readonly #links: LinkTable
  #path: Path | undefined = undefined
  // The key, as ten fields: a typed array each would cost more than the record.
  readonly #k0: number
  readonly #k1: number
  readonly #k2: number
  readonly #k3: number
  readonly #k4: number
  readonly #k5: number
  readonly #k6: number
  readonly #k7: number
  readonly #k8: number
  readonly #k9: number
  #raw: string | undefined = undefined
  #log: Uint8Array | undefined = undefined
  #sendsynLog: Uint8Array | undefined = undefined
  #mtuLog: Uint8Array | undefined = undefined

  constructor(
    of: Int32Array,
    at: number,
    match: TcpSignature | undefined,
    fuzzy: boolean,
    dist: number,
    links: LinkTable
  ) {
    this.#k0 = of[at]!
    this.#k1 = of[at + 1]!
    this.#k2 = of[at + 2]!
    this.#k3 = of[at + 3]!
    this.#k4 = of[at + 4]!
    this.#k5 = of[at + 5]!
    this.#k6 = of[at + 6]!
    this.#k7 = of[at + 7]!
    this.#k8 = of[at + 8]!
    this.#k9 = of[at + 9]!
    this.match = match
    this.fuzzy = fuzzy
    this.dist = dist
    this.#links = links
  }

  get direction(): Direction {
    return keyDirection(this.#k0)
  }
  get ver(): 4 | 6 {
    return keyIsIpv6(this.#k0) ? 6 : 4
  }
  get ttl(): number {
    return keyTtl(this.#k0)
  }
  get tos(): number {
    return keyTos(this.#k0)
  }
  get mss(): number {
    return keyMss(this.#k1)
  }
  get win(): number {
    return keyWin(this.#k1)
  }
  get wscale(): number {
    return keyScale(this.#k2)
  }
  get quirks(): number {
    return keyQuirks(this.#k2)
  }
  get userland(): boolean {
    return this.match !== undefined && this.match.label.classId === -1
  }
  get randomTtl(): boolean {
    return this.match !== undefined && this.match.signature.badTtl
  }
  get sendsyn(): boolean {
    return this.win === SENDSYN_WIN && this.mss === SENDSYN_MSS && this.direction === REQUEST
  }
  get os(): string | undefined {
    return this.match === undefined ? undefined : this.match.title
  }
  get osMatchQ(): number {
    if (this.match === undefined) return 0
    return (this.fuzzy ? 1 : 0) | (this.match.label.generic ? 2 : 0)
  }
  get linkMtu(): number {
    const mss = this.mss
    return mss === 0 ? 0 : mss + (this.ver === 6 ? 60 : 40)
  }
  get layoutHash(): number {
    // The length is spread first: next to the words as it is, [mss, eol] and [] would be equal.
    let hash = Math.imul(keyLayoutLength(this.#k0) + 1, 0x85ebca6b)
    hash = hashWord(hash, this.#k4)
    hash = hashWord(hash, this.#k5)
    hash = hashWord(hash, this.#k6)
    hash = hashWord(hash, this.#k7)
    hash = hashWord(hash, this.#k8)
    hash = hashWord(hash, this.#k9)
    return hash ^ (hash >>> 15)
  }
  get namedMtu(): number {
    const mtu = this.linkMtu
    return this.#links.nameOf(mtu) === undefined ? 0 : mtu
  }
  get mtuOrigin(): MtuOrigin | undefined {
    return this.#readPath().origin
  }
  get interfaceMss(): number {
    return this.#readPath().interfaceMss
  }
  get link(): string | undefined {
    return this.#readPath().link
  }
  get candidates(): ReadonlyArray<LinkCandidate> {
    return this.#readPath().candidates
  }
  get linkCandidates(): string | undefined {
    return printCandidates(this.#readPath().candidates)
  }
  get distReason(): DistanceReason | undefined {
    return this.#links.mode === "p0f" ? undefined : distanceReason(this)
  }

  get rawSignature(): string {
    if (this.#raw === undefined) {
      this.#loadKey()
      this.#raw = printKey(key, 0)
    }
    return this.#raw
  }
  get logSuffix(): Uint8Array {
    return (this.#log ??= this.#printLog(this.sendsyn))
  }
  get sendsynLogSuffix(): Uint8Array {
    return (this.#sendsynLog ??= this.#printLog(true))
  }
  get mtuLogSuffix(): Uint8Array {
    return (this.#mtuLog ??= this.#printMtuLog())
  }

  #readPath(): Path {
    if (this.#path === undefined) {
      this.#loadKey()
      this.#path = readPath(key, 0, this.match, this.#links)
    }
    return this.#path
  }

  #loadKey(): void {
    key[0] = this.#k0
    key[1] = this.#k1
    key[2] = this.#k2
    key[3] = this.#k3
    key[4] = this.#k4
    key[5] = this.#k5
    key[6] = this.#k6
    key[7] = this.#k7
    key[8] = this.#k8
    key[9] = this.#k9
  }

  #printLog(sendsyn: boolean): Uint8Array {
    const title = this.match === undefined ? "???" : this.match.title
    const room = maxBytes(title) + RAW_SIGNATURE_MAX + 128
    if (scratch.length < room) scratch = new Uint8Array(room)
    const out = scratch
    let end = putText(this.match !== undefined && (sendsyn || this.userland) ? "|app=" : "|os=", out, 0)
    end = putText(title, out, end)
    end = putText(this.randomTtl ? "|dist=<= " : "|dist=", out, end)
    end = putDecimal(this.dist, out, end)
    end = putText("|params=", out, end)
    const params = end
    if (this.match !== undefined) {
      if (this.match.label.generic) end = putText("generic ", out, end)
      if (this.fuzzy) end = putText("fuzzy ", out, end)
      if (this.randomTtl) end = putText("random_ttl ", out, end)
    }
    if (this.dist > MAX_DIST) end = putText("excess_dist ", out, end)
    const tos = this.tos
    if (tos !== 0) {
      end = putText("tos:0x", out, end)
      out[end++] = HEX.charCodeAt(tos >> 4)
      out[end++] = HEX.charCodeAt(tos & 15)
      out[end++] = 0x20
    }
    end = end === params ? putText("none", out, end) : end - 1
    end = putText("|raw_sig=", out, end)
    this.#loadKey()
    end = putRawSignature(key, 0, out, end)
    return out.slice(0, end)
  }

  #printMtuLog(): Uint8Array {
    if (this.mss === 0) return NOTHING
    const name = this.link ?? "???"
    const room = maxBytes(name) + 32
    if (scratch.length < room) scratch = new Uint8Array(room)
    let end = putText("|link=", scratch, 0)
    end = putText(name, scratch, end)
    end = putText("|raw_mtu=", scratch, end)
    return scratch.slice(0, putDecimal(this.linkMtu, scratch, end))
  }
}
