/**
 * Quirks of a packet: the oddities p0f notes beside the plain fields, as one bit set in p0f's print order (p0f's README,
 * fp_tcp.c: dump_sig).
 */

export const QUIRK_DF = 1 << 0
export const QUIRK_NZ_ID = 1 << 1
export const QUIRK_ZERO_ID = 1 << 2
export const QUIRK_ECN = 1 << 3
export const QUIRK_NZ_MBZ = 1 << 4
export const QUIRK_FLOW = 1 << 5
export const QUIRK_ZERO_SEQ = 1 << 6
export const QUIRK_NZ_ACK = 1 << 7
export const QUIRK_ZERO_ACK = 1 << 8
export const QUIRK_NZ_URG = 1 << 9
export const QUIRK_URG = 1 << 10
export const QUIRK_PUSH = 1 << 11
export const QUIRK_OPT_ZERO_TS1 = 1 << 12
export const QUIRK_OPT_NZ_TS2 = 1 << 13
export const QUIRK_OPT_EOL_NZ = 1 << 14
export const QUIRK_OPT_EXWS = 1 << 15
export const QUIRK_OPT_BAD = 1 << 16

/** Names in print order: bit n is `QUIRK_NAMES[n]`. */
export const QUIRK_NAMES: ReadonlyArray<string> = [
  "df",
  "id+",
  "id-",
  "ecn",
  "0+",
  "flow",
  "seq-",
  "ack+",
  "ack-",
  "uptr+",
  "urgf+",
  "pushf+",
  "ts1-",
  "ts2+",
  "opt+",
  "exws",
  "bad"
]

/** Quirks that only an IPv4 header can show. */
export const QUIRKS_IPV4: number = QUIRK_DF | QUIRK_NZ_ID | QUIRK_ZERO_ID | QUIRK_NZ_MBZ
/** Quirks that only an IPv6 header can show. */
export const QUIRKS_IPV6: number = QUIRK_FLOW

/** The set as p0f prints it: names joined by commas, empty for none. */
export function printQuirks(quirks: number): string {
  let text = ""
  for (let bit = 0; bit < QUIRK_NAMES.length; bit++) {
    if (quirks & (1 << bit)) text = text === "" ? QUIRK_NAMES[bit]! : `${text},${QUIRK_NAMES[bit]!}`
  }
  return text
}
