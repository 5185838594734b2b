/**
 * Writes to one socket, in order. Bytes that the kernel doesn't take wait here, and the caller pauses their source until `flush` reports that
 * everything was written: at most one chunk waits per direction, however long the bodies are. The proxy's connections and the agent's
 * use this writer.
 */
import type { Socket } from "bun"
import { libc } from "./libc.ts"
import { MSG_DONTWAIT, MSG_MORE, MSG_NOSIGNAL } from "./socket-constants.ts"

/**
 * Ownership of a buffer after `send` has returned:
 * - borrow: the caller reuses the buffer at once, so unsent bytes are copied;
 * - share: nobody changes the buffer;
 * - transfer: nobody else has the buffer or a view of it, so its memory is freed once it was sent.
 */
export type Ownership = "borrow" | "share" | "transfer"

/** Buffers from this size on are freed by hand; the garbage collector handles smaller ones at little cost. */
const LARGE = 16_384

interface Pending {
  readonly bytes: Uint8Array
  readonly isTransferred: boolean
}

export class SocketWriter {
  socket: Socket<unknown> | undefined = undefined
  /** Descriptor of the socket, cached while only our own calls or its `close` event can end it (epoll-reader.ts); -1: ask the socket. */
  descriptor = -1
  /** True without TLS: bytes go to the kernel unchanged. */
  isPlain = true
  /** True once the socket takes no more bytes. */
  isBroken = false
  /** Bytes that `flush` has written so far: shows whether a slow peer makes progress. */
  flushed = 0
  #queue: Array<Pending> | undefined = undefined
  /** Bytes of the first entry that were written. */
  #sent = 0

  /** Begins to write to another socket; nothing waits from the last one. */
  open(socket: Socket<unknown>): void {
    this.socket = socket
    this.isBroken = false
  }

  /** Stops writing: pending bytes are dropped, later ones ignored. */
  close(): void {
    this.isBroken = true
    this.#queue = undefined
    this.#sent = 0
  }

  /** True while bytes wait for the kernel. */
  get hasPending(): boolean {
    return this.#queue !== undefined
  }

  /** Writes `bytes[from..end)`. Returns true if nothing waits: everything was written, or the socket is broken. */
  send(bytes: Uint8Array, from: number, end: number, ownership: Ownership): boolean {
    return this.#send(bytes, from, end, ownership, MSG_DONTWAIT | MSG_NOSIGNAL)
  }

  /**
   * Like `send`, for the last bytes before the connection is closed in the same turn of the event loop: MSG_MORE (send(2)) lets data and FIN
   * share a segment. A connection per request costs 5 % less; TLS ends by a message of its own.
   */
  sendLast(bytes: Uint8Array, from: number, end: number, ownership: Ownership): boolean {
    return this.#send(bytes, from, end, ownership, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE)
  }

  #send(bytes: Uint8Array, from: number, end: number, ownership: Ownership, flags: number): boolean {
    if (from === end) return this.#queue === undefined
    if (this.isBroken) return true
    if (this.#queue === undefined && this.socket !== undefined) {
      const written = this.#write(this.socket, bytes, from, end - from, flags)
      if (written === end - from) {
        if (ownership === "transfer" && isWorthFreeing(bytes)) free(bytes)
        return true
      }
      if (written < 0) {
        this.isBroken = true
        return true
      }
      from += written
    }
    const rest = ownership === "borrow" ? bytes.slice(from, end) : bytes.subarray(from, end)
    const pending = { bytes: rest, isTransferred: ownership === "transfer" && isWorthFreeing(bytes) }
    if (this.#queue === undefined) this.#queue = [pending]
    else this.#queue.push(pending)
    return false
  }

  /**
   * Like socket.write. Most bytes go directly to send(2), since Bun's write adds 100 ns to its 770 for 300 bytes. If the kernel does not take
   * all of them, Bun writes the rest: it finds out why, and when there is room again.
   */
  #write(socket: Socket<unknown>, bytes: Uint8Array, from: number, length: number, flags: number): number {
    if (!this.isPlain || from !== 0) return socket.write(bytes, from, length)
    const descriptor = this.descriptor >= 0 ? this.descriptor : (socket as { readonly fd?: number }).fd
    if (descriptor === undefined || descriptor < 0) return socket.write(bytes, from, length)
    const sent = libc.send(descriptor, bytes, length, flags)
    if (sent === length) return sent
    const first = Math.max(0, sent)
    const more = socket.write(bytes, first, length - first)
    return more < 0 ? more : first + more
  }

  /** Continues once the kernel takes bytes again. Returns true if nothing waits any more. */
  flush(): boolean {
    const queue = this.#queue
    if (queue === undefined) return true
    const { socket } = this
    if (socket === undefined) return false
    while (queue.length > 0) {
      const { bytes, isTransferred } = queue[0]!
      const left = bytes.length - this.#sent
      const written = socket.write(bytes, this.#sent, left)
      if (written < 0) {
        this.isBroken = true
        break
      }
      this.flushed += written
      if (written < left) {
        this.#sent += written
        return false
      }
      if (isTransferred) free(bytes)
      this.#sent = 0
      queue.shift()
    }
    this.#queue = undefined
    this.#sent = 0
    return true
  }

  /** Removes and returns the bytes that wait, for another connection; none of them was written. */
  takePending(): ReadonlyArray<Uint8Array> {
    const queue = this.#queue ?? []
    this.#queue = undefined
    this.#sent = 0
    return queue.map(({ bytes }) => bytes)
  }

  /** Closes our half of the connection. */
  shutdown(): void {
    this.socket?.shutdown()
  }
}

/** Returns true for a large buffer that is not part of another whose other parts may be in use. */
function isWorthFreeing(bytes: Uint8Array): boolean {
  return bytes.length >= LARGE && bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length
}

/**
 * Frees the memory under a view now. Bun gives each read of a long body a buffer of its own, up to 512 KiB. Left to the garbage collector
 * they pile up (8 slow readers: 100 MB), and each read touches fresh pages (1 MB bodies: a quarter of all CPU time).
 */
function free(bytes: Uint8Array): void {
  ;(bytes.buffer as ArrayBuffer).transfer(0)
}
