/**
 * Asks a p0f socket, ours or p0f's, about one address: the `query` command.
 *
 * The reply's length shows its form: 232 bytes are p0f's, 236 those of the seed's patched p0f (link_mtu and link_mss before the link
 * type). No marker says how long a reply is, so what follows the first 232 bytes is waited for a moment.
 */
import {
  type Family,
  P0F_FRIENDLY_REPLY_BYTES,
  P0F_QUERY_BYTES,
  P0F_QUERY_MAGIC,
  P0F_REPLY_BYTES,
  P0F_RESP_MAGIC,
  P0F_STATUS_BADQUERY,
  P0F_STATUS_NOMATCH,
  P0F_STATUS_OK,
  cString,
  parseAddress
} from "@synprint/core"
import { EXIT_FAILURE, UsageError } from "@synprint/service"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"

/** A whole reply of 232 bytes is taken as such when nothing more came for so long. */
const TAIL_MS = 30

/** The facts about an address in a reply. Absent: not known. */
export interface P0fHost {
  readonly firstSeen: Date
  readonly lastSeen: Date
  readonly connections: number
  readonly os?: string
  /** p0f's os_match_q: 1 fuzzy | 2 generic. */
  readonly osMatchQuality?: number
  readonly distanceHops?: number
  readonly link?: string
  readonly linkMtu?: number
  readonly linkMss?: number
  readonly uptimeMinutes?: number
  readonly uptimeModuloDays?: number
  readonly lastNat?: Date
  readonly lastOsChange?: Date
  readonly http?: string
  readonly language?: string
  /** 1: User-Agent against the TCP stack, 2: against its own signature. */
  readonly badSoftware?: number
}

/** undefined: the socket knows nothing of the address. */
export type P0fAnswer = P0fHost | undefined

export class QueryError extends Data.TaggedError("QueryError")<{
  readonly socket: string
  readonly reason: string
  readonly hint: string
}> {
  override get message(): string {
    return `cannot ask ${this.socket}: ${this.reason} (${this.hint})`
  }
  override get [Runtime.errorExitCode](): number {
    return EXIT_FAILURE
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "is the agent running, with a [p0f_api] table? name the socket with --socket",
  ECONNREFUSED: "the socket file is there but nobody listens: start the agent or p0f -s",
  EACCES: "not permitted: [p0f_api] mode and group say who may connect"
}

/** A query for an address of 16 bytes, IPv4 in the first 4. */
export function encodeQuery(family: Family, address: Uint8Array): Uint8Array {
  const query = new Uint8Array(P0F_QUERY_BYTES)
  // p0f writes its structures in the byte order of the machine: little-endian wherever Bun runs.
  new DataView(query.buffer).setUint32(0, P0F_QUERY_MAGIC, true)
  query[4] = family
  query.set(address.subarray(0, 16), 5)
  return query
}

const text = (reply: Uint8Array, at: number): string => Buffer.from(cString(reply, at, 32)).toString("latin1")

/** Reads a reply of either form, or says what is wrong with it. */
export function decodeReply(reply: Uint8Array): { readonly host: P0fAnswer } | { readonly problem: string } {
  const view = new DataView(reply.buffer, reply.byteOffset, reply.length)
  if (reply.length !== P0F_REPLY_BYTES && reply.length !== P0F_FRIENDLY_REPLY_BYTES) {
    return {
      problem: `the reply has ${reply.length} bytes, expected ${P0F_REPLY_BYTES} or ${P0F_FRIENDLY_REPLY_BYTES}`
    }
  }
  const magic = view.getUint32(0, true)
  if (magic !== P0F_RESP_MAGIC)
    return { problem: `the reply begins with 0x${magic.toString(16)}, this is no p0f socket` }
  const status = view.getUint32(4, true)
  if (status === P0F_STATUS_BADQUERY) return { problem: "it calls the query malformed" }
  if (status === P0F_STATUS_NOMATCH) return { host: undefined }
  if (status !== P0F_STATUS_OK) return { problem: `it gives the unknown status 0x${status.toString(16)}` }
  const u32 = (at: number) => view.getUint32(at, true)
  const date = (at: number) => new Date(u32(at) * 1000)
  const isFriendly = reply.length === P0F_FRIENDLY_REPLY_BYTES
  const linkAt = isFriendly ? 172 : 168
  const distance = view.getInt16(36, true)
  const both = (nameAt: number, flavorAt: number) =>
    [text(reply, nameAt), text(reply, flavorAt)].filter((part) => part !== "").join(" ")
  const os = both(40, 72)
  const http = both(104, 136)
  const link = text(reply, linkAt)
  const language = text(reply, linkAt + 32)
  const linkMtu = isFriendly ? view.getUint16(168, true) : 0
  const linkMss = isFriendly ? view.getUint16(170, true) : 0
  return {
    host: {
      firstSeen: date(8),
      lastSeen: date(12),
      connections: u32(16),
      ...(os === "" ? {} : { os, osMatchQuality: reply[39]! }),
      // README: -1 is unknown; p0f itself sends 255, which no real distance reaches.
      ...(distance < 0 || distance === 255 ? {} : { distanceHops: distance }),
      ...(link === "" ? {} : { link }),
      ...(linkMtu === 0 ? {} : { linkMtu }),
      ...(linkMss === 0 ? {} : { linkMss }),
      ...(u32(20) === 0 ? {} : { uptimeMinutes: u32(20) }),
      ...(u32(24) === 0 ? {} : { uptimeModuloDays: u32(24) }),
      ...(u32(28) === 0 ? {} : { lastNat: date(28) }),
      ...(u32(32) === 0 ? {} : { lastOsChange: date(32) }),
      ...(http === "" ? {} : { http }),
      ...(language === "" ? {} : { language }),
      ...(reply[38] === 0 ? {} : { badSoftware: reply[38]! })
    }
  }
}

/** One question on a connection of its own. */
export const askP0f = (
  socket: string,
  address: string,
  timeoutMs = 2000
): Effect.Effect<P0fAnswer, QueryError | UsageError> =>
  Effect.gen(function* () {
    const bytes = new Uint8Array(16)
    const family = parseAddress(address, bytes)
    if (family === 0) return yield* new UsageError({ message: `"${address}" is no IPv4 or IPv6 address` })
    const fail = (reason: string, hint: string) => new QueryError({ socket, reason, hint })
    const reply = yield* Effect.callback<Uint8Array, QueryError>((resume) => {
      const parts: Array<Uint8Array> = []
      let length = 0
      let tail: ReturnType<typeof setTimeout> | undefined
      let client: Bun.Socket | undefined
      let isDone = false
      const settle = (result: Effect.Effect<Uint8Array, QueryError>) => {
        if (isDone) return
        isDone = true
        clearTimeout(tail)
        clearTimeout(limit)
        client?.end()
        resume(result)
      }
      const finish = () =>
        length >= P0F_REPLY_BYTES
          ? settle(Effect.succeed(new Uint8Array(Buffer.concat(parts))))
          : settle(
              Effect.fail(
                fail(`it closed the connection after ${length} bytes of ${P0F_REPLY_BYTES}`, "is this a p0f socket?")
              )
            )
      const limit = setTimeout(
        () =>
          settle(
            Effect.fail(
              fail(
                `no whole reply within ${timeoutMs} ms, ${length} bytes came`,
                "p0f answers 20 clients at a time and leaves others waiting (-S); is this a p0f socket?"
              )
            )
          ),
        timeoutMs
      )
      Bun.connect({
        unix: socket,
        socket: {
          open(opened) {
            client = opened
            opened.write(encodeQuery(family, bytes))
          },
          data(_, chunk) {
            parts.push(chunk)
            length += chunk.length
            if (length >= P0F_FRIENDLY_REPLY_BYTES) finish()
            else if (length >= P0F_REPLY_BYTES) tail ??= setTimeout(finish, TAIL_MS)
          },
          close: finish,
          error() {}
        }
      }).catch((cause: NodeJS.ErrnoException) => {
        const code = cause.code ?? String(cause)
        settle(Effect.fail(fail(code, HINTS[code] ?? "name the socket with --socket")))
      })
      return Effect.sync(() => settle(Effect.fail(fail("interrupted", "ask again"))))
    })
    const decoded = decodeReply(reply)
    if ("problem" in decoded) return yield* fail(decoded.problem, "name the socket of p0f or of synprint's [p0f_api]")
    return decoded.host
  })

const LABELS: ReadonlyArray<readonly [keyof P0fHost, string]> = [
  ["firstSeen", "first seen"],
  ["lastSeen", "last seen"],
  ["connections", "connections"],
  ["os", "os"],
  ["osMatchQuality", "match quality"],
  ["distanceHops", "distance"],
  ["link", "link"],
  ["linkMtu", "link MTU"],
  ["linkMss", "link MSS"],
  ["uptimeMinutes", "uptime"],
  ["uptimeModuloDays", "uptime modulo"],
  ["lastNat", "shared address"],
  ["lastOsChange", "os changed"],
  ["http", "http"],
  ["language", "language"],
  ["badSoftware", "user agent"]
]

const QUALITY = ["exact", "fuzzy", "generic", "fuzzy, generic"]

function printValue(name: keyof P0fHost, value: unknown): string {
  if (value instanceof Date) return value.toISOString().replace(".000Z", "Z")
  switch (name) {
    case "osMatchQuality":
      return QUALITY[value as number] ?? String(value)
    case "distanceHops":
      return `${String(value)} hops`
    case "uptimeMinutes": {
      const minutes = value as number
      return `${Math.floor(minutes / 1440)} days ${Math.floor(minutes / 60) % 24} hours ${minutes % 60} minutes`
    }
    case "uptimeModuloDays":
      return `${String(value)} days`
    case "badSoftware":
      return value === 1 ? "claims another system than the TCP stack shows" : "is not the program that its headers show"
    default:
      return String(value)
  }
}

/** One line per known field. */
export function printHost(address: string, host: P0fAnswer): string {
  if (host === undefined) return `${address}: not seen`
  const lines = LABELS.flatMap(([name, label]) => {
    const value = host[name]
    return value === undefined ? [] : [`${label.padEnd(15)}${printValue(name, value)}`]
  })
  return [address, ...lines].join("\n")
}

/** The `query` command: text, or one JSON object (`null` for an address that isn't known). */
export const query = (options: {
  readonly address: string
  readonly socket: string
  readonly format: "text" | "json"
}): Effect.Effect<string, QueryError | UsageError> =>
  Effect.map(askP0f(options.socket, options.address), (host) =>
    options.format === "json" ? JSON.stringify(host ?? null) : printHost(options.address, host)
  )
