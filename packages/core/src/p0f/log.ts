/**
 * p0f log: observations as the lines of p0f's `-o` file, in UTC (p0f.c: start_observation, add_observation_field).
 *
 *     [YYYY/MM/DD HH:MM:SS] mod=M|cli=ADDR/PORT|srv=ADDR/PORT|subj=cli|key=value|...
 *
 * Written straight to bytes: what depends on the fingerprint is copied from the fingerprint, the time is formatted when the second changes.
 */
import { putDecimal } from "../bytes/ascii.ts"
import type { TcpFingerprint } from "../tcp/matching/fingerprint.ts"
import { civilFromDays } from "../history/http/calendar-date.ts"
import { HTTP_SIGNATURE_MAX } from "../history/http/print.ts"
import { LineEnds } from "./line-ends.ts"
import {
  CLIENT,
  type Endpoints,
  type HttpObservation,
  type ObservationLog,
  SERVER,
  type Subject
} from "../history/log/observation-log.ts"
import type { NatReport } from "../history/log/nat-report.ts"
import { reasonNames } from "../history/sharing/sharing-reasons.ts"

/** Bytes of its buffer. */
export const BUFFER_BYTES = 1 << 18
const encoder = new TextEncoder()
const TEXT = {
  syn: encoder.encode("syn|cli="),
  synAck: encoder.encode("syn+ack|cli="),
  probe: encoder.encode("sendsyn probe|cli="),
  response: encoder.encode("sendsyn response|cli="),
  mtu: encoder.encode("mtu|cli="),
  uptime: encoder.encode("uptime|cli="),
  httpRequest: encoder.encode("http request|cli="),
  httpResponse: encoder.encode("http response|cli="),
  hostChange: encoder.encode("host change|cli="),
  ipSharing: encoder.encode("ip sharing|cli="),
  srv: encoder.encode("|srv="),
  client: encoder.encode("|subj=cli"),
  server: encoder.encode("|subj=srv")
}
/** `[YYYY/MM/DD HH:MM:SS] mod=`, and `syn|cli=` behind it. */
const PREFIX_BYTES = 26
const SYN_PREFIX_BYTES: number = PREFIX_BYTES + TEXT.syn.length
/** `|srv=ADDR/PORT` */
const SERVER_ROOM = 5 + 39 + 6
const SUBJECT_BYTES: number = TEXT.client.length
/** All of a line but its values that have no fixed bound; and the rest of a last word. */
const LINE_ROOM = 512
const HEX = encoder.encode("0123456789abcdef")
const LF = 0x0a

/** Digits of 0..255: one word each, count in the lowest byte, digits above. */
const BYTES = new Int32Array(256)
for (let n = 0; n < 256; n++) {
  const text = String(n)
  BYTES[n] = text.length
  for (let i = 0; i < text.length; i++) BYTES[n]! |= text.charCodeAt(i) << (8 * (i + 1))
}

/** `printf("%.02f")`: exact, halves to even, where toFixed takes halves up. */
export function printHertz(hertz: number): string {
  const eighths = hertz * 8
  // Halves of a hundredth that a double can hold are odd eighths; .125 and .625 round down to even.
  if (eighths === Math.trunc(eighths) && (eighths & 3) === 1) return (hertz - 0.005).toFixed(2)
  return hertz.toFixed(2)
}

/** Whole words; blank, since zeros at a word's end would be a denormal number. */
const paddedText = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array((bytes + 7) & ~7).fill(0x20)

function putByte(value: number, out: Uint8Array, at: number): number {
  const digits = BYTES[value]!
  out[at] = digits >> 8
  out[at + 1] = digits >> 16
  out[at + 2] = digits >> 24
  return at + (digits & 255)
}

function putGroup(group: number, out: Uint8Array, at: number): number {
  let end = at
  if (group > 0xfff) out[end++] = HEX[group >> 12]!
  if (group > 0xff) out[end++] = HEX[(group >> 8) & 15]!
  if (group > 0xf) out[end++] = HEX[(group >> 4) & 15]!
  out[end++] = HEX[group & 15]!
  return end
}

/** Two groups of an IPv6 address; p0f prints all eight, without leading zeros and without `::`. */
function putWord6(word: number, out: Uint8Array, at: number): number {
  const end = putGroup(word >>> 16, out, at)
  out[end] = 0x3a
  return putGroup(word & 0xffff, out, end + 1)
}

function putIpv6(a0: number, a1: number, a2: number, a3: number, out: Uint8Array, at: number): number {
  let end = putWord6(a0, out, at)
  out[end++] = 0x3a
  end = putWord6(a1, out, end)
  out[end++] = 0x3a
  end = putWord6(a2, out, end)
  out[end++] = 0x3a
  return putWord6(a3, out, end)
}

function putIpv4(word: number, out: Uint8Array, at: number): number {
  let end = putByte(word >>> 24, out, at)
  out[end++] = 0x2e
  end = putByte((word >>> 16) & 255, out, end)
  out[end++] = 0x2e
  end = putByte((word >>> 8) & 255, out, end)
  out[end++] = 0x2e
  return putByte(word & 255, out, end)
}

/** Writes `/PORT`. */
function putPort(port: number, out: Uint8Array, at: number): number {
  out[at] = 0x2f
  return putDecimal(port, out, at + 1)
}

function printNat({ reasons, atLeast6, atLeast3, atLeast2, atLeast1 }: NatReport): string {
  const names = reasonNames(reasons).join(" ")
  return `|reason=${names === "" ? "???" : names}|raw_hits=${atLeast6},${atLeast3},${atLeast2},${atLeast1}`
}

export class P0fLog implements ObservationLog {
  readonly #flush: (bytes: Uint8Array) => void
  readonly #swap: ((bytes: Uint8Array) => Uint8Array) | undefined
  #out: Uint8Array
  #view: DataView
  #end = 0
  /** With `syn|cli=`. */
  readonly #prefix = paddedText(SYN_PREFIX_BYTES)
  readonly #prefixWords = new Float64Array(this.#prefix.buffer)
  #prefixSec = 0
  #prefixDay = -1
  /** The server that was printed last, with `|subj=cli`: most lines name the same one. */
  readonly #server = paddedText(SERVER_ROOM + SUBJECT_BYTES)
  readonly #serverWords = new Float64Array(this.#server.buffer)
  /** Without `|subj=cli`. */
  #serverLength = 0
  #server0 = 0
  #server1 = 0
  #server2 = 0
  #server3 = 0
  #serverPort = -1
  #serverVer = 0
  /** The `syn` line of the packet whose number is `#synPacket`: its mtu line begins with the same bytes but three. */
  #synPacket = -1
  #synAt = 0
  #synHead = 0
  readonly #ends = new LineEnds()

  /**
   * `flush` is given bytes that are valid during the call; it must take them all. `swap` takes them for good, and gives BUFFER_BYTES
   * to go on with.
   */
  constructor(flush: (bytes: Uint8Array) => void, swap?: (bytes: Uint8Array) => Uint8Array) {
    this.#flush = flush
    this.#swap = swap
    this.#out = new Uint8Array(BUFFER_BYTES)
    this.#view = new DataView(this.#out.buffer)
    this.#prefix.set(encoder.encode("[0000/00/00 00:00:00] mod=syn|cli="))
    this.#setTime(0)
  }

  /** Hands over what is buffered. */
  flush(): void {
    if (this.#end === 0) return
    const end = this.#end
    this.#end = 0
    this.#synPacket = -1
    const bytes = this.#out.subarray(0, end)
    if (this.#swap === undefined) this.#flush(bytes)
    else {
      this.#out = this.#swap(bytes)
      this.#view = new DataView(this.#out.buffer, this.#out.byteOffset)
    }
  }

  syn(at: Endpoints, fingerprint: TcpFingerprint, sendsyn: boolean, entry: number): void {
    if (sendsyn || !this.#ends.has(entry, fingerprint)) {
      this.#line(at, CLIENT, sendsyn ? TEXT.probe : TEXT.syn, fingerprint.logSuffix)
      return
    }
    this.#room(2 * LINE_ROOM)
    if (at.sec !== this.#prefixSec) this.#setTime(at.sec)
    if (!this.#isServer(at)) this.#setServer(at)
    const start = this.#end
    let end = this.#words(this.#prefixWords, 0, SYN_PREFIX_BYTES, start)
    end = this.#client(at, end)
    end = this.#words(this.#serverWords, 0, this.#serverLength + SUBJECT_BYTES, end)
    this.#synPacket = at.packet
    this.#synAt = start
    this.#synHead = end - start
    const ends = this.#ends
    this.#end = this.#words(ends.words, ends.synAt(entry), ends.synLength(entry), end)
  }

  synAck(at: Endpoints, fingerprint: TcpFingerprint, sendsyn: boolean): void {
    if (sendsyn) this.#line(at, SERVER, TEXT.response, fingerprint.sendsynLogSuffix)
    else this.#line(at, SERVER, TEXT.synAck, fingerprint.logSuffix)
  }

  mtu(at: Endpoints, subject: Subject, fingerprint: TcpFingerprint, entry: number): void {
    if (at.packet !== this.#synPacket) {
      this.#line(at, subject, TEXT.mtu, fingerprint.mtuLogSuffix)
      return
    }
    const view = this.#view
    const from = this.#synAt
    const start = this.#end
    for (let i = 0; i < this.#synHead; i += 8) view.setFloat64(start + i, view.getFloat64(from + i, true), true)
    this.#bytes(TEXT.mtu, 3, start + PREFIX_BYTES)
    const ends = this.#ends
    this.#end = this.#words(ends.words, ends.mtuAt(entry), ends.mtuLength(entry), start + this.#synHead)
  }

  uptime(at: Endpoints, subject: Subject, minutes: number, moduloDays: number, hertz: number): void {
    const days = Math.trunc(minutes / 1440)
    const hours = Math.trunc(minutes / 60) % 24
    this.#textLine(
      at,
      subject,
      TEXT.uptime,
      `|uptime=${days} days ${hours} hrs ${minutes % 60} min (modulo ${moduloDays} days)|raw_freq=${printHertz(hertz)} Hz`
    )
  }

  http(at: Endpoints, subject: Subject, seen: HttpObservation): void {
    const { match } = seen
    const key = match !== undefined && match.label.classId >= 0 ? "os" : "app"
    const language = seen.hasLanguage ? (seen.language ?? "???") : "none"
    let params = seen.dishonest ? " dishonest" : ""
    if (seen.anonymous) params += " anonymous"
    if (match !== undefined && match.label.generic) params += " generic"
    const text = `|${key}=${match?.title ?? "???"}|lang=${language}|params=${params === "" ? "none" : params.slice(1)}|raw_sig=`
    this.#room(LINE_ROOM + text.length * 3 + HTTP_SIGNATURE_MAX)
    this.#head(at, subject, subject === CLIENT ? TEXT.httpRequest : TEXT.httpResponse)
    this.#text(text)
    this.#end = this.#bytes(seen.raw, seen.rawLength, this.#end)
    this.#out[this.#end++] = LF
  }

  /** Modern mode in p0f's form: it has a score and no hits. */
  sharing(at: Endpoints, subject: Subject, isShared: boolean, reasons: number, score: number): void {
    const mod = isShared ? TEXT.ipSharing : TEXT.hostChange
    this.#textLine(at, subject, mod, `|reason=${reasonNames(reasons).join(" ")}|score=${score}`)
  }

  hostChange(at: Endpoints, subject: Subject, report: NatReport): void {
    this.#textLine(at, subject, TEXT.hostChange, printNat(report))
  }

  ipSharing(at: Endpoints, subject: Subject, report: NatReport): void {
    this.#textLine(at, subject, TEXT.ipSharing, printNat(report))
  }

  #textLine(at: Endpoints, subject: Subject, mod: Uint8Array, text: string): void {
    this.#room(LINE_ROOM + text.length * 3)
    this.#head(at, subject, mod)
    this.#text(text)
    this.#out[this.#end++] = LF
  }

  #line(at: Endpoints, subject: Subject, mod: Uint8Array, suffix: Uint8Array): void {
    this.#room(LINE_ROOM + suffix.length)
    this.#head(at, subject, mod)
    this.#suffix(suffix)
  }

  // Measured for 95 bytes: set 46 ns, a loop of bytes 75 ns; for 30 bytes it is the other way round.
  #suffix(suffix: Uint8Array): void {
    const end = this.#end
    this.#out.set(suffix, end)
    this.#out[end + suffix.length] = LF
    this.#end = end + suffix.length + 1
  }

  #room(bytes: number): void {
    if (this.#end + bytes > BUFFER_BYTES) this.flush()
  }

  /** From the time to `subj=`. */
  #head(at: Endpoints, subject: Subject, mod: Uint8Array): void {
    if (at.sec !== this.#prefixSec) this.#setTime(at.sec)
    let end = this.#bytes(this.#prefix, PREFIX_BYTES, this.#end)
    end = this.#bytes(mod, mod.length, end)
    this.#end = this.#client(at, end)
    if (!this.#isServer(at)) this.#setServer(at)
    end = this.#bytes(this.#server, this.#serverLength, this.#end)
    this.#end = this.#bytes(subject === CLIENT ? TEXT.client : TEXT.server, 9, end)
  }

  #isServer(at: Endpoints): boolean {
    return (
      at.serverPort === this.#serverPort &&
      at.server0 === this.#server0 &&
      at.server1 === this.#server1 &&
      at.server2 === this.#server2 &&
      at.server3 === this.#server3 &&
      at.ver === this.#serverVer
    )
  }

  #setServer(endpoints: Endpoints): void {
    const { ver, server0, server1, server2, server3, serverPort } = endpoints
    this.#server0 = server0
    this.#server1 = server1
    this.#server2 = server2
    this.#server3 = server3
    this.#serverPort = serverPort
    this.#serverVer = ver
    const server = this.#server
    server.set(TEXT.srv)
    const at = TEXT.srv.length
    const end = ver === 6 ? putIpv6(server0, server1, server2, server3, server, at) : putIpv4(server0, server, at)
    this.#serverLength = putPort(serverPort, server, end)
    server.set(TEXT.client, this.#serverLength)
  }

  #setTime(sec: number): void {
    const prefix = this.#prefix
    const unix = sec >>> 0
    const day = Math.trunc(unix / 86_400)
    const second = unix - day * 86_400
    const two = (value: number, at: number): void => {
      prefix[at] = 0x30 + Math.trunc(value / 10)
      prefix[at + 1] = 0x30 + (value % 10)
    }
    if (day !== this.#prefixDay) {
      this.#prefixDay = day
      const civil = civilFromDays(day)
      two(Math.trunc((civil >> 9) / 100), 1)
      two((civil >> 9) % 100, 3)
      two((civil >> 5) & 15, 6)
      two(civil & 31, 9)
    }
    two(Math.trunc(second / 3600), 12)
    two(Math.trunc(second / 60) % 60, 15)
    two(second % 60, 18)
    this.#prefixSec = sec
  }

  /** Copies words of text to the output and returns its end. A third of the time that its bytes take one by one. */
  #words(words: Float64Array, from: number, length: number, at: number): number {
    const view = this.#view
    for (let i = 0; i < length; i += 8) view.setFloat64(at + i, words[from + (i >> 3)]!, true)
    return at + length
  }

  /** Copies bytes to the output and returns their end. */
  #bytes(from: Uint8Array, length: number, at: number): number {
    const out = this.#out
    for (let i = 0; i < length; i++) out[at + i] = from[i]!
    return at + length
  }

  #text(text: string): void {
    this.#end += encoder.encodeInto(text, this.#out.subarray(this.#end)).written
  }

  /** Writes `ADDR/PORT` of the client to the output and returns its end. */
  #client({ ver, client0, client1, client2, client3, clientPort }: Endpoints, at: number): number {
    const out = this.#out
    const end = ver === 6 ? putIpv6(client0, client1, client2, client3, out, at) : putIpv4(client0, out, at)
    return putPort(clientPort, out, end)
  }
}
