/**
 * Agent: answers a NOTIFY by an ACK, synchronously.
 *
 *   arguments -> connection key -> ConnectionInfo (capture, match, history) -> variables
 */
import { ConnectionInfo, RelayJudge, applyTiming } from "@synprint/core"
import type { FingerprintLookup } from "@synprint/service"
import { Arguments } from "../protocol/arguments.ts"
import type { Counters } from "./counters.ts"
import { ACK, type Frame, beginReply, endFrame } from "../protocol/frame.ts"
import type { Output } from "../protocol/output.ts"
import type { NotifyHandler } from "../protocol/session.ts"
import type { VariableWriter } from "../protocol/variables.ts"

/** Adds the facts of a request's own headers: HTTP name, flavor, language and bad_sw from `ua` and `hdrs`, over TLS too. */
export type HttpObserver = (bytes: Uint8Array, given: Arguments, into: ConnectionInfo) => void

/** Sets the hints, by the arguments about the client and its request. */
export type HintObserver = (bytes: Uint8Array, given: Arguments, into: ConnectionInfo) => void

const DEFAULT_RELAY = new RelayJudge()

export interface AgentSettings {
  readonly lookup: FingerprintLookup
  readonly variables: VariableWriter
  /** `[capture] key`: with "client" a connection is known by its client side alone. */
  readonly key: "connection" | "client"
  readonly http: HttpObserver | undefined
  /** undefined: no variable carries hints. */
  readonly hints?: HintObserver | undefined
  /** Judge with the thresholds of the configuration. */
  readonly relay?: RelayJudge
}

export class Agent implements NotifyHandler {
  /** A reload replaces it between two reads. */
  settings: AgentSettings
  readonly #counters: Counters
  readonly #given = new Arguments()
  readonly #info = new ConnectionInfo()

  constructor(settings: AgentSettings, counters: Counters) {
    this.settings = settings
    this.#counters = counters
  }

  begin(): void {
    const { connection } = this.#given
    connection.openedAtMs = Date.now()
    connection.batch = (connection.batch + 1) | 0
  }

  acknowledge(frame: Frame, out: Output, limitBytes: number): boolean {
    const { lookup, variables, key, http, hints, relay } = this.settings
    const given = this.#given
    const info = this.#info
    if (!given.read(frame)) return false

    if (given.viaProxy) info.reset("via_proxy")
    else if (given.clientFamily === 0) {
      info.reset("not_captured")
      this.#counters.notifiesWithoutAddress++
    } else {
      if (!isConnection(given, key)) given.dropPorts()
      lookup.answer(given.connection, info)
      if (given.timing.isGiven) applyTiming(given.timing.times, relay ?? DEFAULT_RELAY, info)
    }
    if (http !== undefined && (given.userAgentLength >= 0 || given.headersLength >= 0)) http(frame.bytes, given, info)
    if (hints !== undefined) hints(frame.bytes, given, info)

    const start = out.length
    let at = beginReply(out.bytes, start, ACK, frame)
    at = variables.write(info, out.bytes, at, start + limitBytes)
    if (variables.isTruncated) this.#counters.acksTruncated++
    endFrame(out.bytes, start, at)
    out.length = at
    return true
  }
}

/** Returns true if the arguments name one connection, not only an address. */
function isConnection(given: Arguments, key: "connection" | "client"): boolean {
  if (!given.hasClientPort) return false
  return key === "client" || (given.hasServerPort && given.serverFamily === given.clientFamily)
}
