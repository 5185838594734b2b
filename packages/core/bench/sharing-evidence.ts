/**
 * Sharing evidence: how often the hint shared-address is right. Every labelled stack opens connections from an address of its own (the
 * hint is wrong), then takes turns with one of another system behind one address, as behind a NAT (right).
 */
import { ConnectionInfo } from "../src/connection-info.ts"
import type { Matcher } from "../src/tcp/matching/matcher.ts"
import { Observer } from "../src/history/observer.ts"
import type { Packet } from "../src/packet/packet.ts"
import type { Count } from "./count.ts"

/** A connection every two minutes for forty. */
const CONNECTIONS = 20
const EVERY_MS = 120_000

export interface LabelledSyn {
  readonly packet: Packet
  readonly platform: number
  readonly families: number
}

export function measureSharing(matcher: Matcher, syns: ReadonlyArray<LabelledSyn>): Count {
  const observer = new Observer({
    mode: "modern",
    matcher,
    maxFlows: 16,
    maxHosts: 65_536,
    flowAgeSeconds: 30,
    hostIdleMinutes: 120
  })
  const info = new ConnectionInfo()
  let address = 0x0a000001
  const isShared = (sent: ReadonlyArray<Packet>): boolean => {
    address++
    let host = -1
    for (let n = 0; n < CONNECTIONS; n++) {
      const packet = sent[n % sent.length]!
      packet.src0 = address
      // A modern kernel draws these anew for every connection.
      packet.sport = 32_768 + ((n * 7919) % 28_000)
      packet.ts1 = packet.ts1 === 0 ? 0 : (n * 0x9e3779b1) >>> 0
      host = observer.connection(packet, 1_700_000_000_000 + n * EVERY_MS)
    }
    info.reset("ok")
    observer.fillConnectionInfo(host, info)
    return info.nat && info.sharedScore > 0
  }
  const count: Count = { reported: 0, right: 0, due: 0 }
  syns.forEach(({ packet, platform, families }, n) => {
    if (isShared([packet])) count.reported++
    for (let step = 1; step < syns.length; step++) {
      const other = syns[(n + step * 37) % syns.length]!
      if (other.platform === platform || (other.families & families) !== 0 || other.packet.ver !== packet.ver) continue
      count.due++
      if (isShared([packet, other.packet])) {
        count.reported++
        count.right++
      }
      break
    }
  })
  return count
}
