/**
 * Observer: p0f's engine over packets in order of arrival - flows, hosts, and what they show (process.c: parse_packet,
 * flow_dispatch; fp_tcp.c: fingerprint_tcp; fp_mtu.c).
 *
 *     frame ── decode ──┬─ SYN      ── flow, fingerprint, syn line, NAT score, link, uptime
 *                       ├─ SYN+ACK  ── the same of the server
 *                       ├─ ACK      ── uptime, HTTP
 *                       └─ FIN, RST ── uptime, end of the flow
 *
 * Mode p0f (`isP0fMode`) does what p0f 3.09b does, its bugs included; modern mode does what is right. Each difference is one branch
 * on it, here and in the modules beside, with its number in docs/p0f-differences.md. One file because the order of these
 * steps is p0f's and shows in what it says.
 */
import type { ConnectionInfo } from "../connection-info.ts"
import type { Matcher } from "../tcp/matching/matcher.ts"
import { REQUEST } from "../tcp/direction.ts"
import type { CapturedFrame } from "../packet/capture/captured-frame.ts"
import { PacketDecoder } from "../packet/packet-decoder.ts"
import { type Packet, TCP_ACK, TCP_SYN } from "../packet/packet.ts"
import { VERDICT_TCP } from "../packet/verdict.ts"
import {
  FLOW_ACKED,
  FLOW_CLIENT,
  FLOW_COLD_SHIFT,
  FLOW_HTTP_POSITION,
  FLOW_NEXT_CLIENT_SEQ,
  FLOW_NEXT_SERVER_SEQ,
  FLOW_NOT_HTTP,
  FLOW_REQUEST,
  FLOW_REQUEST_LENGTH,
  FLOW_RESPONSE_LENGTH,
  FLOW_SENDSYN,
  FLOW_SERVER,
  FLOW_STATE,
  FLOW_SYN_PAYLOAD,
  FLOW_SHIFT,
  FLOW_MSS_SHIFT
} from "./flows/flow-record.ts"
import { DecodedFrame } from "./decoded-frame.ts"
import { FLOW_DATA_BYTES } from "./flows/flow-data.ts"
import { FlowList } from "../p0f/flow-list.ts"
import { FlowRing } from "./flows/flow-ring.ts"
import type { Flows } from "./flows/flows.ts"
import { AddressKey } from "./hosts/address-key.ts"
import { fillConnectionInfo } from "./hosts/host-answer.ts"
import { carryOver } from "./hosts/reload.ts"
import { HOST_TOTAL_CONN, HOT_SHIFT } from "./hosts/host-record.ts"
import { ClockHostTable } from "./hosts/clock-host-table.ts"
import { P0fHostTable } from "../p0f/host-table.ts"
import { type HostTransaction, makeTransaction } from "./hosts/transaction.ts"
import type { Hosts } from "./hosts/hosts.ts"
import { Http } from "./http/observations.ts"
import { HttpStream } from "./http/stream.ts"
import { HttpTables } from "./http/tables.ts"
import { Labels } from "./hosts/label-table.ts"
import { Nat } from "../p0f/nat.ts"
import type { NatScore } from "./sharing/nat-score.ts"
import type { ObserverCounts } from "./observer-counts.ts"
import type { ObserverOptions } from "./observer-options.ts"
import { Sharing, SHARED_WINDOW_SECONDS } from "./sharing/sharing.ts"
import { Systems } from "./hosts/systems.ts"
import { CLIENT, Endpoints, type ObservationLog, SERVER, type Subject } from "./log/observation-log.ts"
import { Uptime } from "./hosts/uptime.ts"

export type { ObserverCounts } from "./observer-counts.ts"
export type { ObserverOptions } from "./observer-options.ts"

export class Observer {
  readonly hosts: Hosts
  readonly flows: Flows
  readonly isP0fMode: boolean
  #matcher: Matcher
  #labels: Labels
  #log: ObservationLog | undefined
  readonly #intake: PacketDecoder
  readonly #decoded: DecodedFrame
  readonly #at = new Endpoints()
  readonly #nat: NatScore
  /** Modern mode's. */
  readonly #sharing: Sharing | undefined
  readonly #uptime: Uptime
  readonly #systems: Systems
  readonly #http: Http
  readonly #stream: HttpStream
  readonly #verdicts = [0, 0, 0, 0, 0, 0]
  /** Addresses of the packet; that of a client is narrowed (Hosts.narrow) before its host is looked for. */
  readonly #source = new AddressKey()
  readonly #destination = new AddressKey()
  /** Host of the server that the last SYN went to. */
  #server = 0
  #serverHash = 0
  /**
   * Excludes other threads that share the hosts: `connection`, `lookUp` and the `fillConnectionInfo` behind them run between its `begin` and
   * `commit`. undefined: this thread alone has them.
   */
  readonly transaction: HostTransaction | undefined
  #lastExpirySec = 0
  #packets = 0
  #repeatedSyns = 0

  constructor(options: ObserverOptions) {
    const { matcher, log } = options
    const isP0fMode = options.mode === "p0f"
    this.isP0fMode = isP0fMode
    this.#intake = new PacketDecoder(isP0fMode)
    this.#decoded = new DecodedFrame(this.#intake.packet)
    this.#matcher = matcher
    this.#labels = new Labels(matcher.database)
    const hostLimits = { maxHosts: options.maxHosts, idleMinutes: options.hostIdleMinutes }
    const flowLimits = { maxFlows: options.maxFlows, ageSeconds: options.flowAgeSeconds }
    if (isP0fMode) {
      const hosts = new P0fHostTable(hostLimits)
      const flows = new FlowList(flowLimits, hosts)
      hosts.onFull = () => flows.destroyOldestTenth()
      this.hosts = hosts
      this.flows = flows
    } else {
      const hosts = new ClockHostTable(hostLimits, options.shared?.hosts)
      hosts.byNetwork = true
      this.hosts = hosts
      this.transaction = makeTransaction(options.shared, hosts, this.#labels)
      this.flows = new FlowRing(flowLimits)
    }
    const { sharingSeconds = SHARED_WINDOW_SECONDS } = options
    this.#sharing = isP0fMode ? undefined : new Sharing(this.hosts, this.#labels, sharingSeconds)
    this.#nat = this.#sharing ?? new Nat(this.hosts, this.#labels)
    this.#uptime = new Uptime(this.hosts, this.flows)
    this.#systems = new Systems({
      isP0fMode,
      hosts: this.hosts,
      flows: this.flows,
      nat: this.#nat,
      uptime: this.#uptime,
      matcher,
      at: this.#at
    })
    const tables = new HttpTables(matcher.database)
    this.#http = new Http(isP0fMode, this.flows, this.hosts, this.#nat, tables, this.#at)
    this.#stream = new HttpStream(isP0fMode, this.flows, tables, this.#http)
    this.#log = log
    for (const each of [this.#systems, this.#nat, this.#uptime, this.#http]) each.log = log
  }

  /** Takes one captured frame: the whole feed in order. */
  frame(frame: CapturedFrame): void {
    const intake = this.#intake
    const decoded = this.#decoded
    const verdict = intake.decode(frame)
    this.#verdicts[verdict]!++
    decoded.verdict = verdict
    decoded.expires = intake.expires
    decoded.sec = frame.sec
    decoded.usec = frame.usec
    decoded.bytes = frame.bytes
    this.decoded(decoded)
  }

  /** `frame` behind the decoder, for the last of `frame.frames`. */
  decoded(frame: DecodedFrame): void {
    const at = this.#at
    const { sec, usec } = frame
    this.#packets += frame.frames
    if (frame.expires) this.#expire(sec | 0)
    if (frame.verdict !== VERDICT_TCP) return
    at.packet = this.#packets
    at.sec = sec | 0
    at.usec = usec
    if (!this.isP0fMode && this.#lastExpirySec !== at.sec) this.#expire(at.sec)
    this.#dispatch(frame.packet, frame.bytes, sec * 1000 + ((usec / 1000) | 0), frame.entry)
  }

  /** Counts the frames of a batch that `decoded` does not see: those behind the last TCP packet, and all by verdict. */
  countFrames(behind: number, byVerdict: (verdict: number) => number): void {
    this.#packets += behind
    for (let verdict = 0; verdict < this.#verdicts.length; verdict++) this.#verdicts[verdict]! += byVerdict(verdict)
  }

  /**
   * A SYN that a front end asked about, once per connection: history without a flow. Returns the number of the host. `entry`: the matcher's.
   */
  connection(packet: Packet, nowMs: number, entry: number = this.#matcher.lookup(packet, REQUEST, 0)): number {
    const sec = Math.floor(nowMs / 1000)
    const { hosts } = this
    this.#at.packet = ++this.#packets
    this.#at.sec = sec | 0
    this.#at.usec = Math.trunc((nowMs - sec * 1000) * 1000)
    if (this.#log !== undefined) this.#at.name(packet, CLIENT)
    const client = this.#source
    client.setSource(packet)
    hosts.narrow(client)
    hosts.setHash(client)
    const host = hosts.obtain(client, this.#at.sec)
    hosts.hot[(host << HOT_SHIFT) + HOST_TOTAL_CONN]!++
    this.#systems.syn(host, -1, packet, entry, nowMs)
    return host
  }

  /** Number of the host with an address, -1 for none. */
  lookUp(ver: number, a0: number, a1: number, a2: number, a3: number, nowSec: number): number {
    return this.hosts.lookUp(ver, a0, a1, a2, a3, nowSec)
  }

  /** Writes what is on file about a host to the history fields of a ConnectionInfo. */
  fillConnectionInfo(host: number, into: ConnectionInfo): void {
    fillConnectionInfo(this.hosts, this.#labels, host, this.isP0fMode, into)
    this.#sharing?.fill(host, into.lastSeen | 0, into)
  }

  get matcher(): Matcher {
    return this.#matcher
  }

  get labels(): Labels {
    return this.#labels
  }

  /** After a reload: what hosts are known to be is carried over by name, references to lines are forgotten. `generation`: for `transaction`. */
  setMatcher(matcher: Matcher, generation?: number): void {
    const labels = new Labels(matcher.database)
    if (this.transaction === undefined) carryOver(this.hosts, this.#labels, labels)
    else this.transaction.takeOver(this.#labels, labels, generation)
    this.#matcher = this.#systems.matcher = matcher
    this.#labels = this.#nat.labels = labels
    this.#http.tables = this.#stream.tables = new HttpTables(matcher.database)
    // Header ids of the lines found so far were those of the old tables.
    this.flows.destroyAll()
  }

  get counts(): ObserverCounts {
    this.transaction?.refresh()
    return {
      packets: this.#packets,
      verdicts: this.#verdicts,
      syns: this.#systems.syns,
      repeatedSyns: this.#repeatedSyns,
      synAcks: this.#systems.synAcks,
      matched: this.#systems.matched,
      httpRequests: this.#http.requests,
      httpResponses: this.#http.responses,
      httpDropped: this.#stream.dropped,
      uptimes: this.#uptime.observed,
      hostChanges: this.#nat.hostChanges,
      ipSharings: this.#nat.ipSharings,
      hosts: this.hosts.count,
      hostsEvicted: this.hosts.evicted,
      hostsExpired: this.hosts.expired,
      flows: this.flows.count,
      flowsEvicted: this.flows.evicted,
      flowsExpired: this.flows.expired
    }
  }

  /** p0f's expire_cache. Modern mode finds idle hosts when they come back. */
  #expire(sec: number): void {
    if (sec === this.#lastExpirySec) return
    this.#lastExpirySec = sec
    this.flows.expire(sec)
    this.hosts.expire(sec)
  }

  #dispatch(packet: Packet, bytes: Uint8Array, ms: number, known: number): void {
    const { hosts, flows } = this
    const source = this.#source
    const destination = this.#destination
    source.setSource(packet)
    hosts.setHash(source)
    destination.setDestination(packet)
    // Most SYNs go to one server: its host was found a moment ago.
    if (hosts.holds(this.#server, destination)) destination.hash = this.#serverHash
    else hosts.setHash(destination)
    const hash = flows.hash(source.hash, destination.hash, packet.sport, packet.dport)
    if (packet.type === TCP_SYN) {
      if (hosts.narrow(source)) hosts.setHash(source)
      let entry = known
      if (entry < 0) {
        hosts.warm(source.hash)
        entry = this.#matcher.lookup(packet, REQUEST, 0)
      }
      const found = flows.find(packet, hash)
      this.#syn(packet, bytes, ms, entry, found, hash)
      return
    }
    const found = flows.find(packet, hash)
    if (found < 0) return
    const flow = found >> 1
    const subject: Subject = (found & 1) !== 0 ? CLIENT : SERVER
    if (!this.isP0fMode && !this.#hasHosts(flow, subject)) {
      flows.destroy(flow)
      return
    }
    if (this.#log !== undefined) this.#at.name(packet, subject)
    if (packet.type === (TCP_SYN | TCP_ACK)) this.#synAck(packet, ms, flow, subject)
    else if (packet.type === TCP_ACK) this.#ack(packet, bytes, ms, flow, subject)
    else {
      this.#checkUptime(packet, ms, flow, subject)
      flows.destroy(flow)
    }
  }

  /** `found`: what `flows.find` says of the packet; `hash`: its hash there. */
  #syn(packet: Packet, bytes: Uint8Array, ms: number, entry: number, found: number, hash: number): void {
    const { hosts, flows } = this
    if (found >= 0) {
      const isRepeated =
        (found & 1) !== 0 && ((flows.hot[((found >> 1) << FLOW_SHIFT) + FLOW_NEXT_CLIENT_SEQ]! - 1) | 0) === packet.seq
      if (isRepeated) {
        this.#repeatedSyns++
        return
      }
      flows.destroy(found >> 1)
    }
    flows.makeRoom()
    const sec = this.#at.sec
    const client = hosts.obtain(this.#source, sec)
    const destination = this.#destination
    let server = this.#server
    // Asked again: the client may just have taken its place.
    if (!hosts.holds(server, destination) || !hosts.touch(server, sec)) {
      server = hosts.obtain(destination, sec)
      this.#server = server
    }
    this.#serverHash = destination.hash
    hosts.hot[(client << HOT_SHIFT) + HOST_TOTAL_CONN]!++
    hosts.hot[(server << HOT_SHIFT) + HOST_TOTAL_CONN]!++
    const flow = flows.create(packet, hash, client, server, sec)
    if (this.#log !== undefined) this.#at.name(packet, CLIENT)
    if (!this.#systems.syn(client, flow, packet, entry, ms)) {
      flows.destroy(flow)
      return
    }
    // Differs from p0f (docs/p0f-differences.md, 7): data of a SYN counts, if the SYN+ACK accepts it (RFC 7413 §3).
    if (!this.isP0fMode && packet.payloadLength > 0) {
      flows.cold[flows.coldOf(flow) + FLOW_SYN_PAYLOAD] = packet.payloadLength
      if (packet.payloadCaptured === packet.payloadLength)
        this.#stream.append(flow, CLIENT, bytes, packet.payload, packet.payloadLength)
      else flows.hot[(flow << FLOW_SHIFT) + FLOW_STATE]! |= FLOW_NOT_HTTP
    }
  }

  #synAck(packet: Packet, ms: number, flow: number, subject: Subject): void {
    const { flows } = this
    const words = flows.hot
    const base = flow << FLOW_SHIFT
    const state = words[base + FLOW_STATE]!
    const sendsyn = (state & FLOW_SENDSYN) !== 0
    // p0f takes a SYN+ACK of either side for the answer to a probe.
    if (!sendsyn && (subject === CLIENT || (state & FLOW_ACKED) !== 0)) return
    words[base + FLOW_STATE] = state | FLOW_ACKED
    const host = words[base + FLOW_SERVER]!
    if (!this.#systems.synAck(host, flow, packet, state >>> FLOW_MSS_SHIFT, sendsyn, ms)) {
      flows.destroy(flow)
      return
    }
    words[base + FLOW_NEXT_SERVER_SEQ] = packet.seq + 1
    if (!this.isP0fMode && flows.cold[(flow << FLOW_COLD_SHIFT) + FLOW_SYN_PAYLOAD] !== 0)
      this.#acceptSynPayload(packet, flow)
  }

  #ack(packet: Packet, bytes: Uint8Array, ms: number, flow: number, subject: Subject): void {
    const { flows } = this
    const { hot, cold } = flows
    const base = flow << FLOW_SHIFT
    const state = hot[base + FLOW_STATE]!
    if ((state & FLOW_SENDSYN) !== 0 || (state & FLOW_ACKED) === 0) {
      flows.destroy(flow)
      return
    }
    const nextAt = base + (subject === CLIENT ? FLOW_NEXT_CLIENT_SEQ : FLOW_NEXT_SERVER_SEQ)
    if (hot[nextAt] !== packet.seq) return
    const length = packet.payloadLength
    if (length > 0) {
      if (packet.payloadCaptured === length) this.#stream.append(flow, subject, bytes, packet.payload, length)
      else hot[base + FLOW_STATE] = state | FLOW_NOT_HTTP
    }
    this.#checkUptime(packet, ms, flow, subject)
    if (length === 0) return
    hot[nextAt] = packet.seq + length
    const data = flow << FLOW_COLD_SHIFT
    const isFull =
      cold[data + FLOW_REQUEST_LENGTH]! >= FLOW_DATA_BYTES && cold[data + FLOW_RESPONSE_LENGTH]! >= FLOW_DATA_BYTES
    if (!this.#stream.process(flow, subject) || isFull) flows.destroy(flow)
  }

  #acceptSynPayload(packet: Packet, flow: number): void {
    const { hot, cold } = this.flows
    const nextAt = (flow << FLOW_SHIFT) + FLOW_NEXT_CLIENT_SEQ
    const data = flow << FLOW_COLD_SHIFT
    const length = cold[data + FLOW_SYN_PAYLOAD]!
    if (packet.ack === ((hot[nextAt]! + length) | 0)) {
      hot[nextAt] = packet.ack
      if (!this.#stream.process(flow, CLIENT)) this.flows.destroy(flow)
      return
    }
    // Refused: it will come again behind the handshake.
    if (cold[data + FLOW_REQUEST] !== 0) this.flows.data.release(cold[data + FLOW_REQUEST]! - 1)
    cold[data + FLOW_REQUEST] = 0
    cold[data + FLOW_REQUEST_LENGTH] = 0
    cold[data + FLOW_HTTP_POSITION] = 0
    hot[(flow << FLOW_SHIFT) + FLOW_STATE]! &= ~FLOW_NOT_HTTP
  }

  #checkUptime(packet: Packet, ms: number, flow: number, subject: Subject): void {
    // Modern mode reads the clock of SYNs alone (docs/p0f-differences.md, 12).
    if (!this.isP0fMode) return
    const words = this.flows.hot
    const base = flow << FLOW_SHIFT
    if ((words[base + FLOW_STATE]! & FLOW_SENDSYN) !== 0) return
    const host = words[base + (subject === CLIENT ? FLOW_CLIENT : FLOW_SERVER)]!
    this.#uptime.checkFlow(flow, host, subject, packet, ms, this.#at)
  }

  /** Modern mode: whether both hosts of the flow are still in the table. */
  #hasHosts(flow: number, subject: Subject): boolean {
    const { hosts } = this
    const { hot } = this.flows
    const base = flow << FLOW_SHIFT
    const client = subject === CLIENT ? this.#source : this.#destination
    const server = subject === CLIENT ? this.#destination : this.#source
    hosts.narrow(client)
    return hosts.holds(hot[base + FLOW_CLIENT]!, client) && hosts.holds(hot[base + FLOW_SERVER]!, server)
  }
}
