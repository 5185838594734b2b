/**
 * Collects the line of the access log for one exchange; created only if there is a log.
 */
import type { AccessLog, LoggedRequest } from "./access-log.ts"
import { latin1 } from "../http1/byte-classes.ts"
import type { RequestHead } from "../http1/request-head.ts"
import type { ForwardedContext } from "../http1/request-writer.ts"

export class LoggedExchange implements LoggedRequest {
  readonly client: string
  readonly method: string
  readonly target: string
  readonly version: string
  /** 499 as in nginx: the client closed before there was a response. */
  status = 499
  bytes = 0
  durationMs = 0
  readonly referer: string
  readonly userAgent: string
  readonly block: string
  readonly #log: AccessLog
  readonly #sinceMs = performance.now()

  constructor(log: AccessLog, head: RequestHead, bytes: Uint8Array, context: ForwardedContext) {
    this.#log = log
    const { fields } = head
    let referer = "-"
    let userAgent = "-"
    for (let i = 0; i < fields.count; i++) {
      const name = latin1(bytes, fields.nameStart(i), fields.nameEnd(i)).toLowerCase()
      if (name === "referer") referer = latin1(bytes, fields.valueStart(i), fields.valueEnd(i))
      else if (name === "user-agent") userAgent = latin1(bytes, fields.valueStart(i), fields.valueEnd(i))
    }
    const { facts } = context
    this.client = latin1(facts.address)
    this.method = latin1(bytes, head.start, head.methodEnd)
    this.target = latin1(bytes, head.targetStart, head.targetEnd)
    this.version = head.minor === 0 ? "HTTP/1.0" : "HTTP/1.1"
    this.referer = referer
    this.userAgent = userAgent
    const parts = [facts.fingerprintHeaders, facts.connectionHeaders.take(), context.hintHeaders(0)]
    this.block = parts.map((part) => latin1(part)).join("")
  }

  write(): void {
    this.durationMs = Math.round(performance.now() - this.#sinceMs)
    this.#log.add(this, new Date())
  }
}
