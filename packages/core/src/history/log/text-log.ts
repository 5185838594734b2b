/**
 * Text log: one compact line per SYN and SYN+ACK, and per finding of the history, for people at a terminal.
 *
 *     12:00:00.000123  10.1.0.0:40000 > 10.0.0.1:80  SYN      Linux 4.20 or newer, 3 hops, Ethernet or modem  4:61+3:0:1460:...
 */
import type { TcpFingerprint } from "../../tcp/matching/fingerprint.ts"
import { printIpv4, printIpv6 } from "../../address/address.ts"
import { CLIENT, type Endpoints, type HttpObservation, type ObservationLog, type Subject } from "./observation-log.ts"
import { LineBuffer } from "./line-buffer.ts"
import type { NatReport } from "./nat-report.ts"
import { reasonNames } from "../sharing/sharing-reasons.ts"

const decoder = new TextDecoder("latin1")
const two = (n: number): string => (n < 10 ? `0${n}` : String(n))

/** Number of times that each system and each link was seen. */
export interface Tally {
  /** `name[ flavor]` -> SYNs. */
  readonly systems: ReadonlyMap<string, number>
  readonly unknown: number
}

export class TextLog implements ObservationLog {
  readonly #lines: LineBuffer
  readonly #fingerprints = new WeakMap<TcpFingerprint, string>()
  readonly #systems = new Map<string, number>()
  #unknown = 0

  /** `write` is given whole lines. */
  constructor(write: (text: string) => void) {
    this.#lines = new LineBuffer(write)
  }

  flush(): void {
    this.#lines.flush()
  }

  get tally(): Tally {
    return { systems: this.#systems, unknown: this.#unknown }
  }

  syn(at: Endpoints, fingerprint: TcpFingerprint): void {
    if (fingerprint.os === undefined) this.#unknown++
    else this.#systems.set(fingerprint.os, (this.#systems.get(fingerprint.os) ?? 0) + 1)
    this.#line(at, "SYN", this.#describe(fingerprint))
  }

  synAck(at: Endpoints, fingerprint: TcpFingerprint): void {
    this.#line(at, "SYN+ACK", this.#describe(fingerprint))
  }

  /** The link is in the line of the SYN. */
  mtu(): void {}

  uptime(at: Endpoints, subject: Subject, minutes: number): void {
    const days = Math.trunc(minutes / 1440)
    this.#line(at, "uptime", `${who(subject)} ${days} days ${Math.trunc(minutes / 60) % 24} hours ${minutes % 60} min`)
  }

  http(at: Endpoints, subject: Subject, seen: HttpObservation): void {
    const words = [seen.match?.title ?? "unknown program"]
    if (seen.language !== undefined) words.push(seen.language)
    if (seen.dishonest) words.push("dishonest")
    if (seen.hints !== undefined) words.push(seen.hints)
    const raw = printable(decoder.decode(seen.raw.subarray(0, seen.rawLength)))
    this.#line(at, subject === CLIENT ? "request" : "response", `${words.join(", ")}  ${raw}`)
  }

  sharing(at: Endpoints, subject: Subject, isShared: boolean, reasons: number, score: number): void {
    const why = `${reasonNames(reasons).join(", ")}, score ${score}`
    this.#line(at, isShared ? "sharing" : "change", `${who(subject)}: ${why}`)
  }

  hostChange(at: Endpoints, subject: Subject, { reasons }: NatReport): void {
    this.#line(at, "change", `${who(subject)}: ${reasonNames(reasons).join(", ")}`)
  }

  ipSharing(at: Endpoints, subject: Subject, { reasons }: NatReport): void {
    this.#line(at, "sharing", `${who(subject)}: ${reasonNames(reasons).join(", ")}`)
  }

  #describe(fingerprint: TcpFingerprint): string {
    const known = this.#fingerprints.get(fingerprint)
    if (known !== undefined) return known
    const words = [fingerprint.os ?? "unknown"]
    if (fingerprint.fuzzy) words.push("fuzzy")
    words.push(hops(fingerprint))
    if (fingerprint.mss !== 0) words.push(link(fingerprint))
    const text = `${words.join(", ")}  ${fingerprint.rawSignature}`
    this.#fingerprints.set(fingerprint, text)
    return text
  }

  #line(at: Endpoints, what: string, text: string): void {
    const second = (at.sec >>> 0) % 86400
    const time = `${two(Math.trunc(second / 3600))}:${two(Math.trunc(second / 60) % 60)}:${two(second % 60)}.${String(at.usec).padStart(6, "0")}`
    const client = endpoint(at.ver, at.client0, at.client1, at.client2, at.client3, at.clientPort)
    const server = endpoint(at.ver, at.server0, at.server1, at.server2, at.server3, at.serverPort)
    this.#lines.add(`${time}  ${client} > ${server}  ${what.padEnd(8)} ${text}\n`)
  }
}

const endpoint = (ver: number, a0: number, a1: number, a2: number, a3: number, port: number): string =>
  ver === 4 ? `${printIpv4(a0)}:${port}` : `[${printIpv6(a0, a1, a2, a3)}]:${port}`

const who = (subject: Subject): string => (subject === CLIENT ? "client" : "server")

function hops({ dist, distReason }: TcpFingerprint): string {
  const text = `${dist} hop${dist === 1 ? "" : "s"}`
  if (distReason === undefined) return text
  return distReason === "random-ttl" ? `at most ${text}` : `${text} at a guess (${distReason})`
}

function link(fingerprint: TcpFingerprint): string {
  const name = fingerprint.link ?? `MTU ${fingerprint.linkMtu}`
  if (fingerprint.mtuOrigin === "interface") return `${name} (own interface)`
  return fingerprint.mtuOrigin === "clamped" ? `${name} (MSS lowered from ${fingerprint.interfaceMss})` : name
}

/** Replaces control characters, which a terminal would execute, by dots. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, ".")
