/**
 * Hints of the requests on one connection. They may come from several clients of a proxy, each with a User-Agent of its own; mostly it
 * is the one of the request before, and then its lines are used again: one comparison of its bytes, no allocation.
 */
import {
  type ConnectionHints,
  claimOf,
  equalBytes,
  isMobileClientHint,
  platformOfClientHint,
  platformOfUserAgent
} from "@synprint/core"
import type { HintLines } from "./hint-lines.ts"
import type { HeaderFields } from "../http1/header-fields.ts"
import { equalsIgnoringCase, bytesOf } from "../http1/byte-classes.ts"

const EMPTY: Uint8Array = new Uint8Array(0)
const USER_AGENT = bytesOf("user-agent")
const PLATFORM = bytesOf("sec-ch-ua-platform")
const MOBILE = bytesOf("sec-ch-ua-mobile")

/** A longer User-Agent names no platform: it isn't kept. */
const KEPT_MAX = 1024

export class RequestHints {
  #lines: HintLines | undefined = undefined
  #connection: ConnectionHints | undefined = undefined
  #userAgent: Uint8Array = EMPTY
  #platform = 0
  #isMobile = false
  #claim = 0
  #block: Uint8Array = EMPTY

  /** Computes the hints of the request whose fields are in `bytes`. */
  read(fields: HeaderFields, bytes: Uint8Array, connection: ConnectionHints, lines: HintLines): void {
    let from = 0
    let end = 0
    let platform = 0
    let isMobile = false
    for (let i = 0; i < fields.count; i++) {
      const start = fields.nameStart(i)
      const stop = fields.nameEnd(i)
      switch (stop - start) {
        case USER_AGENT.length:
          // The first of several counts, as most applications read it.
          if (end === 0 && equalsIgnoringCase(bytes, start, stop, USER_AGENT)) {
            from = fields.valueStart(i)
            end = fields.valueEnd(i)
          }
          break
        case PLATFORM.length:
          if (equalsIgnoringCase(bytes, start, stop, PLATFORM))
            platform = platformOfClientHint(bytes, fields.valueStart(i), fields.valueEnd(i) - fields.valueStart(i))
          break
        case MOBILE.length:
          if (equalsIgnoringCase(bytes, start, stop, MOBILE))
            isMobile = isMobileClientHint(bytes, fields.valueStart(i), fields.valueEnd(i) - fields.valueStart(i))
          break
        default:
      }
    }
    if (end - from > KEPT_MAX) end = from
    const isSame =
      platform === this.#platform && isMobile === this.#isMobile && equalBytes(bytes, from, end, this.#userAgent)
    if (isSame && connection === this.#connection && lines === this.#lines) return
    if (!isSame) {
      this.#userAgent = bytes.slice(from, end)
      this.#platform = platform
      this.#isMobile = isMobile
      this.#claim = claimOf(platformOfUserAgent(bytes, from, end - from), platform, isMobile)
    }
    this.#connection = connection
    this.#lines = lines
    this.#block = lines.lines(connection, this.#claim, 0)
  }

  /** Removes the hints: the next request has none. */
  clear(): void {
    this.#lines = undefined
    this.#block = EMPTY
  }

  /** Header lines of hints for the request that was read last; `spoofed`: number of copies of our headers that it had. */
  block(spoofed: number): Uint8Array {
    return spoofed === 0 || this.#lines === undefined
      ? this.#block
      : this.#lines.lines(this.#connection!, this.#claim, spoofed)
  }

  /** Upper bound of the length of `block`. */
  get room(): number {
    return this.#block.length + (this.#lines === undefined ? 0 : this.#lines.spoofedRoom)
  }
}
