/**
 * Systems: what a SYN or SYN+ACK says about the host that sent it - fingerprint, distance, NAT score, link, uptime (p0f's fp_tcp.c:
 * fingerprint_tcp; fp_mtu.c: fingerprint_mtu).
 */
import type { Matcher } from "../../tcp/matching/matcher.ts"
import {
  BITS_CLOCK,
  BITS_DIST,
  BITS_FUZZY,
  BITS_QUALITY_SHIFT,
  BITS_RANDOM_TTL,
  BITS_SENDSYN,
  BITS_USERLAND,
  ENTRY_SHIFT,
  FACT_BITS,
  FACT_LABEL,
  FACT_LAYOUT,
  FACT_LINE,
  FACT_LINK,
  FACT_STACK,
  LINK_KEPT_MTU
} from "../../tcp/matching/fingerprint-facts.ts"
import { RESPONSE } from "../../tcp/direction.ts"
import { CLASS_FAMILIES } from "../../tcp/matching/stack-class.ts"
import type { Packet } from "../../packet/packet.ts"
import { FLOW_MSS_SHIFT, FLOW_SENDSYN, FLOW_SHIFT, FLOW_STATE } from "../flows/flow-record.ts"
import type { Flows } from "../flows/flows.ts"
import {
  COLD_SYNACK_MATCH,
  COLD_SYNACK_MS,
  COLD_SYNACK_MSS,
  COLD_SYNACK_STATE,
  COLD_SYNACK_TS1,
  COLD_UP_MOD_MSS,
  DISTANCE_MASK,
  DISTANCE_SHIFT,
  HOST_LINK,
  HOST_OS,
  HOST_STATE,
  HOST_SYN_LAYOUT,
  HOST_SYN_MATCH,
  HOST_SYN_MS,
  HOST_SYN_MSS,
  HOST_SYN_TS1,
  HOT_SHIFT,
  LINK_MTU,
  QUALITY_MASK,
  QUALITY_SHIFT,
  STATE_FUZZY,
  STATE_HAS,
  STATE_SYN,
  STATE_TTL_SHIFT
} from "./host-record.ts"
import type { Hosts } from "./hosts.ts"
import type { NatScore } from "../sharing/nat-score.ts"
import { CLIENT, type Endpoints, type ObservationLog, SERVER, type Subject } from "../log/observation-log.ts"
import type { Uptime } from "./uptime.ts"

export interface SystemsOptions {
  readonly isP0fMode: boolean
  readonly hosts: Hosts
  readonly flows: Flows
  readonly nat: NatScore
  readonly uptime: Uptime
  readonly matcher: Matcher
  /** Filled by the observer for each packet. */
  readonly at: Endpoints
}

export class Systems {
  matcher: Matcher
  log: ObservationLog | undefined = undefined
  syns = 0
  synAcks = 0
  /** SYNs and SYN+ACKs that matched a line. */
  matched = 0
  readonly #isP0fMode: boolean
  readonly #flows: Flows
  readonly #nat: NatScore
  readonly #uptime: Uptime
  readonly #at: Endpoints
  readonly #hosts: Hosts

  constructor({ isP0fMode, hosts, flows, nat, uptime, matcher, at }: SystemsOptions) {
    this.#isP0fMode = isP0fMode
    this.#hosts = hosts
    this.#flows = flows
    this.#nat = nat
    this.#uptime = uptime
    this.matcher = matcher
    this.#at = at
  }

  /** A SYN of fingerprint `entry`; `flow` -1 for none. False when no flow is to be kept for it: an application's SYN. */
  syn(host: number, flow: number, packet: Packet, entry: number, ms: number): boolean {
    const hosts = this.#hosts
    const at = this.#at
    const { log } = this
    const { matcher } = this
    const facts = matcher.factWords
    const of = entry << ENTRY_SHIFT
    const bits = facts[of + FACT_BITS]!
    const line = facts[of + FACT_LINE]!
    const sendsyn = (bits & BITS_SENDSYN) !== 0
    const base = host << HOT_SHIFT
    this.syns++
    if (line !== 0) this.matched++
    if (log !== undefined) log.syn(at, matcher.fingerprintAt(entry), sendsyn, entry)
    if ((bits & BITS_RANDOM_TTL) === 0) this.#setDistance(host, bits & BITS_DIST)
    if (flow >= 0)
      this.#flows.hot[(flow << FLOW_SHIFT) + FLOW_STATE]! |=
        (packet.mss << FLOW_MSS_SHIFT) | (sendsyn ? FLOW_SENDSYN : 0)
    if ((bits & BITS_USERLAND) !== 0) {
      this.#nat.addToolClass(host, CLIENT, matcher.database.requests[line - 1]!, at)
      return sendsyn
    }
    if (sendsyn) return true
    const isSame = this.#nat.addSyn(host, packet, facts, of, ms, at)
    if (line !== 0) this.#setSystem(host, facts[of + FACT_LABEL]!, bits)
    if (packet.mss !== 0) this.#observeMtu(host, CLIENT, packet.mss, facts[of + FACT_LINK]! & LINK_KEPT_MTU, entry)
    const { hot } = hosts
    if (this.#isP0fMode) {
      if (flow >= 0) this.#uptime.checkFlow(flow, host, CLIENT, packet, ms, at)
      hot[base + HOST_STATE] =
        (hot[base + HOST_STATE]! & ~STATE_SYN) |
        packet.quirks |
        (packet.ttl << STATE_TTL_SHIFT) |
        ((bits & BITS_FUZZY) !== 0 ? STATE_FUZZY : 0) |
        STATE_HAS
      hot[base + HOST_SYN_MATCH] = line
      hot[base + HOST_SYN_LAYOUT] = facts[of + FACT_LAYOUT]!
    } else if ((bits & BITS_CLOCK) === 0) this.#uptime.dropClock(host, CLIENT)
    else if (isSame) this.#uptime.checkClock(host, CLIENT, packet, facts[of + FACT_STACK]! & CLASS_FAMILIES, ms, at)
    if (packet.mss === 0) this.#keepLinkMss(host)
    hot[base + HOST_SYN_TS1] = packet.ts1
    hosts.hotFloat[(base >> 1) + HOST_SYN_MS] = ms
    hot[base + HOST_SYN_MSS] = (hot[base + HOST_SYN_MSS]! & ~0xffff) | packet.mss
    return true
  }

  /** The SYN+ACK that answers a SYN with `peerMss`. False when its flow is to end: a probe's, or an application's. */
  synAck(host: number, flow: number, packet: Packet, peerMss: number, sendsyn: boolean, ms: number): boolean {
    const hosts = this.#hosts
    const { matcher } = this
    const at = this.#at
    const entry = matcher.lookup(packet, RESPONSE, peerMss)
    const facts = matcher.factWords
    const of = entry << ENTRY_SHIFT
    const bits = facts[of + FACT_BITS]!
    const line = facts[of + FACT_LINE]!
    this.synAcks++
    if (line !== 0) this.matched++
    if (this.log !== undefined) this.log.synAck(at, matcher.fingerprintAt(entry), sendsyn)
    if ((bits & BITS_RANDOM_TTL) === 0) this.#setDistance(host, bits & BITS_DIST)
    if ((bits & BITS_USERLAND) !== 0) {
      this.#nat.addToolClass(host, SERVER, matcher.database.responses[line - 1]!, at)
      return false
    }
    if (sendsyn) return false
    const isSame = this.#nat.addSynAck(host, packet, facts, of, ms, at)
    if (line !== 0) this.#setSystem(host, facts[of + FACT_LABEL]!, bits)
    if (packet.mss !== 0) this.#observeMtu(host, SERVER, packet.mss, facts[of + FACT_LINK]! & LINK_KEPT_MTU, entry)
    const base = hosts.coldOf(host)
    const { cold } = hosts
    if (this.#isP0fMode) {
      this.#uptime.checkFlow(flow, host, SERVER, packet, ms, at)
      cold[base + COLD_SYNACK_STATE] =
        packet.quirks | (packet.ttl << STATE_TTL_SHIFT) | ((bits & BITS_FUZZY) !== 0 ? STATE_FUZZY : 0) | STATE_HAS
      cold[base + COLD_SYNACK_MATCH] = line
      cold[base + COLD_SYNACK_MSS] = packet.mss
    } else if ((bits & BITS_CLOCK) === 0) this.#uptime.dropClock(host, SERVER)
    else if (isSame) this.#uptime.checkClock(host, SERVER, packet, facts[of + FACT_STACK]! & CLASS_FAMILIES, ms, at)
    cold[base + COLD_SYNACK_TS1] = packet.ts1
    hosts.coldFloat[(base >> 1) + COLD_SYNACK_MS] = ms
    return true
  }

  /** The last positive match. */
  #setSystem(host: number, label: number, bits: number): void {
    const { hot } = this.#hosts
    const base = host << HOT_SHIFT
    hot[base + HOST_OS] = label
    const quality = (bits >> BITS_QUALITY_SHIFT) & 3
    hot[base + HOST_LINK] = (hot[base + HOST_LINK]! & ~QUALITY_MASK) | (quality << QUALITY_SHIFT)
  }

  /** The MSS gives the MTU of the link; a name stays until another is known (fp_mtu.c). */
  #observeMtu(host: number, subject: Subject, mss: number, mtu: number, entry: number): void {
    const hosts = this.#hosts
    const at = (host << HOT_SHIFT) + HOST_LINK
    if (this.log !== undefined) this.log.mtu(this.#at, subject, this.matcher.fingerprintAt(entry), entry)
    if (mtu !== 0) hosts.hot[at] = (hosts.hot[at]! & ~LINK_MTU) | mtu
    // The MSS of a SYN is stored with the SYN.
    if (subject === CLIENT && !hosts.hasCold(host)) return
    const cold = hosts.coldOf(host) + COLD_UP_MOD_MSS
    hosts.cold[cold] = (hosts.cold[cold]! & 0xffff) | (mss << 16)
  }

  /** A SYN without MSS replaces one with: the link's stays known. */
  #keepLinkMss(host: number): void {
    const hosts = this.#hosts
    const mss = hosts.hot[(host << HOT_SHIFT) + HOST_SYN_MSS]! & 0xffff
    if (mss === 0) return
    const at = hosts.coldOf(host) + COLD_UP_MOD_MSS
    if (hosts.cold[at]! >>> 16 === 0) hosts.cold[at]! |= mss << 16
  }

  #setDistance(host: number, distance: number): void {
    const { hot } = this.#hosts
    const at = (host << HOT_SHIFT) + HOST_LINK
    hot[at] = (hot[at]! & ~DISTANCE_MASK) | (distance << DISTANCE_SHIFT)
  }
}
