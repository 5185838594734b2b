/**
 * The backend that needs nothing: the front end hands over the SYN that the kernel kept with the socket (TCP_SAVED_SYN, tcp(7)),
 * or that HAProxy >= 3.4 sends as message argument `syn` (sample fetch fc_saved_syn).
 *
 * The bytes are IP header + TCP header, with 14 bytes of Ethernet in front when the socket was asked for it (TCP_SAVE_SYN = 2).
 */
import * as Effect from "effect/Effect"
import { HeaderOffsets, VERDICT_TCP, findSavedSyn } from "@synprint/core"
import { table } from "../config/table.ts"
import { check } from "../doctor/check.ts"
import type { BackendModule, CaptureBackend, Connection, Miss, RawSyn } from "./backend.ts"

/** No SYN has longer headers: IPv6 40, extension headers, TCP 60; a RawSyn may have less room. */
const SAVED_BYTES_MAX = 512

export const savedSyn: BackendModule = {
  name: "saved-syn",
  autoRank: 10,
  config: table({}),
  deliversPackets: false,
  statNames: {},
  load: () =>
    Promise.resolve({
      open: () => Effect.sync(makeSavedSyn),
      doctor: () => Effect.succeed([check("saved-syn", "ok", "needs no privilege; empty after a SYN-cookie handshake")])
    })
}

export function makeSavedSyn(): CaptureBackend {
  const located = new HeaderOffsets()
  const counts = { hit: 0, syncookie: 0, malformed: 0 }
  const lookup = (connection: Connection, into: RawSyn): "hit" | Miss => {
    const saved = connection.savedSyn
    if (saved === undefined) return "unsupported"
    if (saved.length === 0) {
      counts.syncookie++
      return "syncookie"
    }
    if (
      saved.length > SAVED_BYTES_MAX ||
      saved.length > into.bytes.length ||
      findSavedSyn(saved, located) !== VERDICT_TCP
    ) {
      counts.malformed++
      return "malformed"
    }
    into.bytes.set(saved)
    into.ip = located.ip
    into.ipCaptured = located.tcpDistance
    into.tcp = located.tcp
    into.tcpCaptured = located.doff
    into.tcpDistance = located.tcpDistance
    into.seenAtMs = connection.openedAtMs
    // The kernel keeps the first SYN that made it answer and doesn't count those after it.
    into.retransmits = -1
    into.vlan = -1
    into.interfaceIndex = 0
    counts.hit++
    return "hit"
  }
  return {
    name: "saved-syn",
    recovers: true,
    lookup,
    packets: undefined,
    stats: () => counts,
    down: () => undefined,
    setFilter: () => Effect.void
  }
}
