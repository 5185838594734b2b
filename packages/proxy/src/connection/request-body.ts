/**
 * The body of a request on its way to the upstream: how far it has come, whatever pieces it comes in. Nothing of it is kept but the start
 * of a trailer section.
 */
import { ChunkedScanner } from "../http1/chunked.ts"
import { copy } from "../http1/copy.ts"
import { BODY_TOO_LARGE, isParseError, NEEDS_MORE } from "../http1/parse-error.ts"
import { LF } from "../http1/byte-classes.ts"
import type { RequestHead } from "../http1/request-head.ts"
import { parseTrailers, TRAILERS_MAX, writeTrailers } from "../http1/trailer-section.ts"
import { GIVEN, KEPT, type SocketWriter, SHARED } from "../socket/socket-writer.ts"
import type { ProxyServer } from "../worker/proxy-server.ts"

/** Copying more costs more than a write of its own. */
const FILL_MAX = 16_384

export class RequestBody {
  /** Whether all of it came. */
  isDone = true
  isChunked = false
  /** Bytes of a body of known length that are still to come. */
  left = 0
  /** Whether all that the last `pass` sent was taken by the kernel. */
  hasGone = true
  /** Bytes of a chunked body that went by, framing included: its size is not announced. */
  #chunkedBytes = 0
  #scanner: ChunkedScanner | undefined = undefined
  #trailers: Uint8Array | undefined = undefined

  begin(head: RequestHead): void {
    this.left = head.contentLength
    this.isChunked = head.framing === "chunked"
    this.isDone = head.framing === "none"
    this.#chunkedBytes = 0
    this.#trailers = undefined
    if (this.isChunked) (this.#scanner ??= new ChunkedScanner()).reset()
  }

  /** True if the request has no body, or all of a body of known length has passed. */
  get isEmpty(): boolean {
    return !this.isChunked && this.left === 0
  }

  /** The chunk behind the start of the trailer section, if that was kept; undefined as long as no line of it was completed. */
  join(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#trailers === undefined) return chunk
    const bytes = Buffer.concat([this.#trailers, chunk])
    this.#trailers = undefined
    if (bytes.length >= TRAILERS_MAX || chunk.indexOf(LF) >= 0) return bytes
    this.#trailers = bytes
    return undefined
  }

  /**
   * Puts what `bytes[from..]` holds of it behind the head in `out[0..at)`, if its length is known and there is room: one write for both. Gives
   * the end.
   */
  fill(bytes: Uint8Array, from: number, out: Uint8Array, at: number): number {
    const length = Math.min(bytes.length - from, this.left)
    if (length <= 0 || length > FILL_MAX || length > out.length - at) return at
    this.left -= length
    this.isDone = this.left === 0
    return copy(bytes, from, from + length, out, at)
  }

  /** Sends what `bytes[from..]` holds of it. Gives the offset of what follows, or a fault: then nobody knows where it ends. */
  pass(bytes: Uint8Array, from: number, to: SocketWriter, server: ProxyServer): number {
    const { length } = bytes
    this.hasGone = true
    if (this.isDone) return from
    if (!this.isChunked) {
      const end = Math.min(length, from + this.left)
      this.left -= end - from
      this.isDone = this.left === 0
      this.hasGone = to.send(bytes, from, end, end === length ? GIVEN : KEPT)
      return end
    }
    const scanner = this.#scanner!
    const at = scanner.isAtTrailers ? from : scanner.scan(bytes, from, length)
    if (isParseError(at)) return at
    const limit = server.generation.limits.bodyBytes
    this.#chunkedBytes += at - from
    if (limit > 0 && this.#chunkedBytes > limit) return BODY_TOO_LARGE
    this.hasGone = to.send(bytes, from, at, at === length ? GIVEN : KEPT)
    if (!scanner.isAtTrailers) return at
    const end = parseTrailers(bytes, at, length)
    if (end === NEEDS_MORE) {
      if (at < length) this.#trailers = bytes.subarray(at)
      return length
    }
    if (isParseError(end)) return end
    const out = server.roomFor(end - at + 2)
    this.hasGone = to.send(out, 0, writeTrailers(bytes, out, 0, server.generation.reserved), SHARED)
    this.isDone = true
    return end
  }

  forget(): void {
    this.#trailers = undefined
  }
}
