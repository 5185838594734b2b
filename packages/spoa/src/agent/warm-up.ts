/**
 * Warm-up: answers made-up questions before the agent listens, until the JIT has compiled the way from a NOTIFY to its ACK.
 *
 * Without it the first 50 requests of a site wait 30 to 60 ms for a cold agent, longer than HAProxy's processing time-out, and are
 * served without an answer after every restart. Everything that it fills is its own and is thrown away: no counter, no history and
 * no kept answer of the service knows of it.
 */
import type { Database } from "@synprint/core"
import {
  type FingerprintLookupStats,
  syntheticSyn4,
  syntheticSyn6,
  openWarmUpEngine,
  setClientPort
} from "@synprint/service"
import * as Effect from "effect/Effect"
import type { Config } from "../config.ts"
import { Agent } from "./agent.ts"
import { Counters } from "./counters.ts"
import { beginFrame, endFrame, HAPROXY_HELLO, NOTIFY } from "../protocol/frame.ts"
import { writeNumberPair, writeTextPair } from "../protocol/key-value-list.ts"
import { Output } from "../protocol/output.ts"
import { Session } from "../protocol/session.ts"
import {
  FLAG_TRUE,
  TYPE_BINARY,
  TYPE_BOOL,
  TYPE_INT64,
  TYPE_IPV4,
  TYPE_IPV6,
  writeString,
  writeTypedInteger
} from "../protocol/typed-data.ts"
import { VariableWriter } from "../protocol/variables.ts"
import { writeVarint } from "../protocol/varint.ts"

/** Questions: after the first 1000 an answer takes 10 us instead of 100; all take 50 ms. */
const QUESTIONS = 2000
/** HAProxy pipelines up to 20 on a connection. */
const BATCH = 10
/** Fewer than connections, so that some are evicted. */
const ANSWERS = 256

const SYN4 = syntheticSyn4()
const SYN6 = syntheticSyn6()

/** Gives what its answerer counted, for the test that it warms what it should; undefined when it could not run. */
export const warmUp = (config: Config, database: Database): Effect.Effect<FingerprintLookupStats | undefined> =>
  Effect.scoped(
    Effect.gen(function* () {
      const lookup = yield* openWarmUpEngine(config, database, ANSWERS)
      const counters = new Counters()
      const variables = new VariableWriter(config.spoa.variables)
      const agent = new Agent({ lookup, variables, key: config.capture.key, http: undefined }, counters)
      const settings = { ...config.spoa, unhealthy: () => undefined }
      askAll(() => new Session(settings, agent, counters))
      return lookup.stats()
    })
    // Nothing depends on it: an agent that could not warm up is slow for a moment.
  ).pipe(Effect.catchCause(() => Effect.undefined))

/** A new session for every batch, as at the start of a site. */
function askAll(open: () => Session): void {
  const input = new Uint8Array(new ArrayBuffer(16_384))
  const out = new Output()
  for (let asked = 0; asked < QUESTIONS;) {
    let end = writeHello(input)
    for (let i = 0; i < BATCH; i++) end = writeNotify(input, end, asked++)
    out.length = 0
    open().feed(input.subarray(0, end), 0, out)
  }
}

function writeHello(out: Uint8Array): number {
  let at = beginFrame(out, 0, HAPROXY_HELLO)
  at = writeTextPair(out, at, "supported-versions", "2.0")
  at = writeNumberPair(out, at, "max-frame-size", 16_380)
  at = writeTextPair(out, at, "capabilities", "pipelining,async")
  endFrame(out, 0, at)
  return at
}

/** The message of our examples, with a connection of its own for every number, each asked about twice. */
function writeNotify(out: Uint8Array, start: number, number: number): number {
  const isIpv6 = (number & 2) !== 0
  const syn = isIpv6 ? SYN6 : SYN4
  const { bytes, addresses, addressLength: length } = syn
  const port = 1024 + (number >> 1)
  setClientPort(syn, port)

  let at = beginFrame(out, start, NOTIFY)
  at = writeString(out, at, "synprint-conn")
  out[at++] = 6
  at = writeString(out, at, "src")
  at = writeBytes(out, at, isIpv6 ? TYPE_IPV6 : TYPE_IPV4, bytes, addresses, length)
  at = writeTypedInteger(out, writeString(out, at, "sport"), TYPE_INT64, port)
  at = writeString(out, at, "dst")
  at = writeBytes(out, at, isIpv6 ? TYPE_IPV6 : TYPE_IPV4, bytes, addresses + length, length)
  at = writeTypedInteger(out, writeString(out, at, "dport"), TYPE_INT64, 80)
  at = writeString(out, at, "pp")
  // Some connections come through a balancer.
  out[at++] = number % 16 === 15 ? TYPE_BOOL | FLAG_TRUE : TYPE_BOOL
  at = writeString(out, at, "syn")
  out[at++] = TYPE_BINARY
  at = writeVarint(out, at, bytes.length)
  out.set(bytes, at)
  at += bytes.length
  endFrame(out, start, at)
  return at
}

function writeBytes(
  out: Uint8Array,
  at: number,
  type: number,
  from: Uint8Array,
  start: number,
  length: number
): number {
  out[at++] = type
  for (let i = 0; i < length; i++) out[at++] = from[start + i]!
  return at
}
