/**
 * HintedLog: an observation log that adds hints to HTTP requests in clear text: the User-Agent against the SYN of its connection. For
 * captures that are replayed; a front end hints by itself.
 *
 *     slot = hash of the connection, direct-mapped: a later connection takes the place of an earlier one
 */
import { hashWord } from "../bytes/hash.ts"
import { ConnectionInfo } from "../connection-info.ts"
import type { TcpFingerprint } from "../tcp/matching/fingerprint.ts"
import {
  CLIENT,
  type Endpoints,
  type HttpObservation,
  type ObservationLog,
  type Subject
} from "../history/log/observation-log.ts"
import { claimOf } from "./claim.ts"
import { Hinter } from "./hints.ts"
import { DEFAULT_HINTS, HintPolicy } from "./policy.ts"
import { platformOfUserAgent } from "./user-agent.ts"

/** Connections whose SYN is remembered. */
const SLOTS = 8192
const WORDS = 9
const NO_ADDRESS = new Uint8Array(16)

/** A log that prints: requests come to it with their hints. */
export class HintedLog<Log extends ObservationLog & { readonly flush: () => void }> implements ObservationLog {
  readonly inner: Log
  readonly #hinter = new Hinter(new HintPolicy(DEFAULT_HINTS))
  readonly #info = new ConnectionInfo()
  readonly #keys = new Int32Array(SLOTS * WORDS)
  readonly #fingerprints: Array<TcpFingerprint | undefined> = Array.from({ length: SLOTS }, () => undefined)

  constructor(inner: Log) {
    this.inner = inner
  }

  flush(): void {
    this.inner.flush()
  }

  syn(at: Endpoints, fingerprint: TcpFingerprint, sendsyn: boolean, entry: number): void {
    const slot = slotOf(at)
    this.#fingerprints[slot] = fingerprint
    writeKey(at, this.#keys, slot * WORDS)
    this.inner.syn(at, fingerprint, sendsyn, entry)
  }

  http(at: Endpoints, subject: Subject, seen: HttpObservation): void {
    seen.hints = subject === CLIENT ? this.#hints(at, seen) : undefined
    this.inner.http(at, subject, seen)
  }

  #hints(at: Endpoints, seen: HttpObservation): string | undefined {
    const slot = slotOf(at)
    const fingerprint = this.#fingerprints[slot]
    if (fingerprint === undefined || !isKey(at, this.#keys, slot * WORDS)) return undefined
    this.#info.reset("ok")
    this.#info.fingerprint = fingerprint
    const connection = this.#hinter.connection(this.#info, 0, NO_ADDRESS, 0)
    const platform = platformOfUserAgent(seen.bytes, seen.agentAt, seen.agentLength)
    return this.#hinter.list(connection, claimOf(platform, 0, false), 0)
  }

  synAck(at: Endpoints, fingerprint: TcpFingerprint, sendsyn: boolean): void {
    this.inner.synAck(at, fingerprint, sendsyn)
  }

  mtu(at: Endpoints, subject: Subject, fingerprint: TcpFingerprint, entry: number): void {
    this.inner.mtu(at, subject, fingerprint, entry)
  }

  uptime(at: Endpoints, subject: Subject, minutes: number, moduloDays: number, hertz: number): void {
    this.inner.uptime(at, subject, minutes, moduloDays, hertz)
  }

  sharing(at: Endpoints, subject: Subject, isShared: boolean, reasons: number, score: number): void {
    this.inner.sharing(at, subject, isShared, reasons, score)
  }

  /** p0f mode has no hints. */
  hostChange(): void {}
  ipSharing(): void {}
}

function slotOf(at: Endpoints): number {
  let hash = hashWord(hashWord(at.client0, at.client3), at.server0)
  hash = hashWord(hashWord(hash, at.server3), (at.clientPort << 16) | at.serverPort)
  return (hash ^ (hash >>> 15)) & (SLOTS - 1)
}

function writeKey(at: Endpoints, keys: Int32Array, base: number): void {
  keys[base] = at.client0
  keys[base + 1] = at.client1
  keys[base + 2] = at.client2
  keys[base + 3] = at.client3
  keys[base + 4] = at.server0
  keys[base + 5] = at.server1
  keys[base + 6] = at.server2
  keys[base + 7] = at.server3
  keys[base + 8] = (at.clientPort << 16) | at.serverPort
}

function isKey(at: Endpoints, keys: Int32Array, base: number): boolean {
  return (
    keys[base] === at.client0 &&
    keys[base + 1] === at.client1 &&
    keys[base + 2] === at.client2 &&
    keys[base + 3] === at.client3 &&
    keys[base + 4] === at.server0 &&
    keys[base + 5] === at.server1 &&
    keys[base + 6] === at.server2 &&
    keys[base + 7] === at.server3 &&
    keys[base + 8] === ((at.clientPort << 16) | at.serverPort)
  )
}
