/**
 * Window multiplier: stacks announce multiples of their MSS or MTU, and which divisor fits separates them (fp_tcp.c:
 * detect_win_multi). Window scaling is never applied.
 */

/** No divisor fits. */
export const NO_MULTIPLIER = -2

const s16 = (value: number): number => (value << 16) >> 16

/**
 * Multiplier and kind as one int32: `multiplier * 2 + (1 if of the MTU)`, NO_MULTIPLIER when there is none. `peerMss` is the MSS
 * of the flow's SYN while a SYN+ACK is looked at, else 0. p0f keeps the quotient as s16, so tiny peer values wrap below zero; such
 * a multiplier matches nothing.
 */
export function detectMultiplier(
  win: number,
  mss: number,
  hasTimestamp: boolean,
  ver: number,
  totHdr: number,
  peerMss: number
): number {
  if (win === 0 || mss < 100) return NO_MULTIPLIER
  if (win % mss === 0) return ((win / mss) | 0) << 1
  if (hasTimestamp && win % (mss - 12) === 0) return ((win / (mss - 12)) | 0) << 1
  // 1500 - 40 and 12 bytes less for timestamps, for IPv6 1500 - 60: stacks that count in the MSS of another interface.
  if (win % 1460 === 0) return ((win / 1460) | 0) << 1
  if (win % 1448 === 0) return ((win / 1448) | 0) << 1
  if (ver === 6) {
    if (win % 1440 === 0) return ((win / 1440) | 0) << 1
    if (win % 1428 === 0) return ((win / 1428) | 0) << 1
  }
  if (win % (mss + 40) === 0) return (((win / (mss + 40)) | 0) << 1) | 1
  if (win % (mss + totHdr) === 0) return (((win / (mss + totHdr)) | 0) << 1) | 1
  if (ver === 6 && win % (mss + 60) === 0) return (((win / (mss + 60)) | 0) << 1) | 1
  if (win % 1500 === 0) return (((win / 1500) | 0) << 1) | 1
  if (peerMss !== 0) {
    if (win % peerMss === 0) return s16((win / peerMss) | 0) << 1
    if (peerMss !== 12 && win % (peerMss - 12) === 0) return s16((win / (peerMss - 12)) | 0) << 1
  }
  return NO_MULTIPLIER
}
