/**
 * The choice of a chain: its members and, with `auto`, what it lacks and the grant that would give more, for the log and for doctor.
 */
import type { BackendModule, CaptureError } from "./backend.ts"

/** The order in which `auto` asks, the same for every front end: the cheapest first. */
export const inAutoOrder = (backends: ReadonlyArray<BackendModule>): ReadonlyArray<BackendModule> =>
  backends.toSorted((a, b) => a.autoRank - b.autoRank)

/** A backend that `auto` could not open. */
export interface MissingPrivilege {
  readonly backend: string
  readonly error: CaptureError
}

export interface ChainChoice {
  /** In the order in which they are asked. */
  readonly chosen: ReadonlyArray<string>
  readonly missing: ReadonlyArray<MissingPrivilege>
  /** One line: `capture: saved-syn, pcap (auto)`. */
  readonly summary: string
  /** One line per missing backend, with the exact grant. */
  readonly hints: ReadonlyArray<string>
}

export function explainChoice(
  isAuto: boolean,
  chosen: ReadonlyArray<string>,
  missing: ReadonlyArray<MissingPrivilege>
): ChainChoice {
  const names = chosen.length === 0 ? "nothing" : chosen.join(", ")
  return {
    chosen,
    missing,
    summary: isAuto ? `capture: ${names} (auto)` : `capture: ${names}`,
    hints: missing.map(({ backend, error }) => `capture: without ${backend}: ${error.reason} (${error.hint})`)
  }
}
