/**
 * Reasons to think that an address changed hands or is shared, as a bit set in p0f's print order (process.c: add_nat_score).
 */
export const REASON_APP_VS_OS = 1 << 0
export const REASON_OS_DIFF = 1 << 1
export const REASON_SIG_DIFF = 1 << 2
export const REASON_X_KNOWN = 1 << 3
export const REASON_TSTAMP = 1 << 4
export const REASON_TTL = 1 << 5
export const REASON_PORT = 1 << 6
export const REASON_MTU = 1 << 7
export const REASON_FUZZY = 1 << 8
export const REASON_VIA = 1 << 9
export const REASON_DATE = 1 << 10
export const REASON_SRV_SIG_LB = 1 << 11
export const REASON_UA_VS_OS = 1 << 12

/** Bit n is `REASON_NAMES[n]`. */
export const REASON_NAMES: ReadonlyArray<string> = [
  "app_vs_os",
  "os_diff",
  "sig_diff",
  "x_known",
  "tstamp",
  "ttl",
  "port",
  "mtu",
  "fuzzy",
  "via",
  "date",
  "srv_sig_lb",
  "ua_vs_os"
]

export const reasonNames = (reasons: number): ReadonlyArray<string> =>
  REASON_NAMES.filter((_, bit) => (reasons & (1 << bit)) !== 0)
