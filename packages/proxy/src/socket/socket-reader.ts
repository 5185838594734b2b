/**
 * Reads from one socket: pauses while the other side takes nothing, holds bytes that came before they can be used, and lets the epoll reader
 * read instead of Bun where that is cheaper.
 */
import type { Socket } from "bun"
import type { EpollReadable, EpollReader } from "./epoll-reader.ts"
import type { SocketWriter } from "@synprint/linux/sockets"

/** The connection that a reader reads for. */
export interface ReadTarget {
  /** `bytes` are only valid during the call. */
  receivedBorrowed(bytes: Uint8Array): void
  onReadError(): void
}

export class SocketReader implements EpollReadable {
  /** Slot in the epoll reader; -1: Bun reads. */
  readerSlot = -1
  readonly #target: ReadTarget
  /** The writer of the same connection, which has the socket. */
  readonly #writer: SocketWriter
  #epollReader: EpollReader | undefined = undefined
  #isPaused = false
  #held: Uint8Array | undefined = undefined

  constructor(target: ReadTarget, writer: SocketWriter) {
    this.#target = target
    this.#writer = writer
  }

  /** Begins to read another socket, which `SocketWriter.open` has set. Nothing is held from the last one. */
  open(): void {
    this.#isPaused = false
  }

  /** Stops reading and drops held bytes. */
  close(): void {
    this.#held = undefined
    this.#removeFromEpoll()
  }

  // ---- bytes that wait

  /** Number of bytes that wait. */
  get held(): number {
    return this.#held === undefined ? 0 : this.#held.length
  }

  /** Appends `bytes` to those that wait. */
  hold(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes])
  }

  /** Removes and returns the bytes that wait. */
  takeHeld(): Uint8Array | undefined {
    const held = this.#held
    this.#held = undefined
    return held
  }

  dropHeld(): void {
    this.#held = undefined
  }

  // ---- flow

  pause(): void {
    const { socket } = this.#writer
    if (this.#isPaused || socket === undefined) return
    this.#isPaused = true
    // Bun's reading is paused already while the epoll reader reads.
    if (this.readerSlot >= 0) this.#removeFromEpoll()
    else socket.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#writer.socket?.resume()
  }

  // ---- the epoll reader

  /** Lets the epoll reader read instead of Bun, for a connection that carries one message after another. */
  attachEpoll(epollReader: EpollReader): void {
    const writer = this.#writer
    const { socket } = writer
    if (this.readerSlot >= 0 || !writer.isPlain || this.#isPaused || socket === undefined) return
    const { fd } = socket as Socket<unknown> & { readonly fd?: number }
    if (fd === undefined || fd < 0) return
    socket.pause()
    this.#epollReader = epollReader
    writer.descriptor = fd
    epollReader.add(this, fd)
  }

  /** Lets Bun read again. */
  detachEpoll(): void {
    if (this.readerSlot < 0) return
    this.#removeFromEpoll()
    this.#writer.socket?.resume()
  }

  receivedBorrowed(bytes: Uint8Array): void {
    this.#target.receivedBorrowed(bytes)
  }

  onReadError(): void {
    this.#target.onReadError()
  }

  #removeFromEpoll(): void {
    if (this.readerSlot < 0) return
    this.#writer.descriptor = -1
    this.#epollReader!.remove(this)
  }
}
