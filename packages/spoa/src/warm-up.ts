/**
 * Warm-up: answers made-up questions before the agent listens, until the JIT has compiled the way from a NOTIFY to its ACK.
 *
 * Without it the first 50 requests of a site wait 30 to 60 ms for a cold agent, longer than HAProxy's processing time-out, and are
 * served without an answer after every restart. Everything that it fills is its own and is thrown away: no counter, no history and
 * no kept answer of the service knows of it.
 */
import { type Database, Matcher, Observer } from "@synprint/core"
import { type AnswererStats, type Config, captureOptions, makeAnswerer, openChain } from "@synprint/core/runtime"
import * as Effect from "effect/Effect"
import { Agent } from "./agent.ts"
import { backends } from "./backends.ts"
import { Counters } from "./counters.ts"
import { beginFrame, endFrame, HAPROXY_HELLO, NOTIFY } from "./frame.ts"
import { Output } from "./output.ts"
import { Session } from "./session.ts"
import {
  FLAG_TRUE,
  TYPE_BINARY,
  TYPE_BOOL,
  TYPE_INT64,
  TYPE_IPV4,
  TYPE_IPV6,
  TYPE_UINT32,
  writeString,
  writeTypedInteger,
  writeTypedString
} from "./typed-data.ts"
import { VariableWriter } from "./variables.ts"
import { writeVarint } from "./varint.ts"

/** Questions: after the first 1000 an answer takes 10 us instead of 100; all take 50 ms. */
const QUESTIONS = 2000
/** HAProxy pipelines up to 20 on a connection. */
const BATCH = 10
const STORE = 256

/** What a Linux client sends, as TCP_SAVED_SYN gives it: the IP and the TCP header. */
const SYN4 = bytesOf(
  "4500003c00014000400600000a0000010a000002" +
    "9c40005000000001" +
    "00000000a002faf0000000000204" +
    "05b40402080a0000000100000000" +
    "0103030a"
)
const SYN6 = bytesOf(
  "6000000000280640" +
    "20010db8000000000000000000000001" +
    "20010db8000000000000000000000002" +
    "9c40005000000001" +
    "00000000a002fd20000000000204" +
    "05a00402080a0000000100000000" +
    "0103030a"
)

/** Gives what its answerer counted, for the test that it warms what it should; undefined when it could not run. */
export const warmUp = (config: Config, database: Database): Effect.Effect<AnswererStats | undefined> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { mode } = config.fingerprint
      const matcher = new Matcher(database, mode, STORE)
      const observer = new Observer({
        mode,
        matcher,
        maxFlows: STORE,
        maxHosts: STORE,
        flowAgeSeconds: 30,
        hostIdleMinutes: 1
      })
      const capture = yield* openChain(backends, ["saved-syn"], captureOptions(config.capture, false))
      const answerer = makeAnswerer({ capture, matcher, observer, history: "connections", answers: STORE })
      const counters = new Counters()
      const variables = new VariableWriter(config.spoa.variables)
      const agent = new Agent({ answerer, variables, key: config.capture.key, http: undefined }, counters)
      const settings = { ...config.spoa, unhealthy: () => undefined }
      askAll(() => new Session(settings, agent, counters))
      return answerer.stats()
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
  at = writeTypedString(out, writeString(out, at, "supported-versions"), "2.0")
  at = writeTypedInteger(out, writeString(out, at, "max-frame-size"), TYPE_UINT32, 16_380)
  at = writeTypedString(out, writeString(out, at, "capabilities"), "pipelining,async")
  endFrame(out, 0, at)
  return at
}

/** The message of our examples, with a connection of its own for every number, each asked about twice. */
function writeNotify(out: Uint8Array, start: number, number: number): number {
  const isIpv6 = (number & 2) !== 0
  const syn = isIpv6 ? SYN6 : SYN4
  const addresses = isIpv6 ? 8 : 12
  const length = isIpv6 ? 16 : 4
  const port = 1024 + (number >> 1)
  const tcp = isIpv6 ? 40 : 20
  syn[tcp] = port >> 8
  syn[tcp + 1] = port

  let at = beginFrame(out, start, NOTIFY)
  at = writeString(out, at, "synprint-conn")
  out[at++] = 6
  at = writeString(out, at, "src")
  at = writeBytes(out, at, isIpv6 ? TYPE_IPV6 : TYPE_IPV4, syn, addresses, length)
  at = writeTypedInteger(out, writeString(out, at, "sport"), TYPE_INT64, port)
  at = writeString(out, at, "dst")
  at = writeBytes(out, at, isIpv6 ? TYPE_IPV6 : TYPE_IPV4, syn, addresses + length, length)
  at = writeTypedInteger(out, writeString(out, at, "dport"), TYPE_INT64, 80)
  at = writeString(out, at, "pp")
  // Some connections come through a balancer.
  out[at++] = number % 16 === 15 ? TYPE_BOOL | FLAG_TRUE : TYPE_BOOL
  at = writeString(out, at, "syn")
  out[at++] = TYPE_BINARY
  at = writeVarint(out, at, syn.length)
  out.set(syn, at)
  at += syn.length
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

function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(hex.length / 2))
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
