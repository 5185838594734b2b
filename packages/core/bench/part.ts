/**
 * One part of `bun run bench signal`: a file signal-NAME.ts beside it that exports `part`. It measures ours and p0f 3.09b on the same
 * input and gives rows of one table; test/database holds them to the same bars.
 */

export interface SignalRow {
  /** Name of the figure: `IPv6 family precision`. */
  readonly name: string
  readonly ours: string
  /** p0f on the same input; `-` where it has no such answer. */
  readonly p0f: string
  /** The bar for our figure: `>= 99 %`; empty: there is none. */
  readonly bar: string
  readonly missed: boolean
}

export interface SignalResult {
  readonly rows: ReadonlyArray<SignalRow>
  /** Lines below the table: mismatches found, rows that went wrong. */
  readonly notes: ReadonlyArray<string>
}

export interface SignalPart {
  /** `(b) User-Agents of ua-evidence.tsv`: the letter orders the parts. */
  readonly title: string
  /** A text is the reason why it was skipped: p0f or a capture that is not there. */
  readonly run: () => SignalResult | string | Promise<SignalResult | string>
}

/** `12 of 13 (92.3 %)`. */
export function share(some: number, all: number): string {
  return `${some} of ${all}${all === 0 ? "" : ` (${((100 * some) / all).toFixed(1)} %)`}`
}

/** A row whose bar is a share: missed below `least`, and when there was nothing to count. */
export function shareRow(name: string, some: number, all: number, p0f: string, least: number): SignalRow {
  return {
    name,
    ours: share(some, all),
    p0f,
    bar: `>= ${100 * least} %`,
    missed: all === 0 || some / all < least
  }
}
