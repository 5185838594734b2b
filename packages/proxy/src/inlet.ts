/**
 * Inlet: what is read from one socket. Reading pauses while the other side takes nothing, and what came before its turn waits here.
 */
import type { Socket } from "bun"
import { Outlet } from "./outlet.ts"

export abstract class Inlet extends Outlet {
  #isPaused = false
  #held: Uint8Array | undefined = undefined

  /** Octets that wait. */
  get held(): number {
    return this.#held === undefined ? 0 : this.#held.length
  }

  /** Behind what waits already. */
  hold(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes])
  }

  /** What waits, which waits no more. */
  takeHeld(): Uint8Array | undefined {
    const held = this.#held
    this.#held = undefined
    return held
  }

  forgetHeld(): void {
    this.#held = undefined
  }

  /** Another socket takes the place of the last one, of which nothing waits. */
  protected reopen(socket: Socket<unknown>): void {
    this.socket = socket
    this.isBroken = this.#isPaused = false
  }

  pauseReading(): void {
    if (this.#isPaused || this.socket === undefined) return
    this.#isPaused = true
    this.socket.pause()
  }

  resumeReading(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.socket?.resume()
  }
}
