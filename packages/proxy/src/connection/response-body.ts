/**
 * The body of a response on its way to the client: tracks where it ends in the bytes of the upstream.
 */
import type { BodyFraming } from "../http1/body-framing.ts"
import { ChunkedScanner } from "../http1/chunked.ts"
import { isParseError, NEEDS_MORE } from "../http1/parse-error.ts"
import type { ResponseHead } from "../http1/response-head.ts"
import { parseTrailers } from "../http1/trailer-section.ts"

export class ResponseBody {
  framing: BodyFraming = "none"
  /** True once the last byte was read; never for a body that ends with the connection. */
  isDone = true
  /** After `read`: end of the bytes to send. */
  end = 0
  /** After `read`: offset behind the bytes that were read. The rest is the beginning of a trailer section, or follows the response. */
  next = 0
  /** Bytes of a body of known length that are still to come. */
  #left = 0
  #scanner: ChunkedScanner | undefined = undefined

  begin(head: ResponseHead): void {
    this.framing = head.framing
    this.#left = head.contentLength
    this.isDone = false
    if (head.framing === "chunked") (this.#scanner ??= new ChunkedScanner()).reset()
  }

  /** Reads `bytes[from..]`. `isDecoded`: chunked framing is removed in place. Returns 0 or a parse error. */
  read(bytes: Uint8Array, from: number, isDecoded: boolean): number {
    const { length } = bytes
    switch (this.framing) {
      case "chunked":
        return this.#readChunked(bytes, from, isDecoded)
      case "until_close":
        this.end = this.next = length
        return 0
      default:
        this.end = this.next = Math.min(length, from + this.#left)
        this.#left -= this.end - from
        this.isDone = this.#left === 0
        return 0
    }
  }

  #readChunked(bytes: Uint8Array, from: number, isDecoded: boolean): number {
    const scanner = this.#scanner!
    const { length } = bytes
    let offset = from
    this.end = from
    if (!scanner.isAtTrailers) {
      offset = isDecoded ? scanner.decode(bytes, from, length) : scanner.scan(bytes, from, length)
      if (isParseError(offset)) return offset
      this.end = isDecoded ? scanner.dataEnd : offset
    }
    this.next = offset
    if (!scanner.isAtTrailers) return 0
    const end = parseTrailers(bytes, offset, length)
    if (isParseError(end)) return end
    if (end === NEEDS_MORE) return 0
    this.isDone = true
    this.next = end
    if (!isDecoded) this.end = end
    return 0
  }
}
