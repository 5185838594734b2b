/**
 * NAT score: judges whether one system or several send from an address. nat.ts is p0f's, sharing.ts that of modern mode.
 */
import type { Registered } from "../../tcp/database/database.ts"
import type { Packet } from "../../packet/packet.ts"
import type { Labels } from "../hosts/label-table.ts"
import type { Endpoints, ObservationLog, Subject } from "../log/observation-log.ts"

export interface NatScore {
  log: ObservationLog | undefined
  labels: Labels
  /** Number of times that the system changed, and that an address turned out to be shared. */
  readonly hostChanges: number
  readonly ipSharings: number
  /**
   * The SYN of a client, before it is stored. The facts of its fingerprint begin at `facts[of]`. False when another system sent it than the
   * one before.
   */
  readonly addSyn: (host: number, packet: Packet, facts: Int32Array, of: number, ms: number, at: Endpoints) => boolean
  readonly addSynAck: (
    host: number,
    packet: Packet,
    facts: Int32Array,
    of: number,
    ms: number,
    at: Endpoints
  ) => boolean
  /** An application that belongs to certain systems. */
  readonly addToolClass: (host: number, subject: Subject, match: Registered, at: Endpoints) => void
  /** Adds the evidence of HTTP with p0f's reasons and score, which may be 0. */
  readonly add: (host: number, subject: Subject, reasons: number, score: number, at: Endpoints) => void
}
