/**
 * JSON log: observations as one JSON object a line, with the facts of the p0f log and numbers as numbers. Nothing in it can be
 * forged from a header, as it can in p0f's form.
 *
 *     {"time":1700000000.000123,"event":"syn","client":"10.1.0.0","client_port":40000,"server":...,"subject":"client","os":...}
 */
import type { TcpFingerprint } from "../../tcp/matching/fingerprint.ts"
import { printIpv4, printIpv6 } from "../../address/address.ts"
import {
  CLIENT,
  type Endpoints,
  type HttpObservation,
  type ObservationLog,
  SERVER,
  type Subject
} from "./observation-log.ts"
import { LineBuffer } from "./line-buffer.ts"
import type { NatReport } from "./nat-report.ts"
import { reasonNames } from "../sharing/sharing-reasons.ts"

/** HTTP texts are bytes as received: every byte is one character. */
const decoder = new TextDecoder("latin1")

/** `,"key":"text"`, nothing for undefined. */
const field = (key: string, text: string | undefined): string =>
  text === undefined ? "" : `,"${key}":${JSON.stringify(text)}`

/** Prints the origin of the MSS and every link that fits; empty in p0f mode. */
function printPath({ mtuOrigin, interfaceMss, candidates }: TcpFingerprint): string {
  let text = field("mtu_origin", mtuOrigin)
  if (interfaceMss !== 0) text += `,"interface_mss":${interfaceMss}`
  if (candidates.length === 0) return text
  const links = candidates.map(({ name, kind, weight }) => ({ name, kind, q: weight / 100 }))
  return `${text},"link_candidates":${JSON.stringify(links)}`
}

/** Facts of a fingerprint, from the label to the raw signature. */
function printFingerprint(fingerprint: TcpFingerprint): string {
  const { match } = fingerprint
  let text = field(fingerprint.userland ? "app" : "os", fingerprint.os)
  if (match !== undefined) {
    text += `,"os_match_q":${fingerprint.osMatchQ},"generic":${match.label.generic},"fuzzy":${fingerprint.fuzzy}`
    text += `${field("database", match.file)},"line":${match.line}`
  }
  text += `,"dist":${fingerprint.dist}${field("dist_reason", fingerprint.distReason)}`
  if (fingerprint.randomTtl) text += `,"random_ttl":true`
  if (fingerprint.mss !== 0)
    text += `,"mss":${fingerprint.mss},"mtu":${fingerprint.linkMtu}${field("link", fingerprint.link)}${printPath(fingerprint)}`
  if (fingerprint.tos !== 0) text += `,"tos":${fingerprint.tos}`
  return `${text}${field("sig", fingerprint.rawSignature)}`
}

function printNat({ reasons, atLeast6, atLeast3, atLeast2, atLeast1 }: NatReport): string {
  const names = JSON.stringify(reasonNames(reasons))
  return `,"reasons":${names},"hits":[${atLeast6},${atLeast3},${atLeast2},${atLeast1}]`
}

export class JsonLog implements ObservationLog {
  readonly #lines: LineBuffer
  /** Printed parts by fingerprint: each is printed once. */
  readonly #fingerprints = new WeakMap<TcpFingerprint, string>()

  /** `write` is given whole lines. */
  constructor(write: (text: string) => void) {
    this.#lines = new LineBuffer(write)
  }

  flush(): void {
    this.#lines.flush()
  }

  syn(at: Endpoints, fingerprint: TcpFingerprint, sendsyn: boolean): void {
    this.#line(at, CLIENT, sendsyn ? "sendsyn probe" : "syn", this.#fingerprint(fingerprint))
  }

  synAck(at: Endpoints, fingerprint: TcpFingerprint, sendsyn: boolean): void {
    this.#line(at, SERVER, sendsyn ? "sendsyn response" : "syn+ack", this.#fingerprint(fingerprint))
  }

  mtu(at: Endpoints, subject: Subject, fingerprint: TcpFingerprint): void {
    this.#line(at, subject, "mtu", `,"mtu":${fingerprint.linkMtu}${field("link", fingerprint.link)}`)
  }

  uptime(at: Endpoints, subject: Subject, minutes: number, moduloDays: number, hertz: number): void {
    this.#line(at, subject, "uptime", `,"uptime":${minutes},"up_mod_days":${moduloDays},"raw_freq":${hertz.toFixed(2)}`)
  }

  http(at: Endpoints, subject: Subject, seen: HttpObservation): void {
    const { match } = seen
    let text = field(match !== undefined && match.label.classId >= 0 ? "os" : "app", match?.title)
    if (match !== undefined)
      text += `,"generic":${match.label.generic}${field("database", match.file)},"line":${match.line}`
    text += `${field("language", seen.language)},"dishonest":${seen.dishonest},"anonymous":${seen.anonymous}`
    text += field("hints", seen.hints)
    text += field("sig", decoder.decode(seen.raw.subarray(0, seen.rawLength)))
    this.#line(at, subject, subject === CLIENT ? "http request" : "http response", text)
  }

  sharing(at: Endpoints, subject: Subject, isShared: boolean, reasons: number, score: number): void {
    const names = JSON.stringify(reasonNames(reasons))
    this.#line(at, subject, isShared ? "ip sharing" : "host change", `,"reasons":${names},"score":${score}`)
  }

  hostChange(at: Endpoints, subject: Subject, report: NatReport): void {
    this.#line(at, subject, "host change", printNat(report))
  }

  ipSharing(at: Endpoints, subject: Subject, report: NatReport): void {
    this.#line(at, subject, "ip sharing", printNat(report))
  }

  #fingerprint(fingerprint: TcpFingerprint): string {
    let text = this.#fingerprints.get(fingerprint)
    if (text === undefined) {
      text = printFingerprint(fingerprint)
      this.#fingerprints.set(fingerprint, text)
    }
    return text
  }

  #line(at: Endpoints, subject: Subject, event: string, facts: string): void {
    const time = `${at.sec >>> 0}.${String(at.usec).padStart(6, "0")}`
    const client = at.ver === 6 ? printIpv6(at.client0, at.client1, at.client2, at.client3) : printIpv4(at.client0)
    const server = at.ver === 6 ? printIpv6(at.server0, at.server1, at.server2, at.server3) : printIpv4(at.server0)
    this.#lines.add(
      `{"time":${time},"event":"${event}","client":"${client}","client_port":${at.clientPort},"server":"${server}",` +
        `"server_port":${at.serverPort},"subject":"${subject === CLIENT ? "client" : "server"}"${facts}}\n`
    )
  }
}
