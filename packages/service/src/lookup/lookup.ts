/**
 * The one function that front ends call about a connection.
 *
 *     lookup in the chain ──hit──► same ISN as before? ──no──► decode ──► fingerprint ──► history ──► kept, answered
 *            │                         └──yes──────────────────────────────────────► same answer
 *            └──miss──► answered before? ──yes──► same answer
 *                              └──no──► the reason
 *
 * HAProxy asks at the first request, not at accept, and may ask on every request: the answer for a connection stays until a SYN with
 * another ISN is seen for its key. Each connection enters history once, however often it is asked about.
 */
import {
  type ConnectionInfo,
  AnswerCache,
  KEY_CLIENT,
  KEY_CLIENT_PORT,
  type Matcher,
  type Observer,
  Packet,
  REQUEST,
  VERDICT_TCP,
  decodeSyn,
  i32,
  u16
} from "@synprint/core"
import { type CaptureBackend, type Connection, makeRawSyn } from "../capture/backend.ts"

export interface FingerprintLookup {
  /**
   * Fills `into`. A client port of 0 in the key asks by address alone. Synchronous, never throws; a repeated question about a
   * connection gets the same answer until a SYN with another ISN is seen for the key.
   */
  readonly answer: (connection: Connection, into: ConnectionInfo) => void
}

/** An answerer with its own state, as a service holds it. */
export interface LiveFingerprintLookup extends FingerprintLookup {
  /** After a reload of the databases. Answers that were given keep their fingerprint and are matched anew. */
  readonly setMatcher: (matcher: Matcher, generation?: number) => void
  readonly stats: () => FingerprintLookupStats
}

export interface FingerprintLookupStats {
  /** Connections whose answer is kept. */
  readonly answers: number
  readonly answersEvicted: number
  /** Questions that got the same answer as before. */
  readonly repeated: number
}

export interface FingerprintLookupOptions {
  /** undefined: capture is turned off, status `disabled`. */
  readonly capture: Pick<CaptureBackend, "lookup" | "packets"> | undefined
  /** Per-address history; its matcher is ours. */
  readonly observer: Observer
  /**
   * Source of history: "connections" = those that a front end asked about, each once; "feed" = every packet of the tap
   * (mode p0f, [p0f_api]), which must be subscribed already.
   */
  readonly history: "connections" | "feed"
  /** Connections whose answer is kept; 0: none, since the front end asks about each once. */
  readonly answers: number
}

export function makeFingerprintLookup(options: FingerprintLookupOptions): LiveFingerprintLookup {
  const { capture, observer, history } = options
  const { isP0fMode, transaction } = observer
  const feed = history === "feed" ? capture?.packets : undefined
  const answers =
    options.answers === 0 ? undefined : new AnswerCache(options.answers, (Math.random() * 0x1_0000_0000) | 0)
  const raw = makeRawSyn()
  const packet = new Packet()
  let { matcher } = observer
  let repeated = 0

  const fillHistory = (key: Uint8Array, nowSec: number, into: ConnectionInfo): void => {
    if (transaction !== undefined && !transaction.begin()) return
    const host = observer.lookUp(
      key[0]!,
      i32(key, KEY_CLIENT),
      i32(key, KEY_CLIENT + 4),
      i32(key, KEY_CLIENT + 8),
      i32(key, KEY_CLIENT + 12),
      nowSec
    )
    if (host >= 0) observer.fillConnectionInfo(host, into)
    transaction?.commit()
  }

  const answer = (connection: Connection, into: ConnectionInfo): void => {
    const { key } = connection
    if (capture === undefined) {
      into.reset("disabled")
      return
    }
    feed?.drain()
    if (u16(key, KEY_CLIENT_PORT) === 0) {
      into.reset("by_address")
      fillHistory(key, Math.floor(connection.openedAtMs / 1000), into)
      return
    }
    const found = capture.lookup(connection, raw)
    const known = answers === undefined ? -1 : answers.find(key)
    const isn = found === "hit" ? i32(raw.bytes, raw.tcp + 4) : 0
    // An empty saved SYN is this connection's own; the answer kept for the key belonged to an earlier one.
    if (
      answers !== undefined &&
      known >= 0 &&
      found !== "syncookie" &&
      (found !== "hit" || answers.isnOf(known) === isn)
    ) {
      repeated++
      into.reset("ok")
      into.fingerprint = matcher.fingerprintOfKey(answers.fingerprintKeys, answers.fingerprintKeyAt(known))
      // HTTP facts of the address may have become known since; the rest is as it was answered.
      if (history === "feed") fillHistory(key, Math.floor(connection.openedAtMs / 1000), into)
      answers.restore(known, into)
      return
    }
    if (found !== "hit") {
      into.reset(found === "unsupported" ? "not_captured" : found)
      return
    }
    if (decodeSyn(raw, packet, isP0fMode) !== VERDICT_TCP) {
      into.reset("malformed")
      return
    }
    into.reset("ok")
    const fingerprintEntry = matcher.lookup(packet, REQUEST, 0)
    into.fingerprint = matcher.fingerprintAt(fingerprintEntry)
    into.retransmits = raw.retransmits
    if (history === "connections") {
      if (transaction === undefined || transaction.begin()) {
        observer.fillConnectionInfo(observer.connection(packet, raw.seenAtMs, fingerprintEntry), into)
        transaction?.commit()
      }
    } else fillHistory(key, Math.floor(raw.seenAtMs / 1000), into)
    if (answers === undefined) return
    const entry = known >= 0 ? known : answers.add(key)
    matcher.copyKey(fingerprintEntry, answers.fingerprintKeys, answers.fingerprintKeyAt(entry))
    answers.store(entry, isn, into)
  }

  return {
    answer,
    setMatcher: (next, generation) => {
      matcher = next
      observer.setMatcher(next, generation)
    },
    stats: () => ({ answers: answers?.size ?? 0, answersEvicted: answers?.evictions ?? 0, repeated })
  }
}
