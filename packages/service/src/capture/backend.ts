/**
 * The seam between front ends and capture backends: a backend delivers the bytes of one SYN, only core reads them.
 */
import type { PacketSink } from "@synprint/core"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"
import type { Decoded, Keys, Table } from "../config/table.ts"

/** Why a lookup found nothing. `unsupported`: this backend can't answer for such a connection (asks the next of the chain). */
export type Miss = "unsupported" | "syncookie" | "not_captured" | "stale" | "malformed" | "backend_down"

/** A connection that a front end knows. */
export interface Connection {
  /**
   * 40 bytes, the layout of the eBPF map key: family (4|6), 3 zero bytes, be16 client port, be16 server port, 16 bytes client
   * address, 16 bytes server address. IPv4 addresses lie in the first 4 of their 16 bytes; v4-mapped IPv6 is IPv4.
   */
  readonly key: Uint8Array
  /** undefined: the front end has none to offer; empty: the kernel kept none (SYN cookie). */
  readonly savedSyn: Uint8Array | undefined
  readonly openedAtMs: number
  /**
   * Questions that arrived together have the same number: their SYNs came before any of them is answered, so a tap that was run dry for
   * one of them has those of all. undefined: a question by itself.
   */
  readonly batch?: number | undefined
}

/** One SYN as captured: owned and reused by the caller, filled by a hit, valid until the next lookup. */
export interface RawSyn {
  bytes: Uint8Array
  /** Offset of the IP header, with its extension headers. */
  ip: number
  ipCaptured: number
  /** Offset of the TCP header; may lie in another slot than `ip` (xdp). */
  tcp: number
  tcpCaptured: number
  /** True distance IP header -> TCP header on the wire. */
  tcpDistance: number
  seenAtMs: number
  /**
   * SYNs with the same ISN that followed this one; -1: not counted. Every backend keeps the first SYN that reached it, so what is
   * fingerprinted is no retransmission unless the ones before were lost on the way.
   */
  retransmits: number
  /** -1: not known. */
  vlan: number
  /** 0: not known. */
  interfaceIndex: number
}

/**
 * Every packet of the tap, for p0f mode and the p0f socket (pcap only). Lookups and the timer drain the ring too, so packets go to
 * the one subscriber whenever they are read; who must not answer before the newest packet is seen calls `drain` first.
 */
export interface PacketFeed {
  readonly subscribe: (sink: PacketSink) => void
  /** Reads what waits in the ring; returns the number of packets. */
  readonly drain: () => number
}

/** Selects the SYNs to capture. Empty lists mean all. */
export interface CaptureFilter {
  readonly ports: ReadonlyArray<number>
  readonly addresses: ReadonlyArray<string>
  /** `client`: a SYN is found by the client's side of the key alone. Front ends ask with whole keys; the backend ignores the server's side. */
  readonly key: "connection" | "client"
}

/** A capture that is open: a value owned by a Scope. */
export interface CaptureBackend {
  readonly name: string
  /** True: the backend reopens by itself what it lost; otherwise the chain closes it and opens it anew. */
  readonly recovers?: boolean
  /** Synchronous; never throws, never blocks. */
  readonly lookup: (connection: Connection, into: RawSyn) => "hit" | Miss
  readonly packets: PacketFeed | undefined
  readonly stats: () => Readonly<Record<string, number>>
  /** Why this backend is down, undefined when it works. */
  readonly down: () => string | undefined
  readonly setFilter: (filter: CaptureFilter) => Effect.Effect<void, CaptureError>
}

/** A capture that was opened once for all threads of the process. */
export interface SharedCapture {
  /** Plain data that goes to the other threads: `open` there reads what this thread captures. */
  readonly handle: unknown
  readonly stats: CaptureBackend["stats"]
  readonly down: CaptureBackend["down"]
  readonly setFilter: CaptureBackend["setFilter"]
}

export interface CaptureOptions {
  /** Handles of what another thread of this process opened, by backend. */
  readonly shared?: Readonly<Record<string, unknown>>
  readonly filter: CaptureFilter
  /** [] = any (pcap), that of the default route (xdp). */
  readonly interfaces: ReadonlyArray<string>
  readonly capacity: number
  readonly maxAgeMs: number
  /** p0f mode or the p0f socket: deliver every TCP packet by `packets`, not SYNs alone. */
  readonly feed: boolean
  /** Decoded tables [capture.NAME] by backend; one that is missing has its defaults. */
  readonly backends: Readonly<Record<string, unknown>>
}

/** Options with which one backend is opened: `config` is its own table. */
export interface BackendOptions<out C> extends CaptureOptions {
  readonly config: C
}

/** One line of `doctor`. */
export interface Check {
  readonly name: string
  readonly result: "ok" | "warn" | "fail"
  readonly detail: string
  /** The next step; given with warn and fail. */
  readonly next: string | undefined
}

/** The code of a backend, loaded when a chain or `doctor` asks for it. */
export interface BackendCode<C = any> {
  readonly open: (options: BackendOptions<C>) => Effect.Effect<CaptureBackend, CaptureError, Scope.Scope>
  /** Opens what only one thread of a process can open, for all of them; gives undefined when each can open it with these options. */
  readonly share?: (options: BackendOptions<C>) => Effect.Effect<SharedCapture | undefined, CaptureError, Scope.Scope>
  readonly doctor: (options: BackendOptions<C>) => Effect.Effect<ReadonlyArray<Check>>
}

/** Metrics that every front end exports per backend. */
export const CAPTURE_SERIES = ["kernelDrops", "interfaceDrops", "evictions", "syns", "entries", "retentionMs"] as const

export type CaptureSeries = (typeof CAPTURE_SERIES)[number]

/** Everything about a backend that is known without loading its code. */
export interface BackendModule<K extends Keys = any> {
  /** As [capture] backend spells it; also the name of its table [capture.NAME]. */
  readonly name: string
  /** Position among the backends of `auto`, lowest first. */
  readonly autoRank: number
  readonly config: Table<K>
  /** Combinations in its table that can't work: problems by key, as the file spells it. */
  readonly check?: (config: Decoded<K>) => ReadonlyArray<{ readonly key: string; readonly message: string }>
  /** The table with which `auto` opens it. */
  readonly configForAuto?: (config: Decoded<K>) => Decoded<K>
  /** True: the backend can deliver every packet, which p0f mode and the p0f socket need. */
  readonly deliversPackets: boolean
  /** The names in `stats` of the series that the metrics show; a series that the backend doesn't count is 0. */
  readonly statNames: Readonly<Partial<Record<CaptureSeries, string>>>
  /**
   * Variables of huginn-proxy's set-up for this backend, by the setting that each stands for: `fingerprint.tcp_enabled = true` without
   * [capture] backend chooses the backend that has them.
   */
  readonly huginnVariables?: Readonly<Record<string, string>>
  readonly load: () => Promise<BackendCode<Decoded<K>>>
}

/** A backend can't open. `privilege` decides the exit code: 77 for a missing right, 78 for a setting that can't work, else 1. */
export class CaptureError extends Data.TaggedError("CaptureError")<{
  readonly backend: string
  /** The action and its object: "open eth0". */
  readonly attempted: string
  readonly reason: string
  /** The remedy, as an instruction. */
  readonly hint: string
  readonly kind: "privilege" | "config" | "failure"
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.backend}: cannot ${this.attempted}: ${this.reason} (${this.hint})`
  }
  override get [Runtime.errorExitCode](): number {
    return this.kind === "privilege" ? 77 : this.kind === "config" ? 78 : 1
  }
}

/** A RawSyn with room for the longest headers that decode reads (IP 40 + extension headers, TCP 60). */
export function makeRawSyn(capacity = 512): RawSyn {
  return {
    bytes: new Uint8Array(new ArrayBuffer(capacity)),
    ip: 0,
    ipCaptured: 0,
    tcp: 0,
    tcpCaptured: 0,
    tcpDistance: 0,
    seenAtMs: 0,
    retransmits: 0,
    vlan: -1,
    interfaceIndex: 0
  }
}
