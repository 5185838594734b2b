/**
 * Host answer: what is on file about an address, as the history fields of an Answer (the fields of p0f's API, specs p0f.md §9, as
 * the seed's agent maps them, Appendix E).
 */
import type { Answer } from "../fingerprint/answer.ts"
import {
  DISTANCE_UNKNOWN,
  HOST_DISTANCE,
  HOST_FIRST_SEEN,
  HOST_HTTP,
  HOST_LAST_CHG,
  HOST_LAST_NAT,
  HOST_LAST_SEEN,
  HOST_LINK,
  HOST_OS,
  HOST_TOTAL_CONN,
  HOST_UP_MOD_MSS,
  HOST_UPTIME,
  HOT_SHIFT
} from "./host-record.ts"
import type { Hosts } from "./hosts.ts"
import type { Labels } from "./labels.ts"
import { languageName } from "./languages.ts"

/** How long before the last connection sharing must have been seen to count, in seconds. */
const NAT_WINDOW = 3600

export function fillAnswer(hosts: Hosts, labels: Labels, host: number, into: Answer): void {
  const hot = hosts.hot
  const base = host << HOT_SHIFT
  const link = hot[base + HOST_LINK]!
  into.hasHost = true
  into.hostOs = labels.titleOf(hot[base + HOST_OS]!)
  into.hostOsMatchQ = (link >> 26) & 3
  const distance = hot[base + HOST_DISTANCE]!
  into.hostDist = distance === DISTANCE_UNKNOWN ? -1 : distance
  into.hostLink = labels.database.links.get(link & 0xffff)
  into.uptimeMinutes = hot[base + HOST_UPTIME]!
  into.upModDays = into.uptimeMinutes < 0 ? 0 : hot[base + HOST_UP_MOD_MSS]! & 0xffff
  into.badSw = (link >> 24) & 3
  into.httpName = labels.nameOf(hot[base + HOST_HTTP]!)
  into.httpFlavor = labels.flavorOf(hot[base + HOST_HTTP]!)
  into.language = languageName((link >> 16) & 255)
  into.firstSeen = hot[base + HOST_FIRST_SEEN]! >>> 0
  into.lastSeen = hot[base + HOST_LAST_SEEN]! >>> 0
  into.totalConn = hot[base + HOST_TOTAL_CONN]! >>> 0
  into.lastNat = hot[base + HOST_LAST_NAT]! >>> 0
  into.lastChg = hot[base + HOST_LAST_CHG]! >>> 0
  into.nat = into.lastNat > 0 && into.lastSeen - into.lastNat <= NAT_WINDOW
}
