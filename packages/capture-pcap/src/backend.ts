/**
 * The backend: a lookup takes what waits in the rings of all interfaces, then asks the store. The tap runs before the TCP stack,
 * so the SYN of a connection that a front end knows is in a ring already.
 *
 * A timer empties the rings between lookups. An interface that goes away is closed and tried again. In feed mode each interface
 * has a second handle for the whole TCP traffic, so that lookups stay cheap and never swallow a packet of the feed.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import {
  type CaptureBackend,
  CaptureError,
  type CaptureFilter,
  type Connection,
  type Miss,
  type RawSyn
} from "@synprint/service"
import type { PcapOptions } from "./config.ts"
import { drainTimer } from "./drain-timer.ts"
import { SynDrain } from "./drain.ts"
import { makeFeed } from "./feed.ts"
import { feedFilterText, filterProblems, synFilterText } from "./filter.ts"
import { ANY, openLibpcap, setHandleFilter, type Totals } from "./handle.ts"
import { reportEveryMinute } from "./minute-report.ts"
import { MissedConnection } from "./missed-interface.ts"
import { SynStore } from "./syn-store.ts"
import { openTap, type Tap } from "./tap.ts"

/** p0f looks at the first 8 KiB of a flow (config.h: MAX_FLOW_DATA); longer packets are segments merged by the kernel. */
const FEED_SNAPLEN = 8192 + 128

const ANYTHING: CaptureFilter = { ports: [], addresses: [], key: "connection" }

export const open = (options: PcapOptions): Effect.Effect<CaptureBackend, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    yield* checkFilter(options.filter)
    const c = yield* openLibpcap
    let filter = options.filter
    let store = new SynStore(options.capacity, options.maxAgeMs, filter.key)
    const drain = new SynDrain(c, options.config.snaplen, store, filter)
    new SynDrain(c, options.config.snaplen, new SynStore(256, options.maxAgeMs, filter.key), ANYTHING).warmUp()
    const names = options.interfaces.length === 0 ? [ANY] : [...new Set(options.interfaces)]
    const taps: Array<Tap> = []
    const feedTaps: Array<Tap> = []
    const synFilter = (isEthernet: boolean): string => synFilterText(filter, isEthernet)
    const feedFilter = (isEthernet: boolean): string => feedFilterText(filter, isEthernet)
    for (const name of names) {
      const tap = { interface: name, ...options.config }
      taps.push(yield* openTap(c, tap, synFilter))
      if (options.feed) feedTaps.push(yield* openTap(c, { ...tap, snaplen: FEED_SNAPLEN }, feedFilter))
    }
    const feed = options.feed ? makeFeed(c, feedTaps, FEED_SNAPLEN) : undefined
    const missed = new MissedConnection()
    // The time at the last tick of the timer, at most 100 ms ago: accurate enough for max_age, and Date.now() is 3 % of a lookup.
    let clockMs = Date.now()
    const lookups = { hit: 0, not_captured: 0, stale: 0, backend_down: 0 }
    /** The lookup batch for which the rings were last drained to the end. */
    let drainedBatch: number | undefined

    /** Empties all rings; false: no interface is open. */
    const drainAll = (): boolean => {
      let isOpen = false
      for (let i = 0; i < taps.length; i++) {
        const tap = taps[i]!
        if (tap.handle === undefined) continue
        if (drain.drain(tap.handle)) isOpen = true
        else tap.markLost()
        if (store.hasArrived) return true
      }
      return isOpen
    }

    // The drain stops when the SYN of the sought connection comes out of a ring: finding out that a ring is empty takes a system call,
    // 40 % of a lookup, and in a flood the packets behind it belong to others. The price: if two connections with the same key have
    // their SYNs in one ring (for 0.1 s at most) and nobody looked up the first, a lookup returns the SYN of the first.
    // Lookups of one batch share one drain to the end: of 20 NOTIFYs in one read, only one pays the system call.
    const lookup = (connection: Connection, into: RawSyn): "hit" | Miss => {
      const { batch } = connection
      store.seek(connection.key)
      const isDrained = batch !== undefined && batch === drainedBatch
      const isOpen = isDrained || drainAll()
      if (!isDrained && isOpen && !store.hasArrived) drainedBatch = batch
      const found = store.found(clockMs, into)
      if (found === "hit") lookups.hit++
      else if (!isOpen) {
        lookups.backend_down++
        return "backend_down"
      } else if (found === "stale") lookups.stale++
      else {
        lookups.not_captured++
        missed.note(connection.key)
      }
      return found
    }

    let seen = 0
    yield* drainTimer(() => {
      clockMs = Date.now()
      drainAll()
      const drained = drain.packets - seen
      seen = drain.packets
      // A packet of the feed takes 23 times the room of a SYN in its ring.
      return feed === undefined ? drained : drained + feed.drain() * 23
    })

    const setFilter = (next: CaptureFilter): Effect.Effect<void, CaptureError> =>
      Effect.gen(function* () {
        yield* checkFilter(next)
        // Packets in the rings were captured under the old filter, and libpcap may discard them when the filter changes.
        drainAll()
        feed?.drain()
        if (next.key !== filter.key) store = new SynStore(options.capacity, options.maxAgeMs, next.key)
        filter = next
        drain.use(store, next)
        for (const tap of taps) if (tap.handle !== undefined) yield* setHandleFilter(c, tap.handle, synFilter)
        for (const tap of feedTaps) if (tap.handle !== undefined) yield* setHandleFilter(c, tap.handle, feedFilter)
      })

    const stats = (): Readonly<Record<string, number>> => {
      const syn = totalsOf(taps)
      const whole = totalsOf(feedTaps)
      return {
        ...lookups,
        received: syn.received,
        kernel_drops: syn.kernelDrops,
        interface_drops: syn.interfaceDrops,
        feed_received: whole.received,
        feed_kernel_drops: whole.kernelDrops,
        packets: drain.packets,
        truncated: drain.truncated,
        fragments: drain.fragments,
        unsupported: drain.unsupported,
        malformed: drain.malformed,
        other: drain.other,
        syns: store.added + store.replaced,
        retransmits: store.retransmits,
        copies: store.copies,
        replaced: store.replaced,
        evictions: store.evictions,
        entries: store.entries,
        retention_ms: store.retentionMs,
        interfaces: taps.filter((tap) => tap.handle !== undefined).length,
        interfaces_down: taps.filter((tap) => tap.handle === undefined).length,
        reopened: taps.reduce((sum, tap) => sum + tap.reopened, 0)
      }
    }

    yield* reportEveryMinute(names, missed, stats)

    return {
      name: "pcap",
      recovers: true,
      lookup,
      packets: feed,
      stats,
      down: () => taps.find((tap) => tap.reason !== undefined)?.reason,
      setFilter
    }
  })

/** Refuses a filter that cannot be written as BPF before anything is opened. */
const checkFilter = (filter: CaptureFilter): Effect.Effect<void, CaptureError> => {
  const problems = filterProblems(filter)
  return problems.length === 0
    ? Effect.void
    : Effect.fail(
        new CaptureError({
          backend: "pcap",
          attempted: "build the filter",
          reason: problems.map((bad) => `${bad.entry}: ${bad.problem}`).join("; "),
          hint: "correct [capture] ports and addresses",
          kind: "config"
        })
      )
}

function totalsOf(taps: ReadonlyArray<Tap>): Totals {
  const totals: Totals = { received: 0, kernelDrops: 0, interfaceDrops: 0 }
  for (const tap of taps) tap.addTotals(totals)
  return totals
}
