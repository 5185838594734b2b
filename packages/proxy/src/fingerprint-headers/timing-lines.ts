/**
 * Timing lines: the round trips of a connection as header lines behind its other ones. They are known once the TLS handshake is complete, or
 * without TLS when the first byte has arrived.
 */
import { ConnectionInfo, type HandshakeTiming } from "@synprint/core"
import type { HeadersConfig } from "../config/headers.ts"
import { encodeLines, linesOf } from "./header-encoder.ts"
import type { HeaderLines } from "../http1/header-lines.ts"

/** Scratch for `append`. */
const info = new ConnectionInfo()

export class TimingLines {
  readonly #lines: ReturnType<typeof linesOf>

  constructor(headers: HeadersConfig) {
    this.#lines = linesOf(headers, "timing")
  }

  /** True if no header carries timing. */
  get isEmpty(): boolean {
    return this.#lines.length === 0
  }

  /** Appends the lines of the times that are known. */
  append(timing: Pick<HandshakeTiming, "rtt" | "helloDelay" | "tlsRtt">, into: HeaderLines): void {
    info.rttMicros = timing.rtt
    info.chelloDelayMicros = timing.helloDelay
    info.tlsRttMicros = timing.tlsRtt
    encodeLines(this.#lines, info, into)
  }
}
