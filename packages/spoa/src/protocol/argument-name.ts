/**
 * Names of arguments as numbers, so that the reader of arguments.ts switches on integers: up to four letters big-endian.
 */
export const SRC = 0x737263
export const DST = 0x647374
export const SYN = 0x73796e
export const CI = 0x6369
export const CP = 0x6370
export const FI = 0x6669
export const FP = 0x6670
export const PP = 0x7070
export const UA = 0x7561
export const HDRS = 0x68647273
export const SPOR = 0x73706f72
export const DPOR = 0x64706f72
export const RTT = 0x727474
export const RTV = 0x727476
export const HST = 0x687374
export const FST = 0x667374
export const DFR = 0x646672
export const RTX = 0x727478
export const ED = 0x6564

const T = 0x74

/** A known name's number; names of five letters are `sport` and `dport`, distinguished by their last letter. 0 for what can't be known. */
export function nameCode(bytes: Uint8Array, at: number, length: number): number {
  switch (length) {
    case 2:
      return (bytes[at]! << 8) | bytes[at + 1]!
    case 3:
      return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    case 5:
      if (bytes[at + 4] !== T) return 0
      break
    case 4:
      break
    default:
      return 0
  }
  const code = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  return (code === HDRS) === (length === 4) ? code : 0
}
