/**
 * Timestamp rewrites: what middleboxes make of the timestamp option of a SYN, written `ts~` in a database line. Ten bytes
 * of timestamps, seen on the way (zardaxt, 2025):
 *
 *   mss,sok,ts,nop,ws                        as sent
 *   mss,sok,nop*10,nop,ws                    overwritten
 *   mss,sok,nop,nop,nop,ws                   removed, two NOPs keep the alignment
 *   mss,nop,ws,nop,nop,ts,sok,eol+1     ->   mss,nop,ws,sok,eol+1    removed with the two NOPs that aligned it
 */
import { KIND_NOP, KIND_TS } from "./option-layout.ts"

const nops = (count: number): ReadonlyArray<number> => Array.from({ length: count }, () => KIND_NOP)

/** The layouts that stand for one with `ts~` at index `at`: overwritten first, then removed. */
export function timestampRewrites(layout: Uint8Array, at: number): ReadonlyArray<Uint8Array> {
  if (layout[at] !== KIND_TS) throw new RangeError(`timestampRewrites: option ${at} is no timestamp`)
  const before = [...layout.subarray(0, at)]
  const after = [...layout.subarray(at + 1)]
  const isAligned = before.length >= 2 && before.at(-1) === KIND_NOP && before.at(-2) === KIND_NOP
  const removed = isAligned ? [...before.slice(0, -2), ...after] : [...before, ...nops(2), ...after]
  return [Uint8Array.from([...before, ...nops(10), ...after]), Uint8Array.from(removed)]
}
