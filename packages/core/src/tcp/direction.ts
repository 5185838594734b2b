/**
 * Direction of a TCP handshake packet: p0f keeps signatures of both apart.
 */

/** SYN, "cli" side, [tcp:request]. */
export const REQUEST = 0
/** SYN+ACK, "srv" side, [tcp:response]. */
export const RESPONSE = 1
export type Direction = 0 | 1
