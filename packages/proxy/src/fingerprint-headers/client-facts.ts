/**
 * Client facts: what is known about a client, in the form in which every request of its connection carries it to the upstream.
 */
import type { ConnectionHints } from "@synprint/core"
import type { HintLines } from "./hint-lines.ts"
import { RequestHints } from "./request-hints.ts"
import type { HeaderFields } from "../http1/header-fields.ts"
import { HeaderLines } from "../http1/header-lines.ts"
import type { ForwardedContext } from "../http1/request-writer.ts"

const EMPTY: Uint8Array = new Uint8Array(0)

export class ClientFacts implements ForwardedContext {
  forwarded: Uint8Array = EMPTY
  address: Uint8Array = EMPTY
  scheme: Uint8Array = EMPTY
  port: Uint8Array = EMPTY
  isTrusted = false
  fingerprintHeaders: Uint8Array = EMPTY
  readonly connectionHeaders: HeaderLines = new HeaderLines()
  /** Hints about the connection; undefined: no header reports hints. */
  hints: ConnectionHints | undefined = undefined
  /** Created by the first request that needs them. */
  #requestHints: RequestHints | undefined = undefined

  reset(): void {
    this.forwarded = this.address = this.scheme = this.port = this.fingerprintHeaders = EMPTY
    this.connectionHeaders.length = 0
    this.isTrusted = false
    this.hints = undefined
    this.#requestHints?.clear()
  }

  /** Computes the hints of the request whose header fields are in `bytes`. `lines` undefined: no header reports hints. */
  readHints(fields: HeaderFields, bytes: Uint8Array, lines: HintLines | undefined): void {
    if (this.hints === undefined || lines === undefined) {
      this.#requestHints?.clear()
      return
    }
    this.#requestHints ??= new RequestHints()
    this.#requestHints.read(fields, bytes, this.hints, lines)
  }

  hintHeaders(spoofed: number): Uint8Array {
    return this.#requestHints === undefined ? EMPTY : this.#requestHints.block(spoofed)
  }

  /** Upper bound of the length of all header lines that a request carries for this client. */
  get headerRoom(): number {
    const hints = this.#requestHints === undefined ? 0 : this.#requestHints.room
    return this.fingerprintHeaders.length + this.connectionHeaders.length + hints
  }
}
