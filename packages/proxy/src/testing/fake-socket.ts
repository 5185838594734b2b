/**
 * A socket as Bun's, without a descriptor: it records what is written and what is done to it.
 */
import type { Socket } from "bun"
import { latin1 } from "../http1/byte-classes.ts"

export class FakeSocket {
  data: unknown = undefined
  remoteAddress = "192.0.2.1"
  remotePort = 40_000
  localAddress = "192.0.2.2"
  localPort = 80
  authorized = true
  text = ""
  /** Bytes that the socket takes with the next writes. */
  room: number = Number.POSITIVE_INFINITY
  /** True once the peer has reset the connection: every write fails. */
  isReset = false
  isPaused = false
  /** Calls other than writes, in order. */
  readonly calls: Array<string> = []

  get socket(): Socket<unknown> {
    return this as unknown as Socket<unknown>
  }

  write(bytes: Uint8Array, from = 0, length: number = bytes.length - from): number {
    if (this.isReset) return -1
    const taken = Math.min(length, this.room)
    this.room -= taken
    this.text += latin1(bytes, from, from + taken)
    return taken
  }

  pause(): void {
    this.isPaused = true
    this.calls.push("pause")
  }

  resume(): void {
    this.isPaused = false
    this.calls.push("resume")
  }

  shutdown(): void {
    this.calls.push("shutdown")
  }

  end(): void {
    this.calls.push("end")
  }

  close(): void {
    this.calls.push("close")
  }

  terminate(): void {
    this.calls.push("terminate")
  }

  getAuthorizationError(): Error | null {
    return this.authorized ? null : new Error("self-signed certificate")
  }

  /** Removes and returns what was written. */
  take(): string {
    const { text } = this
    this.text = ""
    return text
  }
}
