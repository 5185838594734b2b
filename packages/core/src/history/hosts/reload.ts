/**
 * Host reload: makes host records say in terms of a new database what they said of the old one.
 */
import {
  COLD_HTTP,
  COLD_REQUEST_OS,
  COLD_RESPONSE,
  COLD_SHIFT,
  COLD_SYNACK_STATE,
  HOST_OS,
  HOST_STATE,
  HOT_SHIFT,
  STATE_HAS
} from "./host-record.ts"
import type { Hosts } from "./hosts.ts"
import type { Labels } from "./label-table.ts"

const NONE = new Int32Array(0)

/**
 * Labels are carried over by what they say; the stored SYN, SYN+ACK and HTTP references point at lines, and are forgotten.
 * `from` undefined: nobody knows what the labels said, so they are forgotten too.
 */
export function carryOver(hosts: Hosts, from: Labels | undefined, to: Labels): void {
  const carried = from === undefined ? NONE : to.carriedFrom(from)
  const { hot, cold } = hosts
  hosts.each((host) => {
    const base = host << HOT_SHIFT
    hot[base + HOST_OS] = carried[hot[base + HOST_OS]!] ?? 0
    hot[base + HOST_STATE]! &= ~STATE_HAS
    if (!hosts.hasCold(host)) return
    const at = host << COLD_SHIFT
    cold[at + COLD_SYNACK_STATE]! &= ~STATE_HAS
    cold[at + COLD_HTTP] = carried[cold[at + COLD_HTTP]!] ?? 0
    cold[at + COLD_RESPONSE] = 0
    cold[at + COLD_REQUEST_OS] = 0
  })
}
