/**
 * Observation log: receives the facts that an observer finds; printers (p0f/log.ts, json-log.ts) make lines of them. Arguments are
 * reused and valid during the call only.
 */
import type { HttpSignature } from "../../tcp/database/database.ts"
import type { TcpFingerprint } from "../../tcp/matching/fingerprint.ts"
import type { Packet } from "../../packet/packet.ts"
import type { NatReport } from "./nat-report.ts"

/** Subject of an observation. */
export const CLIENT = 0
export const SERVER = 1
export type Subject = 0 | 1

/** When, and between whom. Addresses are big-endian int32 words, IPv4 in word 0. */
export class Endpoints {
  /** Number of the packet: two observations with the same number are of one packet. */
  packet = 0
  /** Packet time; seconds as int32, use `>>> 0`. */
  sec = 0
  usec = 0
  ver = 4
  client0 = 0
  client1 = 0
  client2 = 0
  client3 = 0
  clientPort = 0
  server0 = 0
  server1 = 0
  server2 = 0
  server3 = 0
  serverPort = 0

  /** Takes addresses and ports from a packet that `sender` sent. */
  name(packet: Packet, sender: Subject): void {
    this.ver = packet.ver
    if (sender === CLIENT) {
      this.client0 = packet.src0
      this.client1 = packet.src1
      this.client2 = packet.src2
      this.client3 = packet.src3
      this.clientPort = packet.sport
      this.server0 = packet.dst0
      this.server1 = packet.dst1
      this.server2 = packet.dst2
      this.server3 = packet.dst3
      this.serverPort = packet.dport
    } else {
      this.client0 = packet.dst0
      this.client1 = packet.dst1
      this.client2 = packet.dst2
      this.client3 = packet.dst3
      this.clientPort = packet.dport
      this.server0 = packet.src0
      this.server1 = packet.src1
      this.server2 = packet.src2
      this.server3 = packet.src3
      this.serverPort = packet.sport
    }
  }
}

/** A whole HTTP head. Texts are bytes as received. */
export class HttpObservation {
  match: HttpSignature | undefined = undefined
  /** English name; undefined when the code is not known. */
  language: string | undefined = undefined
  /** There was an Accept-Language that begins with two letters. */
  hasLanguage = false
  dishonest = false
  anonymous = false
  /** Range of the User-Agent or Server; a length of 0: there is none. */
  bytes: Uint8Array = new Uint8Array(0)
  agentAt = 0
  agentLength = 0
  /** An RFC 9651 list: modern mode, requests of connections whose SYN was seen (hints/hinted-log.ts). */
  hints: string | undefined = undefined
  /** p0f's raw_sig, the first `rawLength` bytes. */
  raw: Uint8Array = new Uint8Array(16_384)
  rawLength = 0
}

export interface ObservationLog {
  /** `sendsyn`: the flow was opened by p0f-sendsyn; `entry`: the matcher's, as long as nothing else is asked of it. */
  readonly syn: (at: Endpoints, fingerprint: TcpFingerprint, sendsyn: boolean, entry: number) => void
  readonly synAck: (at: Endpoints, fingerprint: TcpFingerprint, sendsyn: boolean) => void
  readonly mtu: (at: Endpoints, subject: Subject, fingerprint: TcpFingerprint, entry: number) => void
  readonly uptime: (at: Endpoints, subject: Subject, minutes: number, moduloDays: number, hertz: number) => void
  readonly http: (at: Endpoints, subject: Subject, seen: HttpObservation) => void
  /** Modern mode (sharing.ts): another system than before, or several at once by now. `score` is 0 to 100. */
  readonly sharing: (at: Endpoints, subject: Subject, isShared: boolean, reasons: number, score: number) => void
  /** Mode p0f (nat.ts): another system than before. `ipSharing`: several at once. */
  readonly hostChange: (at: Endpoints, subject: Subject, report: NatReport) => void
  readonly ipSharing: (at: Endpoints, subject: Subject, report: NatReport) => void
}
