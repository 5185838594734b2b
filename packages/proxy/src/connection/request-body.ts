/**
 * The body of a request on its way to the upstream: tracks how much of it has passed, in whatever pieces it arrives. Only the beginning of
 * a trailer section is kept.
 */
import { ChunkedScanner } from "../http1/chunked.ts"
import { copy } from "../http1/copy.ts"
import { BODY_TOO_LARGE, isParseError, NEEDS_MORE } from "../http1/parse-error.ts"
import { LF } from "../http1/byte-classes.ts"
import type { RequestHead } from "../http1/request-head.ts"
import { parseTrailers, TRAILERS_MAX, writeTrailers } from "../http1/trailer-section.ts"
import type { UpstreamStream } from "../upstream/upstream-stream.ts"
import type { Services } from "./services.ts"

/** Copying more bytes costs more than a separate write. */
const FILL_MAX = 16_384

export class RequestBody {
  /** True once all of the body has arrived. */
  isDone = true
  isChunked = false
  /** Bytes of a body of known length that are still to come. */
  left = 0
  /** True if the kernel took all bytes of the last `pass`. */
  isSent = true
  /** Bytes of a chunked body so far, framing included; its size is not announced. */
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

  /** Joins `chunk` to the beginning of a trailer section that was kept; undefined: no further line of the section is complete. */
  join(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#trailers === undefined) return chunk
    const bytes = Buffer.concat([this.#trailers, chunk])
    this.#trailers = undefined
    if (bytes.length >= TRAILERS_MAX || chunk.indexOf(LF) >= 0) return bytes
    this.#trailers = bytes
    return undefined
  }

  /**
   * Copies the part of a body of known length in `bytes[from..]` behind the head in `out[0..at)` if there is room, so that both take one
   * write. Returns the end.
   */
  fill(bytes: Uint8Array, from: number, out: Uint8Array, at: number): number {
    const length = Math.min(bytes.length - from, this.left)
    if (length <= 0 || length > FILL_MAX || length > out.length - at) return at
    this.left -= length
    this.isDone = this.left === 0
    return copy(bytes, from, from + length, out, at)
  }

  /** Sends the part of the body in `bytes[from..]`. Returns the offset behind it, or a parse error: the end of the body is unknown then. */
  pass(bytes: Uint8Array, from: number, upstream: UpstreamStream, services: Services): number {
    const { length } = bytes
    this.isSent = true
    if (this.isDone) return from
    if (!this.isChunked) {
      const end = Math.min(length, from + this.left)
      this.left -= end - from
      this.isDone = this.left === 0
      this.isSent = upstream.send(bytes, from, end, end === length ? "transfer" : "share")
      return end
    }
    const scanner = this.#scanner!
    const at = scanner.isAtTrailers ? from : scanner.scan(bytes, from, length)
    if (isParseError(at)) return at
    const limit = services.generation.limits.bodyBytes
    this.#chunkedBytes += at - from
    if (limit > 0 && this.#chunkedBytes > limit) return BODY_TOO_LARGE
    this.isSent = upstream.send(bytes, from, at, at === length ? "transfer" : "share")
    if (!scanner.isAtTrailers) return at
    const end = parseTrailers(bytes, at, length)
    if (end === NEEDS_MORE) {
      if (at < length) this.#trailers = bytes.subarray(at)
      return length
    }
    if (isParseError(end)) return end
    const out = services.output(end - at + 2)
    this.isSent = upstream.send(out, 0, writeTrailers(bytes, out, 0, services.generation.reserved), "borrow")
    this.isDone = true
    return end
  }

  clear(): void {
    this.#trailers = undefined
  }
}
