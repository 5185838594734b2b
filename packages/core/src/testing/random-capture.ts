/**
 * Random captures for comparing with p0f: hosts of changing stacks, connections with everything p0f follows (SYN, SYN+ACK, timestamps,
 * HTTP, FIN, RST), faults of every layer, retransmits and jumps of time.
 *
 * Responses have no Date header: p0f reads it from uninitialised memory (docs/p0f-differences.md, 13), so no two of its runs agree.
 */
import type { CapturePacket } from "./capture-writer.ts"
import { ethernet, vlan } from "./layers.ts"
import { concat, tcp } from "./packets.ts"
import type { Layer, PacketFields } from "./packets.ts"
import { randomRequest, randomResponse } from "./random-http.ts"
import { seededRandom } from "./random.ts"
import type { Random } from "./random.ts"
import { CLIENTS, SERVERS, stackFields } from "./stacks.ts"
import type { Stack } from "./stacks.ts"

export interface RandomCaptureOptions {
  readonly seed: number
  /** Connections and stray packets together. 200 by default: some 1,500 packets. */
  readonly events?: number
  /** Client addresses; few make hosts change their stack, many fill the tables. 12 by default. */
  readonly clients?: number
  /** Layer 2 of the frames: Ethernet by default, raw IP for LINKTYPE_RAW. */
  readonly link?: "ethernet" | "raw"
  /** Share of malformed options and headers in percent. 12 by default. */
  readonly faultPercent?: number
}

interface Host {
  readonly ver: 4 | 6
  readonly address: string
  stack: Stack
  /** Hops in front of us. */
  hops: number
  /** Timestamp clock: ticks per second and its base. */
  hz: number
  base: number
}

interface TimedPacket {
  /** Order of the packet. */
  readonly us: number
  /** Offset by which the clock was set back or forth when the packet was sent. */
  readonly skewUs: number
  readonly bytes: Uint8Array
}

const START_US = 1_700_000_000_000_000

/** Packets in the order in which they were captured, to be written by writePcap; the clock jumps, back too. */
export function randomCapture(options: RandomCaptureOptions): ReadonlyArray<CapturePacket> {
  const capture = new RandomCapture(options)
  for (let i = 0; i < (options.events ?? 200); i++) capture.event()
  return capture.packets()
}

class RandomCapture {
  readonly #random: Random
  readonly #options: RandomCaptureOptions
  readonly #clients: ReadonlyArray<Host>
  readonly #servers: ReadonlyArray<Host>
  readonly #timed: Array<TimedPacket> = []
  #us = START_US
  #skewUs = 0

  constructor(options: RandomCaptureOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#clients = Array.from({ length: options.clients ?? 12 }, (_, i) => this.#host(i, false))
    this.#servers = Array.from({ length: 5 }, (_, i) => this.#host(i, true))
  }

  packets(): ReadonlyArray<CapturePacket> {
    return this.#timed
      .toSorted((a, b) => a.us - b.us)
      .map(({ us, skewUs, bytes }) => ({
        bytes,
        sec: Math.floor((us + skewUs) / 1_000_000),
        nsec: ((us + skewUs) % 1_000_000) * 1000
      }))
  }

  /** A connection, a stray packet or a jump of time. */
  event(): void {
    const random = this.#random
    const roll = random.below(100)
    if (roll < 2) this.#us += random.pick([30, 31, 60, 600, 3600, 7200, 7260, 86_400]) * 1_000_000
    else if (roll === 2) this.#skewUs += random.pick([-500, -1_000_000, -20_000_000, 1_000_000, 40_000_000])
    else this.#us += random.pick([0, 1, 24_000, 25_000, 90_000, 400_000, 2_000_000]) + random.below(50_000)
    const client = random.pick(this.#clients)
    const server = random.pick(this.#servers.filter((host) => host.ver === client.ver))
    if (random.chance(4)) client.stack = weighted(random, CLIENTS)
    if (random.chance(2)) client.hops = random.between(0, 40)
    if (random.chance(3)) client.base = random.word() >>> 0
    if (roll < 12) this.#stray(client, server)
    else this.#connection(client, server)
  }

  #host(index: number, isServer: boolean): Host {
    const random = this.#random
    const ver = index % 4 === 3 ? 6 : 4
    const net = isServer ? 100 : 2
    return {
      ver,
      address: ver === 4 ? `198.18.${net}.${index + 1}` : `2001:db8:${net}::${(index + 1).toString(16)}`,
      stack: weighted(random, isServer ? SERVERS : CLIENTS),
      hops: random.pick([0, 1, 4, 5, 8, 12, 20]),
      hz: random.pick([1, 4, 5, 10, 12, 97, 100, 128, 250, 333, 1000, 1000, 1000, 1499, 1600]),
      base: random.word() >>> 0
    }
  }

  #timestamp(host: Host, us: number): number {
    return (host.base + Math.floor(((us - START_US) / 1_000_000) * host.hz)) >>> 0
  }

  #connection(client: Host, server: Host): void {
    const random = this.#random
    const sport = random.chance(10) ? random.between(1, 65535) : random.between(32768, 60999)
    const dport = random.pick([80, 80, 80, 8080, 443])
    let us = this.#us
    let seq = random.chance(2) ? 0 : random.word() >>> 0
    let serverSeq = random.word() >>> 0
    const ends = { src: client.address, dst: server.address, sport, dport, ver: client.ver }
    const back = { src: server.address, dst: client.address, sport: dport, dport: sport, ver: client.ver }
    const withPayload = random.chance(3)
    const syn: PacketFields = {
      ...ends,
      ...this.#handshake(client, us, 0),
      flags: client.stack.ecn && random.chance(30) ? "SEC" : "S",
      seq,
      ...(withPayload ? { payload: "early" } : {})
    }
    this.#send(us, syn)
    for (let again = random.chance(15) ? random.between(1, 3) : 0; again > 0; again--) {
      us += random.pick([1000, 1_000_000, 2_000_000])
      this.#send(us, random.chance(80) ? syn : { ...syn, seq: (seq + random.between(1, 9)) >>> 0 })
    }
    if (random.chance(15)) return
    us += random.between(100, 200_000)
    const answer: PacketFields = {
      ...back,
      ...this.#handshake(server, us, this.#timestamp(client, us)),
      flags: "SA",
      seq: serverSeq,
      ack: (seq + 1) >>> 0
    }
    this.#send(us, answer)
    if (random.chance(5)) this.#send(us + 10, random.chance(50) ? answer : { ...answer, win: 1111 })
    if (random.chance(5)) this.#send(us + 20, { ...ends, flags: "R", seq: seq + 1 })
    seq = (seq + 1) >>> 0
    serverSeq = (serverSeq + 1) >>> 0
    const segment = (from: "client" | "server", flags: string, payload: Uint8Array): void => {
      us += random.pick([10, 1000, 26_000, 120_000]) + random.below(3000)
      const isClient = from === "client"
      const host = isClient ? client : server
      const hasTimestamp = host.stack.options.includes("ts=TS")
      const gap = random.chance(2) ? random.pick([1, -1, 100]) : 0
      this.#send(us, {
        ...(isClient ? ends : back),
        flags,
        seq: ((isClient ? seq : serverSeq) + gap) >>> 0,
        ack: isClient ? serverSeq : seq,
        ttl: hopped(host),
        win: 501,
        options: hasTimestamp ? `nop,nop,ts=${this.#timestamp(host, us)}:1` : "",
        payload
      })
      if (isClient) seq = (seq + payload.length) >>> 0
      else serverSeq = (serverSeq + payload.length) >>> 0
    }
    const none = new Uint8Array(0)
    segment("client", "A", none)
    for (let more = random.below(3); more > 0; more--) segment(random.pick(["client", "server"]), "A", none)
    if (random.chance(70)) {
      for (const part of inParts(random, randomRequest(random))) segment("client", "PA", part)
      if (random.chance(80)) {
        for (const part of inParts(random, randomResponse(random))) segment("server", "PA", part)
      }
    } else if (random.chance(30)) segment("client", "PA", concat(Uint8Array.of(22, 3, 1, 2, 0), random.bytes(40)))
    if (random.chance(60)) segment(random.pick(["client", "server"]), random.pick(["FA", "F", "R", "RA"]), none)
  }

  /** SYN or SYN+ACK fields of a host at a moment, now and then with a fault in them. */
  #handshake(host: Host, us: number, peer: number): PacketFields {
    const random = this.#random
    const fields = stackFields(host.stack, this.#timestamp(host, us), peer)
    return {
      ...fields,
      id: fields.id ?? random.between(1, 65535),
      ttl: hopped(host),
      ...(host.ver === 6 && random.chance(40) ? { flowLabel: random.between(1, 0xfffff) } : {}),
      ...(random.chance(this.#options.faultPercent ?? 12) ? randomFault(random) : {})
    }
  }

  /** Packets outside connections, and such as p0f must drop. */
  #stray(client: Host, server: Host): void {
    const random = this.#random
    const fields: PacketFields = {
      src: client.address,
      dst: server.address,
      ver: client.ver,
      sport: random.between(1, 65535),
      flags: random.pick(["A", "PA", "SA", "F", "R", "FA", "RA", "SF", "SR", "FR", "", "P", "SFRPAU", "SPU", "SU"]),
      ...this.#handshake(client, this.#us, 0)
    }
    const kind = random.below(8)
    if (kind === 0) this.#send(this.#us, { ...fields, mf: true })
    else if (kind === 1 && client.ver === 6) this.#send(this.#us, { ...fields, extensions: [{ kind: "destination" }] })
    else if (kind === 2) this.#push(this.#us, concat(this.#frame(tcp(fields)), random.bytes(random.between(1, 20))))
    else if (kind === 3 && this.#options.link !== "raw") this.#push(this.#us, ethernet(vlan(7, tcp(fields))).bytes)
    else if (kind === 4) this.#send(this.#us, { ...fields, protocol: 17 })
    else if (kind === 5) {
      const whole = this.#frame(tcp(fields))
      this.#push(this.#us, whole.slice(0, random.between(1, whole.length)))
    } else if (kind === 6) {
      const broken = this.#frame(tcp(fields))
      broken[random.below(broken.length)] = random.word() & 255
      this.#push(this.#us, broken)
    } else this.#send(this.#us, fields)
  }

  #send(us: number, fields: PacketFields): void {
    this.#push(us, this.#frame(tcp(fields)))
  }

  #push(us: number, bytes: Uint8Array): void {
    this.#timed.push({ us, skewUs: this.#skewUs, bytes })
  }

  #frame(layer: Layer): Uint8Array {
    return this.#options.link === "raw" ? layer.bytes.slice() : ethernet(layer, 60).bytes
  }
}

function hopped(host: Host): number {
  return Math.max(1, host.stack.ttl - host.hops)
}

export function weighted(random: Random, stacks: ReadonlyArray<Stack>): Stack {
  let left = random.below(stacks.reduce((sum, stack) => sum + stack.weight, 0))
  return stacks.find((stack) => (left -= stack.weight) < 0)!
}

/** One or two faults of header or options. */
function randomFault(random: Random): PacketFields {
  switch (random.below(16)) {
    case 0:
      return { options: random.bytes(random.between(1, 40)) }
    case 1:
      return { options: Uint8Array.from({ length: random.between(1, 40) }, () => random.below(9)) }
    case 2:
      return { options: concat(Uint8Array.of(2, 4, 5, 180, 0), random.bytes(random.between(0, 3))) }
    case 3:
      return { ack: random.pick([1, 0x01000000, 0x02000000, 0x00ffffff, 0xff000000, random.word() >>> 0]) }
    case 4:
      return { urg: random.between(0, 5), flags: random.pick(["S", "SU", "SP"]) }
    case 5:
      return { tos: random.below(256) }
    case 6:
      return { id: 0, df: random.chance(50) }
    case 7:
      return { mbz: true }
    case 8:
      return { ipOptions: random.pick([Uint8Array.of(1, 1, 1, 0), Uint8Array.of(148, 4, 0, 0), random.bytes(40)]) }
    case 9:
      return { ttl: random.below(256) }
    case 10:
      return { win: random.below(65536) }
    case 11: {
      const mss = random.pick([0, 1, 12, 52, 99, 100, 536, 1240, 1331, 1400, 1452, random.below(65536)])
      const times = random.between(1, 64)
      const unit = random.pick([mss, mss + 40, mss + 60, mss - 12, 1500, 1460, 1448, 1440, 1428])
      const win = random.chance(20) ? 1337 : Math.abs(unit * times) & 0xffff
      return { win, options: `mss=${mss}${random.chance(50) ? ",ts=5:0,nop,nop" : ""}` }
    }
    case 12:
      return { options: `mss=1460,nop,ws=${random.between(14, 20)}` }
    case 13:
      return { options: `mss=1460,ts=${random.below(2)}:${random.below(2)},nop,ws=${random.below(256)}` }
    case 14:
      return { seq: 0 }
    default:
      return { doff: random.below(16) }
  }
}

function inParts(random: Random, bytes: Uint8Array): ReadonlyArray<Uint8Array> {
  if (random.chance(60) || bytes.length < 4) return [bytes]
  const cut = random.between(1, bytes.length - 1)
  return [bytes.subarray(0, cut), bytes.subarray(cut)]
}
