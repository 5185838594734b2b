/**
 * Policy: which hints are reported about which clients, and the highest score of each. It is made from a configuration and immutable.
 */
import type { Family } from "../address/address.ts"
import { PrefixSet } from "../address/prefix.ts"
import { Tolerated } from "./claim.ts"
import { EXPLAINED_BY_RELAY, HINT_NAMES, MEASURED } from "./hint.ts"

export interface HintRule {
  readonly enabled: boolean
  /** 0..1: a score above is lowered to it. */
  readonly maxScore: number
  /** Clients about which this hint is never reported. */
  readonly except: PrefixSet
}

export interface HintSettings {
  /** 0..1: hints with a lower score are left out. */
  readonly minScore: number
  /** Clients about which no hint is reported. */
  readonly except: PrefixSet
  /** Addresses whose stack and timing are those of a relay that is known: Private Relay, corporate gateways, a CDN, carriers' proxies. */
  readonly relays: PrefixSet
  /** Pairs `claim/stack` that are no mismatch. */
  readonly tolerate: ReadonlyArray<string>
  /** By number of the hint. */
  readonly rules: ReadonlyArray<HintRule>
}

/** Private Relay carries Safari; emulators, WSL 1, virtual machines and containers send by their host's stack. */
export const TOLERATED: ReadonlyArray<string> = [
  "safari/linux",
  "android/windows",
  "android/apple",
  "linux/windows",
  "linux/apple"
]

const NO_NETWORK = new PrefixSet(new Int32Array(0))

/** Without a configuration. */
export const DEFAULT_HINTS: HintSettings = {
  minScore: 0,
  except: NO_NETWORK,
  relays: NO_NETWORK,
  tolerate: TOLERATED,
  rules: HINT_NAMES.map(() => ({ enabled: true, maxScore: 1, except: NO_NETWORK }))
}

export const ALL_HINTS: number = (1 << HINT_NAMES.length) - 1

export class HintPolicy {
  readonly minScore: number
  readonly tolerated: Tolerated
  /** Bits of the hints that are reported at all. */
  readonly enabled: number
  readonly #maxScores: ReadonlyArray<number>
  readonly #except: PrefixSet
  readonly #relays: PrefixSet
  readonly #exceptOf: ReadonlyArray<PrefixSet>
  readonly #hasNetworks: boolean

  constructor(settings: HintSettings) {
    this.minScore = settings.minScore
    this.tolerated = new Tolerated(settings.tolerate)
    let enabled = 0
    settings.rules.forEach((rule, hint) => {
      if (rule.enabled && this.minScore <= Math.min(rule.maxScore, MEASURED[hint]!)) enabled |= 1 << hint
    })
    this.enabled = enabled
    this.#maxScores = settings.rules.map((rule, hint) => Math.min(rule.maxScore, MEASURED[hint]!))
    this.#except = settings.except
    this.#relays = settings.relays
    this.#exceptOf = settings.rules.map(({ except }) => except)
    this.#hasNetworks =
      this.#except.size + this.#relays.size + this.#exceptOf.reduce((sum, { size }) => sum + size, 0) > 0
  }

  /** Bits of the hints that may be reported about a client. */
  allowed(family: Family | 0, address: Uint8Array, at: number): number {
    if (!this.#hasNetworks || family === 0) return this.enabled
    if (this.#except.containsBytes(family, address, at)) return 0
    let bits = this.enabled
    if (this.#relays.containsBytes(family, address, at)) bits &= ~EXPLAINED_BY_RELAY
    for (let hint = 0; hint < this.#exceptOf.length; hint++) {
      const except = this.#exceptOf[hint]!
      if (except.size > 0 && except.containsBytes(family, address, at)) bits &= ~(1 << hint)
    }
    return bits
  }

  /** The score to report: never above what was measured and what the operator allows; 0: not reported. */
  score(hint: number, score: number): number {
    const most = this.#maxScores[hint]!
    const reported = Math.floor(100 * (score < most ? score : most) + 1e-9) / 100
    return reported >= this.minScore ? reported : 0
  }
}
