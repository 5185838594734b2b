/**
 * Uptime: the rate of a TCP timestamp clock from two readings, and how long it has run (p0f's fp_tcp.c: check_ts_tcp).
 *
 * p0f takes any two timestamps of an address. Linux >= 4.10 and others start from a random base for each connection, so modern
 * mode asks for more: the matched line says `clock=yes`, three SYNs of one system (sharing.ts) agree on the rate, and none of another
 * stack has come since (docs/p0f-differences.md, 12).
 */
import { FAMILIES_LINUX_KERNEL } from "../../tcp/database/stack-family.ts"
import { type Packet, TCP_SYN } from "../../packet/packet.ts"
import { FLOW_CLIENT_RATE, FLOW_COLD_SHIFT, FLOW_SERVER_RATE } from "../flows/flow-record.ts"
import type { Flows } from "../flows/flows.ts"
import {
  COLD_CLIENT_CLOCK,
  COLD_SERVER_CLOCK,
  COLD_SHIFT,
  COLD_SYNACK_MS,
  COLD_SYNACK_TS1,
  COLD_UP_MOD_MSS,
  COLD_UPTIME,
  HOST_SYN_MS,
  HOST_SYN_TS1,
  HOT_SHIFT
} from "./host-record.ts"
import type { Hosts } from "./hosts.ts"
import { CLIENT, type Endpoints, type ObservationLog, type Subject } from "../log/observation-log.ts"

const MIN_TWAIT = 25
const MAX_TWAIT = 600_000
const TSTAMP_GRACE = 100
const MIN_TSCALE = 0.7
const MAX_TSCALE = 1500
const U32_MAX = 0xffff_ffff
/** Linux starts its clock so many seconds before it wraps (include/linux/jiffies.h: INITIAL_JIFFIES). */
const LINUX_BOOT_SECONDS = 300
/** Intervals between SYNs that must agree on a rate. */
const MIN_AGREEING = 2

/** No reading: too early, too late, or the clock did not move. */
export const RATE_NONE = 0
/** A reading that no clock gives. */
export const RATE_BAD = -1

/** Ticks per second between two readings, RATE_NONE or RATE_BAD. */
export function clockRate(ts1: number, before: number, msSince: number): number {
  if (!(msSince >= MIN_TWAIT && msSince <= MAX_TWAIT)) return RATE_NONE
  const d = (ts1 - before) >>> 0
  const back = U32_MAX - d
  if (d < 5 || (msSince < TSTAMP_GRACE && Math.trunc(back / 1000) < MAX_TSCALE / TSTAMP_GRACE)) return RATE_NONE
  const rate = d > back ? (back * -1000) / msSince : (d * 1000) / msSince
  return rate < MIN_TSCALE || rate > MAX_TSCALE ? RATE_BAD : rate
}

/** The rate a kernel would be set to: 99.7 is 100. */
export function roundRate(rate: number): number {
  const whole = Math.trunc(rate)
  if (whole === 0) return 1
  if (whole <= 10) return whole
  if (whole <= 50) return Math.trunc((whole + 3) / 5) * 5
  if (whole <= 100) return Math.trunc((whole + 7) / 10) * 10
  if (whole <= 500) return Math.trunc((whole + 33) / 50) * 50
  return Math.trunc((whole + 67) / 100) * 100
}

export class Uptime {
  log: ObservationLog | undefined = undefined
  observed = 0
  readonly #hosts: Hosts
  readonly #flows: Flows

  constructor(hosts: Hosts, flows: Flows) {
    this.#hosts = hosts
    this.#flows = flows
  }

  /** p0f: every packet of a flow is compared with the last SYN or SYN+ACK of its host, whichever connection that came from. */
  checkFlow(flow: number, host: number, subject: Subject, packet: Packet, ms: number, at: Endpoints): void {
    const flows = this.#flows
    const rateAt = (flow << FLOW_COLD_SHIFT) + (subject === CLIENT ? FLOW_CLIENT_RATE : FLOW_SERVER_RATE)
    if (packet.ts1 === 0 || flows.cold[rateAt] !== 0) return
    const rate = this.#rate(host, subject, packet.ts1, ms)
    if (rate === RATE_NONE) return
    if (rate < 0) {
      // A SYN may disagree because the address is shared.
      if (packet.type !== TCP_SYN) {
        flows.coldOf(flow)
        flows.cold[rateAt] = -1
      }
      return
    }
    const hertz = roundRate(rate)
    flows.coldOf(flow)
    flows.cold[rateAt] = hertz
    this.#observe(host, subject, packet.ts1, rate, hertz, at)
  }

  /** Modern mode: a SYN or SYN+ACK of a stack with `clock=yes` and these families, before it replaces the stored one. */
  checkClock(host: number, subject: Subject, packet: Packet, families: number, ms: number, at: Endpoints): void {
    if (packet.ts1 === 0) return
    const rate = this.#rate(host, subject, packet.ts1, ms)
    if (rate === RATE_NONE) return
    const hosts = this.#hosts
    const base = hosts.coldOf(host)
    const { cold } = hosts
    const clockAt = base + (subject === CLIENT ? COLD_CLIENT_CLOCK : COLD_SERVER_CLOCK)
    if (rate < 0) {
      // It was not one clock after all.
      if (cold[clockAt] !== 0) cold[base + COLD_UPTIME] = -1
      cold[clockAt] = 0
      return
    }
    const clock = cold[clockAt]!
    const hertz = roundRate(rate)
    const agreeing = clock >> 8 === hertz ? Math.min((clock & 255) + 1, 255) : 1
    cold[clockAt] = (hertz << 8) | agreeing
    if (agreeing >= MIN_AGREEING) {
      // Differs from p0f: a Linux that has just booted is 5 minutes before the wrap, and no 198 days old.
      const early = (families & FAMILIES_LINUX_KERNEL) === 0 ? 0 : LINUX_BOOT_SECONDS * hertz
      this.#observe(host, subject, packet.ts1 + early, rate, hertz, at)
    } else if (clock !== 0) cold[base + COLD_UPTIME] = -1
  }

  /** Modern mode: a stack without a clock sent the last SYN or SYN+ACK. The uptime of another stack must not be reported for it. */
  dropClock(host: number, subject: Subject): void {
    const hosts = this.#hosts
    if (!hosts.hasCold(host)) return
    const base = host << COLD_SHIFT
    hosts.cold[base + (subject === CLIENT ? COLD_CLIENT_CLOCK : COLD_SERVER_CLOCK)] = 0
    hosts.cold[base + COLD_UPTIME] = -1
  }

  /** Ticks per second since the last SYN or SYN+ACK of the host. */
  #rate(host: number, subject: Subject, ts1: number, ms: number): number {
    const hosts = this.#hosts
    let before: number
    let since: number
    if (subject === CLIENT) {
      before = hosts.hot[(host << HOT_SHIFT) + HOST_SYN_TS1]!
      since = ms - hosts.hotFloat[(host << (HOT_SHIFT - 1)) + HOST_SYN_MS]!
    } else {
      if (!hosts.hasCold(host)) return RATE_NONE
      before = hosts.cold[(host << COLD_SHIFT) + COLD_SYNACK_TS1]!
      since = ms - hosts.coldFloat[(host << (COLD_SHIFT - 1)) + COLD_SYNACK_MS]!
    }
    return before === 0 ? RATE_NONE : clockRate(ts1, before, since)
  }

  #observe(host: number, subject: Subject, ts1: number, rate: number, hertz: number, at: Endpoints): void {
    const minutes = Math.trunc(Math.trunc((ts1 >>> 0) / hertz) / 60)
    const moduloDays = Math.trunc(U32_MAX / (hertz * 86_400))
    const base = this.#hosts.coldOf(host)
    const { cold } = this.#hosts
    cold[base + COLD_UPTIME] = minutes
    cold[base + COLD_UP_MOD_MSS] = (cold[base + COLD_UP_MOD_MSS]! & ~0xffff) | moduloDays
    this.observed++
    this.log?.uptime(at, subject, minutes, moduloDays, rate)
  }
}
