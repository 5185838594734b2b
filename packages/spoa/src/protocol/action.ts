/**
 * ACK's payload, a list of actions (HAProxy doc/SPOE.txt section 3.4; flt_spoe.c: spoe_process_actions).
 *
 *   SET-VAR    01 | 03 | scope | STRING name | TYPED DATA
 *   UNSET-VAR  02 | 02 | scope | STRING name
 *
 * HAProxy stops silently at the first action that it can't read and keeps those before it. A variable's name is without scope and
 * prefix; `scope.prefix.name` must fit in 63 characters.
 */
import { writeString } from "./typed-data.ts"

export const SET_VAR = 1
export const UNSET_VAR = 2

/** Scopes: proc variables must be registered, txn and req die with the request, sess lives as long as the client connection. */
export const SCOPE_PROC = 0
export const SCOPE_SESS = 1
export const SCOPE_TXN = 2
export const SCOPE_REQ = 3
export const SCOPE_RES = 4

/** Longest ACK on a pipelined connection: 20 larger ones can wedge HAProxy 3.5's demuxer (spop.md 2.4), 34 were seen in a read. */
export const ACK_MAX_PIPELINED = 400

/** Writes a SET-VAR up to its value and returns the offset where the typed value goes. */
export function beginSetVar(out: Uint8Array, at: number, scope: number, name: string): number {
  out[at] = SET_VAR
  out[at + 1] = 3
  out[at + 2] = scope
  return writeString(out, at + 3, name)
}

/** Writes an UNSET-VAR and returns the offset after it. */
export function writeUnsetVar(out: Uint8Array, at: number, scope: number, name: string): number {
  out[at] = UNSET_VAR
  out[at + 1] = 2
  out[at + 2] = scope
  return writeString(out, at + 3, name)
}
