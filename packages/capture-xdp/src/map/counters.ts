/**
 * The program's counters (bpf/syn.h: struct counters), summed over the processors.
 */

/** Names in the order of the structure, 8 bytes each. */
export const COUNTERS = [
  "syns",
  "stored",
  "replaced",
  "retransmits",
  "copies",
  "bad_flags",
  "malformed",
  "truncated",
  "map_full",
  "extension_limit"
] as const

export type CounterName = (typeof COUNTERS)[number]
export type Counters = Record<CounterName, number>

export const COUNTERS_BYTES: number = 8 * COUNTERS.length

/** Sums the counters in `values`, the result of a lookup in the per-CPU map: one structure per possible processor. */
export function sumCounters(values: Uint8Array): Counters {
  const sums = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Counters
  const view = new DataView(values.buffer, values.byteOffset, values.length)
  for (let at = 0; at + COUNTERS_BYTES <= values.length; at += COUNTERS_BYTES) {
    for (const [n, name] of COUNTERS.entries()) {
      sums[name] += view.getUint32(at + 8 * n, true) + view.getUint32(at + 8 * n + 4, true) * 4294967296
    }
  }
  return sums
}

/** Number of processors in a per-CPU value: /sys/devices/system/cpu/possible, `0-3` or `0,2-7`. */
export function possibleCpus(text: string): number {
  let most = 0
  for (const range of text.trim().split(",")) most = Math.max(most, Number(range.split("-").at(-1)) + 1)
  return most
}
