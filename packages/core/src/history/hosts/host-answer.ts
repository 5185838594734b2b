/**
 * Host answer: what is on file about an address, as the history fields of a ConnectionInfo (the fields of p0f's API, p0f 3.09b api.h, as
 * the seed's agent maps them).
 */
import type { ConnectionInfo } from "../../connection-info.ts"
import { linkName } from "../../tcp/path/link-table.ts"
import {
  BAD_SW_SHIFT,
  COLD_HTTP,
  COLD_LANGUAGE,
  COLD_LAST_CHG,
  COLD_LAST_NAT,
  COLD_SHIFT,
  COLD_UP_MOD_MSS,
  COLD_UPTIME,
  DISTANCE_SHIFT,
  DISTANCE_UNKNOWN,
  HOST_FIRST_SEEN,
  HOST_LAST_SEEN,
  HOST_LINK,
  HOST_OS,
  HOST_STATE,
  HOST_SYN_MSS,
  HOST_TOTAL_CONN,
  HOT_SHIFT,
  LANGUAGE_MASK,
  LINK_MTU,
  QUALITY_SHIFT,
  STATE_IPV6
} from "./host-record.ts"
import type { Hosts } from "./hosts.ts"
import type { Labels } from "./label-table.ts"
import { languageName } from "../http/languages.ts"

/** Mode p0f: how long before the last connection sharing must have been seen to count, in seconds. */
const NAT_WINDOW = 3600

/** A host record with everything at its place; times are unix seconds, 0 for never. One instance is reused. */
export class HostView {
  os = 0
  osMatchQ = 0
  distance = DISTANCE_UNKNOWN
  /** MTU of the last link, in p0f mode of the last that has a name. */
  keptMtu = 0
  /** MSS and MTU of the last SYN or SYN+ACK that had one. */
  linkMss = 0
  linkMtu = 0
  /** -1 not known. */
  uptimeMinutes = -1
  upModDays = 0
  badSw = 0
  http = 0
  language = 0
  firstSeen = 0
  lastSeen = 0
  totalConn = 0
  lastNat = 0
  lastChg = 0

  read(hosts: Hosts, host: number): void {
    const { hot, cold } = hosts
    const base = host << HOT_SHIFT
    const link = hot[base + HOST_LINK]!
    this.os = hot[base + HOST_OS]!
    this.osMatchQ = (link >> QUALITY_SHIFT) & 3
    this.distance = (link >> DISTANCE_SHIFT) & 255
    this.keptMtu = link & LINK_MTU
    this.linkMss = hot[base + HOST_SYN_MSS]! & 0xffff
    this.firstSeen = hot[base + HOST_FIRST_SEEN]! >>> 0
    this.lastSeen = hot[base + HOST_LAST_SEEN]! >>> 0
    this.totalConn = hot[base + HOST_TOTAL_CONN]! >>> 0
    this.uptimeMinutes = -1
    this.upModDays = 0
    this.badSw = 0
    this.http = 0
    this.language = 0
    this.lastNat = 0
    this.lastChg = 0
    if (hosts.hasCold(host)) {
      const at = host << COLD_SHIFT
      const upModMss = cold[at + COLD_UP_MOD_MSS]!
      this.uptimeMinutes = cold[at + COLD_UPTIME]!
      if (this.uptimeMinutes >= 0) this.upModDays = upModMss & 0xffff
      if (upModMss >>> 16 !== 0) this.linkMss = upModMss >>> 16
      this.badSw = cold[at + COLD_LANGUAGE]! >> BAD_SW_SHIFT
      this.http = cold[at + COLD_HTTP]!
      this.language = cold[at + COLD_LANGUAGE]! & LANGUAGE_MASK
      this.lastNat = cold[at + COLD_LAST_NAT]! >>> 0
      this.lastChg = cold[at + COLD_LAST_CHG]! >>> 0
    }
    const ipAndTcp = (hot[base + HOST_STATE]! & STATE_IPV6) !== 0 ? 60 : 40
    this.linkMtu = this.linkMss === 0 ? 0 : this.linkMss + ipAndTcp
  }
}

const view = new HostView()

/** Writes the history fields of `into`. What modern mode says of sharing is sharing.ts's. */
export function fillConnectionInfo(
  hosts: Hosts,
  labels: Labels,
  host: number,
  isP0fMode: boolean,
  into: ConnectionInfo
): void {
  view.read(hosts, host)
  into.hasHost = true
  // A fingerprint already names the system of this connection, and a title would be a new string.
  if (into.fingerprint === undefined) {
    into.hostOs = labels.titleOf(view.os)
    into.hostOsMatchQ = view.osMatchQ
    into.hostDist = view.distance === DISTANCE_UNKNOWN ? -1 : view.distance
    into.hostLink = linkName(labels.database, view.keptMtu)
  }
  into.uptimeMinutes = view.uptimeMinutes
  into.upModDays = view.upModDays
  into.badSw = view.badSw
  into.httpName = labels.nameOf(view.http)
  into.httpFlavor = labels.flavorOf(view.http)
  into.language = languageName(view.language)
  into.firstSeen = view.firstSeen
  into.lastSeen = view.lastSeen
  into.totalConn = view.totalConn
  into.lastNat = view.lastNat
  into.lastChg = view.lastChg
  into.nat = isP0fMode && view.lastNat > 0 && view.lastSeen - view.lastNat <= NAT_WINDOW
}
