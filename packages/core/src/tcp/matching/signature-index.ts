/**
 * Signature index: answers what a walk over all database lines in order would answer (fp_tcp.c: tcp_find_match), but looks only
 * at the lines that agree with the packet in direction, version, option layout, padding, IP options and window scale.
 *
 * A list per such combination holds its lines as rows of one Int32Array in the order in which they win: the later file first,
 * within a file the first line. A line with scale `*` is in the list of every scale that its combination knows, and in a list for
 * all other scales, so that one walk keeps the order. Lines with olen `*` are likewise in the lists of every olen that their layout
 * knows, of 0, and in one for all others.
 *
 *  row: quirks | ittl | badTtl:1 generic:1 userland:1 optional quirks:18 | mss | pclass | winType | win | position in the section
 *
 * Differs from p0f in modern mode: `4:` and `6:` are enforced, flow labels are ignored, a `*` line forgives IPv6 what only IPv4
 * can show, `0+` included, and a userland line that matches fuzzily leaves the guessed distance.
 */
import { hashWord } from "../../bytes/hash.ts"
import { QUIRK_DF, QUIRK_ECN, QUIRK_FLOW, QUIRK_NZ_ID, QUIRK_ZERO_ID, QUIRKS_IPV4 } from "../../packet/quirks.ts"
import { clampedInterfaceMss } from "../path/interface-mss.ts"
import type { Database, TcpSignature } from "../database/database.ts"
import { guessDistance, MAX_DIST } from "../signature/distance.ts"
import { keyMultiplier } from "../signature/raw-signature.ts"
import {
  keyDirection,
  keyHasTimestamp,
  keyMss,
  keyPad,
  keyPclass,
  keyQuirks,
  keyScale,
  keySeqIsDestination,
  keyTtl,
  keyWin
} from "./fingerprint-key.ts"
import { type Direction, REQUEST, RESPONSE } from "../direction.ts"
import {
  largestMssMultiple,
  QUIRK_SEQ_DST,
  roundToScale,
  type Signature,
  WIN_ANY,
  WIN_MOD,
  WIN_MSS_CLAMPED,
  WIN_MSS_MAX,
  WIN_MSS_SCALE,
  WIN_MTU,
  WIN_NORMAL,
  windowUnit
} from "../signature/signature.ts"
import { type Mode } from "../mode.ts"

const ROW = 8
const BAD_TTL = 1
const GENERIC = 2
const USERLAND = 4
const OPTIONAL_SHIFT = 3
/** Quirks whose absence a fuzzy match tolerates. */
const MAY_MISS = QUIRK_DF | QUIRK_NZ_ID
/** Quirks whose appearance a fuzzy match tolerates. */
const MAY_APPEAR = QUIRK_ZERO_ID | QUIRK_ECN

/** Quirks that a line expects of a packet of version `ver`. */
export function expectedQuirks(signature: Signature, ver: 4 | 6, mode: Mode): number {
  let ignored = mode === "modern" ? QUIRK_FLOW : 0
  if (signature.ver === -1) {
    if (ver === 4) ignored |= QUIRK_FLOW
    else ignored |= mode === "modern" ? QUIRKS_IPV4 | QUIRK_SEQ_DST : QUIRK_DF | QUIRK_NZ_ID | QUIRK_ZERO_ID
  }
  return signature.quirks & ~ignored
}

/** Result of `find`: position of the line in its section (-1: none), whether the match is fuzzy, distance. Reused by every call. */
export interface Found {
  index: number
  fuzzy: boolean
  dist: number
}

interface Combination {
  readonly direction: Direction
  readonly ver: 4 | 6
  readonly olen: number
  readonly sample: Signature
  readonly lines: Array<TcpSignature>
}

/** Words of a list's identity: word 0 of a fingerprint key without what may differ, scale and pad, option kinds. */
const ID = 8
/** Scale of the list for scales that no line of the combination names. */
const OTHER = 256
/** Olen of the lists for IP options that no line of a layout names; a packet has at most 40. */
const OTHER_OLEN = 255
const OLEN_SHIFT = 23
/** ver, direction, layoutLength and olen of a key's word 0. */
const ID_MASK = 3 | (31 << 10) | (255 << OLEN_SHIFT)

function idWord0(combination: Combination): number {
  const { sample, ver, direction, olen } = combination
  return (ver === 6 ? 1 : 0) | (direction << 1) | (sample.layout.length << 10) | (olen << OLEN_SHIFT)
}

function hashId(ids: Int32Array, at: number): number {
  let hash = ids[at]!
  for (let word = 1; word < ID; word++) hash = hashWord(hash, ids[at + word]!)
  return hash ^ (hash >>> 15)
}

function combinations(database: Database): Iterable<Combination> {
  const found = new Map<string, Combination>()
  for (const direction of [REQUEST, RESPONSE] as const) {
    const lines = direction === REQUEST ? database.requests : database.responses
    const nameOf = ({ layout, pad }: Signature): string => [pad, ...layout].join(" ")
    const olens = new Map<string, Set<number>>()
    for (const { signature } of lines) {
      const name = nameOf(signature)
      const known = olens.get(name) ?? new Set()
      olens.set(name, known)
      for (const olen of signature.olen === -1 ? [0, OTHER_OLEN] : [signature.olen]) known.add(olen)
    }
    for (const line of lines) {
      const { signature } = line
      // No packet has so many IP options.
      if (signature.olen === OTHER_OLEN) continue
      for (const olen of signature.olen === -1 ? olens.get(nameOf(signature))! : [signature.olen]) {
        for (const ver of [4, 6] as const) {
          const name = [direction, ver, olen, nameOf(signature)].join(" ")
          const known = found.get(name)
          if (known === undefined) found.set(name, { direction, ver, olen, sample: signature, lines: [line] })
          else known.lines.push(line)
        }
      }
    }
  }
  return found.values()
}

const inOrder = (a: TcpSignature, b: TcpSignature): number => b.fileIndex - a.fileIndex || a.index - b.index

export class SignatureIndex {
  readonly #mode: Mode
  /** Position of each list's first row, and one more for the end of the last. */
  readonly #starts: Int32Array
  readonly #rows: Int32Array
  readonly #ids: Int32Array
  /** Open addressing: list + 1, 0 = free. */
  readonly #table: Int32Array
  readonly #probe = new Int32Array(ID)
  readonly found: Found = { index: -1, fuzzy: false, dist: 0 }

  constructor(database: Database, mode: Mode) {
    this.#mode = mode
    const rows: Array<number> = []
    const starts: Array<number> = []
    const ids: Array<number> = []
    for (const combination of combinations(database)) {
      const { sample, ver } = combination
      const lines = combination.lines.filter((line) => mode === "p0f" || line.signature.ver !== 10 - ver).sort(inOrder)
      const scales = new Set(lines.map((line) => (line.signature.scale === -1 ? OTHER : line.signature.scale)))
      for (const scale of scales) {
        starts.push(rows.length)
        const words = new Int32Array(6)
        for (const [option, kind] of sample.layout.entries()) words[option >> 2]! |= kind << ((option & 3) << 3)
        ids.push(idWord0(combination), scale | (sample.pad << 16), ...words)
        for (const line of lines) {
          const { signature, label, index } = line
          if (signature.scale !== -1 && signature.scale !== scale) continue
          const flags =
            (signature.badTtl ? BAD_TTL : 0) |
            (label.generic ? GENERIC : 0) |
            (label.classId === -1 ? USERLAND : 0) |
            (signature.optional << OPTIONAL_SHIFT)
          const { mss, pclass, winType, win } = signature
          rows.push(expectedQuirks(signature, ver, mode), signature.ittl, flags, mss, pclass, winType, win, index)
        }
      }
    }
    starts.push(rows.length)
    this.#rows = Int32Array.from(rows)
    this.#starts = Int32Array.from(starts)
    this.#ids = Int32Array.from(ids)
    let size = 16
    while (size < starts.length * 4) size *= 2
    this.#table = new Int32Array(size)
    for (let list = 0; list < starts.length - 1; list++) {
      let slot = hashId(this.#ids, list * ID) & (size - 1)
      while (this.#table[slot] !== 0) slot = (slot + 1) & (size - 1)
      this.#table[slot] = list + 1
    }
  }

  /** Lists, one per combination and scale. */
  get lists(): number {
    return this.#starts.length - 1
  }

  #list(scale: number, pad: number): number {
    const probe = this.#probe
    const ids = this.#ids
    const table = this.#table
    probe[1] = scale | (pad << 16)
    let slot = hashId(probe, 0) & (table.length - 1)
    for (;;) {
      const list = table[slot]! - 1
      if (list < 0) return -1
      const id = list * ID
      let word = 0
      while (word < ID && ids[id + word] === probe[word]) word++
      if (word === ID) return list
      slot = (slot + 1) & (table.length - 1)
    }
  }

  /** Finds the line for the packet behind a key; the answer is in `found`. */
  find(key: Int32Array, at: number): void {
    const word0 = key[at]!
    const word2 = key[at + 2]!
    const ttl = keyTtl(word0)
    const found = this.found
    found.index = -1
    found.fuzzy = false
    found.dist = guessDistance(ttl)
    const probe = this.#probe
    probe[0] = word0 & ID_MASK
    for (let word = 2; word < ID; word++) probe[word] = key[at + 2 + word]!
    const scale = keyScale(word2)
    let list = this.#list(scale, keyPad(word2))
    if (list < 0) list = this.#list(OTHER, keyPad(word2))
    if (list < 0 && probe[0]! >>> OLEN_SHIFT !== 0) {
      probe[0] = (probe[0]! & ~(255 << OLEN_SHIFT)) | (OTHER_OLEN << OLEN_SHIFT)
      list = this.#list(scale, keyPad(word2))
      if (list < 0) list = this.#list(OTHER, keyPad(word2))
    }
    if (list < 0) return

    const rows = this.#rows
    let quirks = keyQuirks(word2)
    if (this.#mode === "modern") {
      quirks &= ~QUIRK_FLOW
      if (keySeqIsDestination(key[at + 3]!)) quirks |= QUIRK_SEQ_DST
    }
    const word1 = key[at + 1]!
    const mss = keyMss(word1)
    const win = keyWin(word1)
    const pclass = keyPclass(word0)
    const unit = windowUnit(mss, keyDirection(word0), keyHasTimestamp(word0))
    const multiplier = keyMultiplier(key, at)
    const end = this.#starts[list + 1]!
    let generic = -1
    let fuzzy = -1
    for (let row = this.#starts[list]!; row < end; row += ROW) {
      // The window first: it rules out most lines of a long list.
      const lineWin = rows[row + 6]!
      switch (rows[row + 5]) {
        case WIN_NORMAL:
          if (lineWin !== win) continue
          break
        case WIN_ANY:
          break
        case WIN_MOD:
          if (win % lineWin !== 0) continue
          break
        case WIN_MSS_MAX:
          if (win === 0 || win !== largestMssMultiple(unit, lineWin)) continue
          break
        case WIN_MSS_CLAMPED:
          if (clampedInterfaceMss(win, mss) === 0) continue
          break
        case WIN_MSS_SCALE:
          if (win === 0 || win !== roundToScale(lineWin * mss, scale)) continue
          break
        default:
          if (((lineWin << 1) | (rows[row + 5] === WIN_MTU ? 1 : 0)) !== multiplier) continue
      }
      let isFuzzy = false
      const expected = rows[row]!
      const flags = rows[row + 2]!
      const differ = (expected ^ quirks) & ~(flags >> OPTIONAL_SHIFT)
      if (differ !== 0) {
        if (fuzzy >= 0 || (differ & expected & ~MAY_MISS) !== 0 || (differ & quirks & ~MAY_APPEAR) !== 0) continue
        isFuzzy = true
      }
      const ittl = rows[row + 1]!
      if (flags & BAD_TTL) {
        if (ittl < ttl) continue
      } else if (ittl < ttl || ittl - ttl > MAX_DIST) {
        isFuzzy = true
      }
      if (rows[row + 3] !== -1 && rows[row + 3] !== mss) continue
      if (rows[row + 4] !== -1 && rows[row + 4] !== pclass) continue
      if (isFuzzy) {
        if (fuzzy < 0) fuzzy = row
      } else if ((flags & GENERIC) === 0) {
        found.index = rows[row + 7]!
        found.dist = ittl - ttl
        return
      } else if (generic < 0) {
        generic = row
      }
    }
    if (generic >= 0) {
      found.index = rows[generic + 7]!
      found.dist = rows[generic + 1]! - ttl
      return
    }
    if (fuzzy < 0) return
    const flags = rows[fuzzy + 2]!
    if (flags & USERLAND) {
      if (this.#mode === "p0f") found.dist = 0
      return
    }
    found.index = rows[fuzzy + 7]!
    found.fuzzy = true
    const hops = rows[fuzzy + 1]! - ttl
    if (hops >= 0 && (flags & BAD_TTL || hops <= MAX_DIST)) found.dist = hops
  }
}
