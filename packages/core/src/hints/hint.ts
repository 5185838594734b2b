/**
 * The hints: their names, the highest score of each, and what explains them. A new hint is one row and its constant here.
 *
 * A score says how often a hint of its kind was right on the data that it was measured with: the lower end of the 95 % interval
 * (Wilson) of right over reported, which few observations keep low. `bun run bench signal` computes and prints it; its test fails when a
 * number here is above what was measured.
 */

interface HintKind {
  /** Token of the list. */
  readonly name: string
  /** The highest score that may be reported: at most what bench/hint-evidence.ts measures, and 0.5 where there is nearly nothing to measure. */
  readonly measured: number
  /** True if a relay that the operator knows explains the hint: its stack and its timing are then the relay's own. */
  readonly isExplainedByRelay: boolean
  /** Description for the documents. */
  readonly text: string
}

const HINTS = [
  {
    name: "ua-mismatch",
    measured: 0.95,
    isExplainedByRelay: true,
    text: "User-Agent or client hint contradicts the stack"
  },
  {
    name: "tunnel",
    measured: 0.85,
    isExplainedByRelay: false,
    text: "the link is a tunnel"
  },
  // A relay near us: TLS or HTTP takes longer than TCP's round trip.
  {
    name: "relay",
    measured: 0.9,
    isExplainedByRelay: true,
    text: "TCP ends nearer than TLS"
  },
  // Only gVisor could be measured.
  {
    name: "user-space-stack",
    measured: 0.5,
    isExplainedByRelay: true,
    text: "the stack runs in a process: gVisor and the like"
  },
  {
    name: "scanner",
    measured: 0.85,
    isExplainedByRelay: true,
    text: "a tool wrote the SYN"
  },
  {
    name: "shared-address",
    measured: 0.9,
    isExplainedByRelay: true,
    text: "several systems take turns behind the address"
  },
  {
    name: "middlebox",
    measured: 0.85,
    isExplainedByRelay: true,
    text: "options were rewritten on the path"
  },
  {
    name: "spoofed-header",
    measured: 1,
    isExplainedByRelay: false,
    text: "the client sent headers with our names"
  }
] as const satisfies ReadonlyArray<HintKind>

type HintName = (typeof HINTS)[number]["name"]

/** A hint's number is its row: bit masks and arrays of hints go by it. */
const numberOf = (name: HintName): number => HINTS.findIndex((hint) => hint.name === name)

export const UA_MISMATCH = numberOf("ua-mismatch")
export const TUNNEL = numberOf("tunnel")
export const RELAY = numberOf("relay")
export const USER_SPACE_STACK = numberOf("user-space-stack")
export const SCANNER = numberOf("scanner")
export const SHARED_ADDRESS = numberOf("shared-address")
export const MIDDLEBOX = numberOf("middlebox")
export const SPOOFED_HEADER = numberOf("spoofed-header")

/** Tokens of the list, by number. */
export const HINT_NAMES: ReadonlyArray<HintName> = HINTS.map(({ name }) => name)

/** `user_space_stack` for `user-space-stack`. */
type Underscored<T extends string> = T extends `${infer First}-${infer Rest}` ? `${First}_${Underscored<Rest>}` : T
export type HintField = Underscored<HintName>

/** Names of the single fields and configuration tables, by number. */
export const HINT_FIELDS: ReadonlyArray<string> = HINT_NAMES.map((name) => name.replaceAll("-", "_"))

/** Descriptions of the single fields, by number. */
export const HINT_TEXTS: ReadonlyArray<string> = HINTS.map(({ text }) => text)

/** The highest score of each, by number. */
export const MEASURED: ReadonlyArray<number> = HINTS.map(({ measured }) => measured)

/** Bits of the hints that a known relay explains. */
export const EXPLAINED_BY_RELAY: number = HINTS.reduce(
  (bits: number, { isExplainedByRelay }, hint) => (isExplainedByRelay ? bits | (1 << hint) : bits),
  0
)

/** With fewer observations the score is capped at 0.5. */
export const FEW = 5

/** Score for claims that contradict each other; no capture contains any, so 0.5. */
export const UNMEASURED = 0.5

/** Lower end of the 95 % interval of `right` of `reported` (Wilson 1927), rounded down to hundredths. */
export function precisionOf(right: number, reported: number): number {
  if (reported === 0) return 0
  const z = 1.959964
  const share = right / reported
  const spread = z * Math.sqrt((share * (1 - share)) / reported + (z * z) / (4 * reported * reported))
  return Math.floor((100 * (share + (z * z) / (2 * reported) - spread)) / (1 + (z * z) / reported)) / 100
}
