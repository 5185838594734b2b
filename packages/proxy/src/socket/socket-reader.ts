/**
 * Inlet: what is read from one socket. Reading pauses while the other side takes nothing, and what came before its turn waits here.
 */
import type { Socket } from "bun"
import { Outlet } from "./socket-writer.ts"
import type { ReadLane, Reader } from "./epoll-reader.ts"

export abstract class Inlet extends Outlet implements Reader {
  /** In the lane that reads it; -1: Bun does. */
  laneSlot = -1
  #lane: ReadLane | undefined = undefined
  #isPaused = false
  #held: Uint8Array | undefined = undefined

  /** Bytes that wait. */
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

  abstract receivedLent(bytes: Uint8Array): void
  abstract broke(): void

  /** Lets the lane read instead of Bun; for a connection that stays for more. */
  enterLane(lane: ReadLane): void {
    const { socket } = this
    if (this.laneSlot >= 0 || !this.isPlain || this.#isPaused || socket === undefined) return
    const fd = (socket as { readonly fd?: number }).fd
    if (fd === undefined || fd < 0) return
    socket.pause()
    this.#lane = lane
    this.fd = fd
    lane.add(this, fd)
  }

  leaveLane(): void {
    if (this.laneSlot < 0) return
    this.forgetLane()
    this.socket?.resume()
  }

  /** The connection is over. */
  protected forgetLane(): void {
    if (this.laneSlot < 0) return
    this.fd = -1
    this.#lane!.remove(this)
  }

  pauseReading(): void {
    if (this.#isPaused || this.socket === undefined) return
    this.#isPaused = true
    if (this.laneSlot >= 0) {
      this.forgetLane()
      return
    }
    this.socket.pause()
  }

  resumeReading(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.socket?.resume()
  }
}
