/**
 * Sharing: whether several systems send from one address (for IPv6: one /64, network-prefix.ts), for modern mode.
 *
 * A *system* is a stack class (stack-class.ts), the MSS of its interface when the window shows it (a clamped MSS is the
 * path's and counts for nothing), and its distance. Timestamps, ports, IP IDs, windows, scales and ECN are never looked at: modern
 * kernels draw them per connection, and programs set them. The record holds the system of the last SYN and the three before it.
 *
 * What counts is the *switch* from one system to another, not the difference:
 *
 *     reason     the systems differ in                                     weight
 *     os_diff    the families of the lines that they match                   30
 *     sig_diff   the order of their options, one of them without a line      30
 *     mtu        the MSS of their interfaces                                 20
 *     ttl        their distance, by three hops or more                       12
 *
 * plus 5 for each further reason; half of it when the system before was silent for BOOT_SECONDS, half more for a third system and
 * every one after it. The sum halves every third of the window (20 minutes of an hour), and systems that were not seen within the
 * window are forgotten. From SHARED_THRESHOLD on the address is shared (`nat`).
 *
 * So one switch never does: an address that went to somebody else, a host that boots another system, moves to another interface or
 * whose route changes. Two switches between stacks do when nobody could have booted meanwhile, with pauses it takes four within ten
 * minutes or more of them, which no dual boot makes; and three stacks do. Routers that balance load give a host distances 1 or 2 hops apart: that is one system, which from then on is
 * known to vary. A phone that tethers differs from the machine behind it in its stack; when both run Linux by the fixed window of
 * phones and the one hop between, unless distances vary. Two equal machines at equal distance look like one, and are reported as one.
 */
import type { ConnectionInfo } from "../../connection-info.ts"
import type { Registered } from "../../tcp/database/database.ts"
import { BITS_DIST, FACT_BITS, FACT_LINK, FACT_STACK } from "../../tcp/matching/fingerprint-facts.ts"
import {
  hasPhoneWindow,
  mergeClasses,
  OTHER_FAMILY,
  stackDifference,
  windowsDiffer
} from "../../tcp/matching/stack-class.ts"
import type { Packet } from "../../packet/packet.ts"
import {
  COLD_CLIENT_CLOCK,
  COLD_LAST_CHG,
  COLD_LAST_NAT,
  COLD_OTHERS,
  COLD_SERVER_CLASS,
  COLD_SERVER_SYSTEM,
  COLD_SHARED,
  COLD_SHARED_REASONS,
  COLD_SHARED_SEC,
  COLD_SHIFT,
  COLD_SYNACK_MS,
  COLD_UPTIME,
  HOST_CLASS,
  HOST_SYN_MS,
  HOST_SYSTEM,
  HOT_SHIFT,
  OTHER_WORDS,
  OTHERS
} from "../hosts/host-record.ts"
import type { Hosts } from "../hosts/hosts.ts"
import type { Labels } from "../hosts/label-table.ts"
import type { NatScore } from "./nat-score.ts"
import { CLIENT, type Endpoints, type ObservationLog, SERVER, type Subject } from "../log/observation-log.ts"
import { SeenSystem } from "./seen-system.ts"
import {
  REASON_DATE,
  REASON_MTU,
  REASON_OS_DIFF,
  REASON_SIG_DIFF,
  REASON_SRV_SIG_LB,
  REASON_TTL,
  REASON_VIA,
  REASON_X_KNOWN
} from "./sharing-reasons.ts"

/** Score from which on an address is said to be shared. */
export const SHARED_THRESHOLD = 50
export const SHARED_WINDOW_SECONDS = 3600
const MOST = 100

const STACK_WEIGHT = 30
const MTU_WEIGHT = 20
const TTL_WEIGHT = 12
const FURTHER_WEIGHT = 5
/** Weight of a clear-text HTTP message with Via: three of them are enough. */
const VIA_WEIGHT = 20
const SERVER_WEIGHT = 12

/** After so long a machine may have started its other system, or its cable may lie elsewhere. */
const BOOT_SECONDS = 30

/** Distances of one host over paths that are balanced. */
const JITTER_HOPS = 2

// A system is two words: its class, and interface MSS << 16 | distance << 8 | these.
const SYSTEM_KNOWN = 1
const SYSTEM_IS_SERVER = 2
/** The system was seen at distances 1 or 2 hops apart. */
const SYSTEM_VARIES = 4
const distanceOf = (system: number): number => (system >>> 8) & 255

/** REASON_ bits for what two systems differ in, 0 when they can be one. */
function differences(aClass: number, a: number, bClass: number, b: number): number {
  const stack = stackDifference(aClass, bClass)
  let reasons = stack === 0 ? 0 : stack === OTHER_FAMILY ? REASON_OS_DIFF : REASON_SIG_DIFF
  const mss = a >>> 16
  if (mss !== 0 && b >>> 16 !== 0 && mss !== b >>> 16) reasons |= REASON_MTU
  const hops = distanceOf(a) - distanceOf(b)
  if (hops > JITTER_HOPS || hops < -JITTER_HOPS) reasons |= REASON_TTL
  else if (reasons === 0 && windowsDiffer(aClass, bClass) && ((a | b) & SYSTEM_VARIES) === 0) {
    // The phone is the router of what it tethers: one hop nearer.
    if (hops === (hasPhoneWindow(aClass) ? -1 : 1)) reasons = REASON_TTL
  }
  return reasons
}

function weightOf(reasons: number): number {
  const stack = (reasons & (REASON_OS_DIFF | REASON_SIG_DIFF)) !== 0 ? 1 : 0
  const mtu = (reasons & REASON_MTU) !== 0 ? 1 : 0
  const ttl = (reasons & REASON_TTL) !== 0 ? 1 : 0
  const strongest = stack !== 0 ? STACK_WEIGHT : mtu !== 0 ? MTU_WEIGHT : TTL_WEIGHT
  return strongest + FURTHER_WEIGHT * (stack + mtu + ttl - 1)
}

/** Two looks at one system. */
const merge = (known: number, next: number): number =>
  (next >>> 16 === 0 ? (known & 0xffff0000) | (next & 0xffff) : next) |
  (known & SYSTEM_VARIES) |
  (distanceOf(known) === distanceOf(next) ? 0 : SYSTEM_VARIES)

export class Sharing implements NatScore {
  log: ObservationLog | undefined = undefined
  labels: Labels
  hostChanges = 0
  ipSharings = 0
  readonly #hosts: Hosts
  readonly #window: number
  /** The two systems of a switch. `#switch` merges `#now` with what is known of it. */
  readonly #before = new SeenSystem()
  readonly #now = new SeenSystem()

  constructor(hosts: Hosts, labels: Labels, windowSeconds: number) {
    this.#hosts = hosts
    this.labels = labels
    this.#window = windowSeconds
  }

  addSyn(host: number, _packet: Packet, facts: Int32Array, of: number, _ms: number, at: Endpoints): boolean {
    const stack = facts[of + FACT_STACK]!
    if (stack === 0) return true
    const hosts = this.#hosts
    const { hot } = hosts
    const base = host << HOT_SHIFT
    const system = (facts[of + FACT_LINK]! & 0xffff0000) | ((facts[of + FACT_BITS]! & BITS_DIST) << 8) | SYSTEM_KNOWN
    const known = hot[base + HOST_SYSTEM]!
    const knownClass = hot[base + HOST_CLASS]!
    if (knownClass === stack && (known & ~SYSTEM_VARIES) === system) return true
    if (known === 0) {
      hot[base + HOST_CLASS] = stack
      hot[base + HOST_SYSTEM] = system
      return true
    }
    const reasons = differences(knownClass, known, stack, system)
    if (reasons === 0) {
      hot[base + HOST_CLASS] = mergeClasses(knownClass, stack)
      hot[base + HOST_SYSTEM] = merge(known, system)
      return true
    }
    const now = this.#now
    this.#before.set(knownClass, known, Math.floor(hosts.hotFloat[(base >> 1) + HOST_SYN_MS]! / 1000) | 0)
    now.set(stack, system, at.sec)
    this.#switch(host, CLIENT, reasons, at)
    hot[base + HOST_CLASS] = now.stack
    hot[base + HOST_SYSTEM] = now.system
    return false
  }

  addSynAck(host: number, _packet: Packet, facts: Int32Array, of: number, _ms: number, at: Endpoints): boolean {
    const hosts = this.#hosts
    const base = hosts.coldOf(host)
    const { cold } = hosts
    const stack = facts[of + FACT_STACK]!
    const system = ((facts[of + FACT_BITS]! & BITS_DIST) << 8) | SYSTEM_KNOWN | SYSTEM_IS_SERVER
    const known = cold[base + COLD_SERVER_SYSTEM]!
    const knownClass = cold[base + COLD_SERVER_CLASS]!
    const reasons = known === 0 ? 0 : differences(knownClass, known, stack, system)
    if (reasons === 0) {
      cold[base + COLD_SERVER_CLASS] = known === 0 ? stack : mergeClasses(knownClass, stack)
      cold[base + COLD_SERVER_SYSTEM] = known === 0 ? system : merge(known, system)
      return true
    }
    const now = this.#now
    this.#before.set(knownClass, known, Math.floor(hosts.coldFloat[(base >> 1) + COLD_SYNACK_MS]! / 1000) | 0)
    now.set(stack, system, at.sec)
    this.#switch(host, SERVER, reasons, at)
    cold[base + COLD_SERVER_CLASS] = now.stack
    cold[base + COLD_SERVER_SYSTEM] = now.system
    return false
  }

  /** A scanner run by a host is not another host. */
  addToolClass(_host: number, _subject: Subject, _match: Registered, _at: Endpoints): void {}

  /** A browser that lies or runs elsewhere than it should (app_vs_os, ua_vs_os) is no second host; bad_sw and hints report it. */
  add(host: number, subject: Subject, reasons: number, _score: number, at: Endpoints): void {
    const telling = reasons & (REASON_VIA | REASON_SRV_SIG_LB | REASON_DATE | REASON_X_KNOWN | REASON_OS_DIFF)
    if (telling === 0) return
    const weight = (telling & (REASON_VIA | REASON_SRV_SIG_LB)) !== 0 ? VIA_WEIGHT : SERVER_WEIGHT
    this.#raise(host, subject, telling, weight, false, at)
  }

  /** Sets sharedScore, sharedReasons and nat as of the second `sec`. */
  fill(host: number, sec: number, into: ConnectionInfo): void {
    const hosts = this.#hosts
    const base = host << COLD_SHIFT
    const score = hosts.hasCold(host) ? Math.round(this.#scoreAt(base, sec)) : 0
    into.sharedScore = score
    into.sharedReasons = score === 0 ? 0 : hosts.cold[base + COLD_SHARED_REASONS]!
    into.nat = score >= SHARED_THRESHOLD
  }

  /** Another system than before: `#before` joins the earlier ones, and `#now` leaves them if it is there. */
  #switch(host: number, subject: Subject, reasons: number, at: Endpoints): void {
    const hosts = this.#hosts
    const base = hosts.coldOf(host)
    const { cold } = hosts
    const before = this.#before
    const now = this.#now
    const { stack, system } = now
    const oldest = (now.sec - this.#window) | 0
    let found = -1
    let free = -1
    let others = 0
    for (let slot = 0; slot < OTHERS; slot++) {
      const of = base + COLD_OTHERS + slot * OTHER_WORDS
      const other = cold[of + 1]!
      if (other !== 0 && ((cold[of + 2]! - oldest) | 0) < 0) cold[of + 1] = 0
      if (cold[of + 1] === 0) {
        free = slot
        continue
      }
      if (((other ^ system) & SYSTEM_IS_SERVER) !== 0) continue
      others++
      if (found < 0 && differences(cold[of]!, other, stack, system) === 0) found = slot
    }
    const isRecent = ((before.sec - oldest) | 0) >= 0
    if (found >= 0) {
      const of = base + COLD_OTHERS + found * OTHER_WORDS
      now.stack = mergeClasses(cold[of]!, stack)
      now.system = merge(cold[of + 1]!, system)
      cold[of + 1] = 0
      free = found
    }
    if (isRecent) {
      if (free < 0) free = this.#leastRecent(base)
      const of = base + COLD_OTHERS + free * OTHER_WORDS
      cold[of] = before.stack
      cold[of + 1] = before.system
      cold[of + 2] = before.sec
    }
    // Its clock was the other system's.
    if (subject === CLIENT) {
      cold[base + COLD_CLIENT_CLOCK] = 0
      cold[base + COLD_UPTIME] = -1
    }
    let weight = isRecent ? weightOf(reasons) : 0
    if (found < 0 && others > 0) weight *= 1.5
    else if (others <= (found < 0 ? 0 : 1) && ((now.sec - before.sec) | 0) >= BOOT_SECONDS) weight /= 2
    this.#raise(host, subject, reasons, weight, found < 0, at)
  }

  #leastRecent(base: number): number {
    const { cold } = this.#hosts
    let least = 0
    for (let slot = 1; slot < OTHERS; slot++) {
      const of = base + COLD_OTHERS + 2
      if (((cold[of + slot * OTHER_WORDS]! - cold[of + least * OTHER_WORDS]!) | 0) < 0) least = slot
    }
    return least
  }

  #raise(host: number, subject: Subject, reasons: number, weight: number, isNew: boolean, at: Endpoints): void {
    const hosts = this.#hosts
    const base = hosts.coldOf(host)
    const { cold } = hosts
    const before = this.#scoreAt(base, at.sec)
    const score = Math.min(MOST, before + weight)
    // Once the score has faded, the earlier reasons no longer count.
    cold[base + COLD_SHARED_REASONS] = before < 1 ? reasons : cold[base + COLD_SHARED_REASONS]! | reasons
    cold[base + COLD_SHARED] = Math.round(score * 256)
    cold[base + COLD_SHARED_SEC] = at.sec
    if (score >= SHARED_THRESHOLD) {
      cold[base + COLD_LAST_NAT] = at.sec
      if (before < SHARED_THRESHOLD) {
        this.ipSharings++
        this.log?.sharing(at, subject, true, cold[base + COLD_SHARED_REASONS]!, Math.round(score))
      }
    }
    if (isNew) {
      this.hostChanges++
      cold[base + COLD_LAST_CHG] = at.sec
      if (score < SHARED_THRESHOLD) this.log?.sharing(at, subject, false, reasons, Math.round(score))
    }
  }

  /** The score at a time; time that runs backwards does not change it. */
  #scoreAt(base: number, sec: number): number {
    const { cold } = this.#hosts
    const score = cold[base + COLD_SHARED]! / 256
    const age = (sec - cold[base + COLD_SHARED_SEC]!) | 0
    return score === 0 || age <= 0 ? score : score * 2 ** ((-3 * age) / this.#window)
  }
}
