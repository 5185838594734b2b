/**
 * Inlet: what is read from one socket. Reading pauses while the other side takes nothing, and what came before its turn waits here.
 */
import type { Socket } from "bun"
import { SocketWriter } from "./socket-writer.ts"
import type { EpollReader, EpollReadable } from "./epoll-reader.ts"

export abstract class SocketReader extends SocketWriter implements EpollReadable {
  /** In the lane that reads it; -1: Bun does. */
  readerSlot = -1
  #epollReader: EpollReader | undefined = undefined
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

  abstract receivedBorrowed(bytes: Uint8Array): void
  abstract broke(): void

  /** Lets the lane read instead of Bun; for a connection that stays for more. */
  attachEpoll(epollReader: EpollReader): void {
    const { socket } = this
    if (this.readerSlot >= 0 || !this.isPlain || this.#isPaused || socket === undefined) return
    const fd = (socket as { readonly fd?: number }).fd
    if (fd === undefined || fd < 0) return
    socket.pause()
    this.#epollReader = epollReader
    this.fd = fd
    epollReader.add(this, fd)
  }

  detachEpoll(): void {
    if (this.readerSlot < 0) return
    this.dropEpoll()
    this.socket?.resume()
  }

  /** The connection is over. */
  protected dropEpoll(): void {
    if (this.readerSlot < 0) return
    this.fd = -1
    this.#epollReader!.remove(this)
  }

  pauseReading(): void {
    if (this.#isPaused || this.socket === undefined) return
    this.#isPaused = true
    if (this.readerSlot >= 0) {
      this.dropEpoll()
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
