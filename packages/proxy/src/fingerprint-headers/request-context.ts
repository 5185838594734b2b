/**
 * Request context: what one request carries to its upstream beside its own head: the facts about its client, and hints that also depend on
 * the request, such as its User-Agent. Each exchange has one, since requests of one connection may be in progress at the same time.
 */
import type { HeaderFields } from "../http1/header-fields.ts"
import type { ForwardedContext } from "../http1/request-writer.ts"
import { type ClientFacts, UNIDENTIFIED } from "./client-facts.ts"
import type { HintLines } from "./hint-lines.ts"
import { RequestHints } from "./request-hints.ts"

const EMPTY: Uint8Array = new Uint8Array(0)

export class RequestContext implements ForwardedContext {
  facts: ClientFacts = UNIDENTIFIED
  /** Created by the first request that needs them. */
  #hints: RequestHints | undefined = undefined

  /** Computes the hints of the request whose header fields are in `bytes`. `lines` undefined: no header reports hints. */
  begin(facts: ClientFacts, fields: HeaderFields, bytes: Uint8Array, lines: HintLines | undefined): void {
    this.facts = facts
    if (facts.hints === undefined || lines === undefined) {
      this.#hints?.clear()
      return
    }
    this.#hints ??= new RequestHints()
    this.#hints.read(fields, bytes, facts.hints, lines)
  }

  hintHeaders(spoofed: number): Uint8Array {
    return this.#hints === undefined ? EMPTY : this.#hints.block(spoofed)
  }

  /** Upper bound of the length of all header lines that the request gets. */
  get headerRoom(): number {
    const { fingerprintHeaders, connectionHeaders } = this.facts
    return fingerprintHeaders.length + connectionHeaders.length + (this.#hints === undefined ? 0 : this.#hints.room)
  }
}
