/**
 * All TCP traffic of all interfaces as one feed for p0f mode, ordered by time stamp.
 */
import { CapturedFrame, type PacketSink } from "@synprint/core"
import type { PacketFeed } from "@synprint/service"
import type { Libpcap } from "./libpcap.ts"
import { Ring } from "./ring.ts"
import type { Tap } from "./tap.ts"

/** Maximum number of packets per drain, two full rings, so that a sink that is slower than the wire cannot hold up the process. */
const DRAIN_LIMIT = 8192

export function makeFeed(c: Libpcap, taps: ReadonlyArray<Tap>, snaplen: number): PacketFeed {
  const rings = taps.map(() => new Ring(c, snaplen))
  // True: `rings[i]` holds a packet that is not delivered yet. Its bytes are a copy, valid even after the handle was closed.
  const holds = taps.map(() => false)
  const linkTypes = taps.map(() => 0)
  const frame = new CapturedFrame()
  let sink: PacketSink | undefined

  const fill = (i: number): void => {
    const tap = taps[i]!
    if (tap.handle === undefined) return
    const result = rings[i]!.next(tap.handle)
    if (result < 0) tap.markLost()
    else if (result === 1) {
      holds[i] = true
      linkTypes[i] = tap.handle.linkType
    }
  }

  return {
    subscribe: (next) => {
      sink = next
    },
    drain: () => {
      if (sink === undefined) return 0
      for (let count = 0; count < DRAIN_LIMIT; count++) {
        let oldest = -1
        for (let i = 0; i < rings.length; i++) {
          if (!holds[i]) fill(i)
          if (holds[i] && (oldest < 0 || isBefore(rings[i]!, rings[oldest]!))) oldest = i
        }
        if (oldest < 0) return count
        const ring = rings[oldest]!
        holds[oldest] = false
        frame.bytes = ring.bytes
        frame.at = ring.at
        frame.captured = ring.captured
        frame.wire = ring.wire
        frame.linkType = linkTypes[oldest]!
        frame.sec = ring.sec
        frame.usec = ring.usec
        sink(frame)
      }
      return DRAIN_LIMIT
    }
  }
}

function isBefore(a: Ring, b: Ring): boolean {
  return a.sec < b.sec || (a.sec === b.sec && a.usec < b.usec)
}
