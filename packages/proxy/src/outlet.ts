/**
 * Outlet: what is written to one socket, in order. What the kernel doesn't take waits here, and whoever feeds it pauses its source
 * until `flush` says that all of it went: so one chunk waits per direction, whatever the bodies' lengths.
 */
import type { Socket } from "bun"
import { Timed } from "./timer-wheel.ts"

export abstract class Outlet extends Timed {
  socket: Socket<unknown> | undefined = undefined
  /** Whether the socket takes nothing any more. */
  isBroken = false
  #queue: Array<Uint8Array> | undefined = undefined
  /** Octets of the first that went. */
  #sent = 0

  /** Whether something waits. */
  get hasPending(): boolean {
    return this.#queue !== undefined
  }

  /** Writes `bytes[from..end)`. `isShared`: the buffer is used again, what waits is copied. True when all of it went. */
  send(bytes: Uint8Array, from: number, end: number, isShared: boolean): boolean {
    if (from === end) return this.#queue === undefined
    if (this.isBroken) return true
    if (this.#queue === undefined && this.socket !== undefined) {
      const written = this.socket.write(bytes, from, end - from)
      if (written === end - from) return true
      if (written < 0) {
        this.isBroken = true
        return true
      }
      from += written
    }
    const rest = isShared ? bytes.slice(from, end) : bytes.subarray(from, end)
    if (this.#queue === undefined) this.#queue = [rest]
    else this.#queue.push(rest)
    return false
  }

  /** The kernel takes bytes again. True when nothing waits any more. */
  flush(): boolean {
    const queue = this.#queue
    if (queue === undefined) return true
    const { socket } = this
    if (socket === undefined) return false
    while (queue.length > 0) {
      const first = queue[0]!
      const left = first.length - this.#sent
      const written = socket.write(first, this.#sent, left)
      if (written < 0) {
        this.isBroken = true
        break
      }
      if (written < left) {
        this.#sent += written
        return false
      }
      this.#sent = 0
      queue.shift()
    }
    this.#queue = undefined
    this.#sent = 0
    return true
  }

  /** What waits, for another connection: nothing of it went. */
  takePending(): ReadonlyArray<Uint8Array> {
    const queue = this.#queue ?? []
    this.#queue = undefined
    this.#sent = 0
    return queue
  }

  forgetPending(): void {
    this.#queue = undefined
    this.#sent = 0
  }
}
