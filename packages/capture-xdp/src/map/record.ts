/**
 * The layout of a value in the `syns` map (bpf/syn.h: struct syn), and its conversion to a RawSyn. A test compares the offsets with the
 * BTF of the object.
 *
 *  0         8         16          20         22     24            26      27         28              32       96      156
 *  +---------+---------+-----------+----------+------+-------------+-------+----------+----------+---+--------+-------+---+
 *  | seen_ns | last    | interface | tcp      | vlan | retransmits | flags | ip       | tcp      | 0 | ip 64  | tcp   | 0 |
 *  | u64     | jiffies | u32       | distance | TCI  |             |       | captured | captured |   |        | 60    |   |
 *  +---------+---------+-----------+----------+------+-------------+-------+----------+----------+---+--------+-------+---+
 */
import type { RawSyn } from "@synprint/service"

/** bpf/syn.h: LAYOUT_VERSION. */
export const LAYOUT_VERSION = 1
export const RECORD_BYTES = 160
export const SEEN_NS = 0
export const LAST_JIFFIES = 8
export const INTERFACE = 16
export const TCP_DISTANCE = 20
export const VLAN = 22
export const RETRANSMITS = 24
export const FLAGS = 26
export const IP_CAPTURED = 27
export const TCP_CAPTURED = 28
export const IP = 32
export const TCP = 96
const TCP_END = 156

export const FIRST_FRAGMENT = 1
export const TAGGED = 2

/** Time of the first SYN, milliseconds of CLOCK_MONOTONIC. */
export function seenAtMonotonicMs(words: Uint32Array): number {
  return (words[1]! * 4294967296 + words[0]!) / 1e6
}

/** Copies a record; `bytes` and `words` share memory. `clockOffsetMs` converts CLOCK_MONOTONIC to Unix time. */
export function readRecord(bytes: Uint8Array, words: Uint32Array, clockOffsetMs: number, into: RawSyn): void {
  const to = into.bytes
  for (let i = IP; i < TCP_END; i++) to[i] = bytes[i]!
  into.ip = IP
  into.ipCaptured = bytes[IP_CAPTURED]!
  into.tcp = TCP
  into.tcpCaptured = bytes[TCP_CAPTURED]!
  into.tcpDistance = bytes[TCP_DISTANCE]! | (bytes[TCP_DISTANCE + 1]! << 8)
  into.seenAtMs = seenAtMonotonicMs(words) + clockOffsetMs
  into.retransmits = bytes[RETRANSMITS]! | (bytes[RETRANSMITS + 1]! << 8)
  into.vlan = bytes[FLAGS]! & TAGGED ? (bytes[VLAN]! | (bytes[VLAN + 1]! << 8)) & 0xfff : -1
  into.interfaceIndex = words[INTERFACE / 4]!
}
