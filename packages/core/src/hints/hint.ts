/**
 * The hints: their names, and the highest score of each.
 *
 * A score says how often a hint of its kind was right on the data that it was measured with: the lower end of the 95 % interval
 * (Wilson) of right over reported, which few observations keep low. `bun run bench signal` computes and prints it; its test fails when a
 * number here is above what was measured.
 */

/** The User-Agent or a client hint names another platform than the TCP stack is from. */
export const UA_MISMATCH = 0
/** The link is one that tunnels make. */
export const TUNNEL = 1
/** TCP ends at a relay near us: TLS or HTTP takes longer than TCP's round trip. */
export const RELAY = 2
/** The SYN is that of a TCP stack in a process: gVisor and what is built on it. */
export const USER_SPACE_STACK = 3
/** The SYN is that of a program that writes its own packets. */
export const SCANNER = 4
/** Several hosts behind one address. */
export const SHARED_ADDRESS = 5
/** Something on the path rewrote the SYN's options. */
export const MIDDLEBOX = 6
/** The request brought headers by names that are ours. */
export const SPOOFED_HEADER = 7

/** Tokens of the list, by number. */
export const HINT_NAMES: ReadonlyArray<string> = [
  "ua-mismatch",
  "tunnel",
  "relay",
  "user-space-stack",
  "scanner",
  "shared-address",
  "middlebox",
  "spoofed-header"
]

/** Names of the single fields and configuration tables, by number. */
export const HINT_FIELDS: ReadonlyArray<string> = HINT_NAMES.map((name) => name.replaceAll("-", "_"))

/**
 * The highest score of each, by number: at most what bench/hint-evidence.ts measures, and half where there is nearly nothing to measure
 * (user-space stacks: one). That a request brought headers by our names is no guess.
 */
export const MEASURED: ReadonlyArray<number> = [0.95, 0.85, 0.9, 0.5, 0.85, 0.9, 0.85, 1]

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
