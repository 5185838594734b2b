/**
 * HAProxy's side of SPOP for tests: builds the frames that HAProxy sends and reads those of an agent into plain objects.
 *
 * Written apart from the agent's codec on purpose (BigInt, objects, exceptions), so that a fault in one shows against the other.
 */

export type Typed =
  | { readonly t: "null" }
  | { readonly t: "bool"; readonly v: boolean }
  | { readonly t: "int32" | "uint32" | "int64" | "uint64"; readonly v: bigint | number }
  | { readonly t: "ipv4" | "ipv6" | "binary"; readonly v: Uint8Array }
  | { readonly t: "string"; readonly v: string }

export type KeyValues = ReadonlyArray<readonly [string, Typed]>

export interface Message {
  readonly name: string
  readonly args: KeyValues
}

const TYPES = ["null", "bool", "int32", "uint32", "int64", "uint64", "ipv4", "ipv6", "string", "binary"] as const

export function varint(value: bigint | number): Array<number> {
  let rest = BigInt.asUintN(64, BigInt(value))
  if (rest < 240n) return [Number(rest)]
  const bytes = [Number(rest & 15n) | 240]
  rest = (rest - 240n) >> 4n
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128)
    rest = (rest - 128n) >> 7n
  }
  bytes.push(Number(rest))
  return bytes
}

const latin1 = (text: string): Array<number> => [...Buffer.from(text, "latin1")]

const named = (text: string): Array<number> => [...varint(text.length), ...latin1(text)]

export function typed(value: Typed): Array<number> {
  const type = TYPES.indexOf(value.t)
  switch (value.t) {
    case "null":
      return [type]
    case "bool":
      return [type | (value.v ? 0x10 : 0)]
    case "ipv4":
    case "ipv6":
      return [type, ...value.v]
    case "string":
      return [type, ...named(value.v)]
    case "binary":
      return [type, ...varint(value.v.length), ...value.v]
    default:
      return [type, ...varint(value.v)]
  }
}

export const keyValues = (pairs: KeyValues): Array<number> =>
  pairs.flatMap(([name, value]) => [...named(name), ...typed(value)])

export interface FrameOptions {
  readonly flags?: number
  readonly sid?: bigint | number
  readonly fid?: bigint | number
  /** Replaces the LENGTH that fits. */
  readonly length?: number
}

export function buildFrame(type: number, payload: ReadonlyArray<number>, options: FrameOptions = {}): Uint8Array {
  const body = [type, 0, 0, 0, options.flags ?? 1, ...varint(options.sid ?? 0), ...varint(options.fid ?? 0), ...payload]
  const length = options.length ?? body.length
  return Uint8Array.from([length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255, ...body])
}

/** HAPROXY-HELLO with the keys in HAProxy's order. `capabilities` "pipelining" is 3.5's, "pipelining,async" 2.6's. */
export function haproxyHello(
  options: {
    versions?: string
    maxFrameSize?: number
    capabilities?: string
    engineId?: string
    healthcheck?: boolean
  } = {}
): Uint8Array {
  const pairs: Array<readonly [string, Typed]> = [
    ["supported-versions", { t: "string", v: options.versions ?? "2.0" }],
    ["max-frame-size", { t: "uint32", v: options.maxFrameSize ?? 16380 }],
    ["capabilities", { t: "string", v: options.capabilities ?? (options.healthcheck ? "" : "pipelining") }]
  ]
  if (options.healthcheck) pairs.push(["healthcheck", { t: "bool", v: true }])
  else pairs.push(["engine-id", { t: "string", v: options.engineId ?? "24d9b872-d718-4d39-9f3e-34d8125365bf" }])
  return buildFrame(1, keyValues(pairs))
}

export function notify(messages: ReadonlyArray<Message>, options: FrameOptions = {}): Uint8Array {
  const payload = messages.flatMap(({ name, args }) => [...named(name), args.length, ...keyValues(args)])
  return buildFrame(3, payload, { sid: 1, fid: 1, ...options })
}

export const haproxyDisconnect = (code: number, message: string): Uint8Array =>
  buildFrame(
    2,
    keyValues([
      ["status-code", { t: "uint32", v: code }],
      ["message", { t: "string", v: message }]
    ])
  )

/** The usual arguments of a message about one client connection. */
export function connectionArguments(src: string, sport: number, dst: string, dport: number): KeyValues {
  return [
    ["src", address(src)],
    ["sport", { t: "int64", v: sport }],
    ["dst", address(dst)],
    ["dport", { t: "int64", v: dport }]
  ]
}

/** Text of an address as HAProxy would type it. */
export function address(text: string): Typed {
  if (!text.includes(":")) return { t: "ipv4", v: Uint8Array.from(text.split(".").map(Number)) }
  const [left = "", right] = text.split("::")
  const groups = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)))
  const head = groups(left)
  const tail = right === undefined ? [] : groups(right)
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
  return { t: "ipv6", v: Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255])) }
}

export interface AgentFrame {
  /** Bytes of the frame with its LENGTH. */
  readonly size: number
  readonly type: number
  readonly flags: number
  readonly sid: bigint
  readonly fid: bigint
  readonly payload: Uint8Array
}

class Reader {
  at = 0
  readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
  get isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }
  byte(): number {
    const value = this.bytes[this.at++]
    if (value === undefined) throw new RangeError("frame ends within a value")
    return value
  }
  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new RangeError("frame ends within a value")
    return this.bytes.slice(this.at, (this.at += length))
  }
  varint(): bigint {
    let value = BigInt(this.byte())
    if (value < 240n) return value
    for (let shift = 4n; ; shift += 7n) {
      const byte = BigInt(this.byte())
      value += byte << shift
      if (byte < 128n) return BigInt.asUintN(64, value)
    }
  }
  name(): string {
    return Buffer.from(this.take(Number(this.varint()))).toString("latin1")
  }
  typed(): Typed {
    const head = this.byte()
    const t = TYPES[head & 15]
    switch (t) {
      case undefined:
        throw new RangeError(`type ${head & 15} is reserved`)
      case "null":
        return { t }
      case "bool":
        return { t, v: (head & 0x10) !== 0 }
      case "ipv4":
        return { t, v: this.take(4) }
      case "ipv6":
        return { t, v: this.take(16) }
      case "string":
        return { t, v: this.name() }
      case "binary":
        return { t, v: this.take(Number(this.varint())) }
      default:
        return { t, v: BigInt.asIntN(64, this.varint()) }
    }
  }
}

/** Takes the whole frames at the beginning of `bytes`; `rest` is how many bytes are left over. */
export function readFrames(bytes: Uint8Array): { frames: Array<AgentFrame>; rest: number } {
  const frames: Array<AgentFrame> = []
  let at = 0
  while (bytes.length - at >= 4) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0)
    if (length < 7) throw new RangeError(`agent sent LENGTH ${length}`)
    if (bytes.length - at < 4 + length) break
    const reader = new Reader(bytes.subarray(at + 9, at + 4 + length))
    const sid = reader.varint()
    const fid = reader.varint()
    frames.push({
      size: 4 + length,
      type: bytes[at + 4]!,
      flags: new DataView(bytes.buffer, bytes.byteOffset + at + 5, 4).getUint32(0),
      sid,
      fid,
      payload: reader.bytes.slice(reader.at)
    })
    at += 4 + length
  }
  return { frames, rest: bytes.length - at }
}

export function readKeyValues(payload: Uint8Array): Map<string, Typed> {
  const reader = new Reader(payload)
  const found = new Map<string, Typed>()
  while (!reader.isAtEnd) found.set(reader.name(), reader.typed())
  return found
}

export function readMessages(payload: Uint8Array): Array<Message> {
  const reader = new Reader(payload)
  const messages: Array<Message> = []
  while (!reader.isAtEnd) {
    const name = reader.name()
    const count = reader.byte()
    messages.push({ name, args: Array.from({ length: count }, () => [reader.name(), reader.typed()] as const) })
  }
  return messages
}

/** Variables that an ACK sets, by name; every one must be a SET-VAR in scope sess. */
export function readVariables(payload: Uint8Array): Map<string, string | bigint | boolean> {
  const reader = new Reader(payload)
  const found = new Map<string, string | bigint | boolean>()
  while (!reader.isAtEnd) {
    const action = reader.byte()
    const count = reader.byte()
    const scope = reader.byte()
    if (action !== 1 || count !== 3 || scope !== 1) throw new RangeError(`action ${action}/${count} in scope ${scope}`)
    const name = reader.name()
    if (found.has(name)) throw new RangeError(`${name} is set twice`)
    const value = reader.typed()
    if (value.t === "string") found.set(name, value.v)
    else if (value.t === "int64") found.set(name, BigInt(value.v))
    else throw new RangeError(`${name} is ${value.t}`)
  }
  return found
}
