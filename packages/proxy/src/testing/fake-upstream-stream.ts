/**
 * An upstream stream that records what it is sent; the test plays the upstream.
 */
import { bytesOf, latin1 } from "../http1/byte-classes.ts"
import type { Ownership } from "@synprint/linux/sockets"
import type { PooledConnection, Upstream } from "../upstream/upstream.ts"
import type { Downstream } from "../upstream/upstream-stream.ts"

export class FakeUpstreamStream implements PooledConnection {
  readonly upstream: Upstream | undefined
  downstream: Downstream | undefined
  isBroken = false
  /** True: the next send finds that the connection is closed. */
  breaksOnSend = false
  isSilent = true
  isLast = false
  isPaused = false
  /** False: the stream takes bytes and reports that they wait. */
  takesAll = true
  text = ""
  readonly calls: Array<string> = []

  constructor(downstream?: Downstream, upstream?: Upstream) {
    this.downstream = downstream
    this.upstream = upstream
  }

  attach(downstream: Downstream): void {
    this.downstream = downstream
    this.calls.push("attach")
  }

  connect(): void {
    this.calls.push("connect")
  }

  send(bytes: Uint8Array, from: number, end: number, _ownership: Ownership): boolean {
    if (this.breaksOnSend) this.isBroken = true
    if (this.isBroken) return true
    this.text += latin1(bytes, from, end)
    return this.takesAll
  }

  takePending(): ReadonlyArray<Uint8Array> {
    return [bytesOf(this.text)]
  }

  pauseReading(): void {
    this.isPaused = true
  }

  resumeReading(): void {
    this.isPaused = false
  }

  detachEpoll(): void {
    this.calls.push("detachEpoll")
  }

  shutdown(): void {
    this.calls.push("shutdown")
  }

  release(): void {
    this.calls.push("release")
  }

  drop(): void {
    this.calls.push("drop")
  }

  /** The upstream answers. */
  answer(text: string, isBorrowed = false): void {
    const bytes = bytesOf(text)
    this.downstream!.fromUpstream(bytes, isBorrowed)
    // Borrowed bytes are overwritten, as by the next read.
    if (isBorrowed) bytes.fill(0x21)
  }
}
