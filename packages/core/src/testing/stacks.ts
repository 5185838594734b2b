/**
 * SYNs and SYN+ACKs of real systems and tools, in the builder's notation; layouts and windows as measured or documented for them.
 */
import type { PacketFields } from "./packets.ts"

export interface Stack {
  readonly name: string
  /** Parts per hundred or so of a realistic mix. */
  readonly weight: number
  readonly ttl: number
  readonly df: boolean
  /** IP ID 0 with DF: Apple, gVisor. */
  readonly zeroId?: boolean
  readonly win: number
  /** `TS` stands for a timestamp of the moment, `PEER` for the timestamp that is answered. */
  readonly options: string
  /** ECN set-up bits in some of its SYNs. */
  readonly ecn?: boolean
}

export const CLIENTS: ReadonlyArray<Stack> = [
  { name: "Linux", weight: 18, ttl: 64, df: true, win: 64240, options: "mss=1460,sok,ts=TS:0,nop,ws=7" },
  { name: "Linux, 32 MiB", weight: 3, ttl: 64, df: true, win: 64240, options: "mss=1460,sok,ts=TS:0,nop,ws=10" },
  { name: "Linux over WireGuard", weight: 2, ttl: 64, df: true, win: 64860, options: "mss=1380,sok,ts=TS:0,nop,ws=7" },
  { name: "Linux 3.x", weight: 3, ttl: 64, df: true, win: 29200, options: "mss=1460,sok,ts=TS:0,nop,ws=7" },
  { name: "Linux 2.6", weight: 1, ttl: 64, df: true, win: 5840, options: "mss=1460,sok,ts=TS:0,nop,ws=2" },
  { name: "Linux, OpenVPN", weight: 2, ttl: 64, df: true, win: 64240, options: "mss=1353,sok,ts=TS:0,nop,ws=7" },
  {
    name: "Linux, TFO",
    weight: 1,
    ttl: 64,
    df: true,
    win: 64240,
    options: "mss=1460,sok,ts=TS:0,nop,ws=7,?34=,nop,nop"
  },
  { name: "Android", weight: 14, ttl: 64, df: true, win: 65535, options: "mss=1460,sok,ts=TS:0,nop,ws=9" },
  { name: "Android, mobile", weight: 5, ttl: 64, df: true, win: 65535, options: "mss=1370,sok,ts=TS:0,nop,ws=8" },
  { name: "Windows 10", weight: 15, ttl: 128, df: true, win: 64240, options: "mss=1460,nop,ws=8,nop,nop,sok" },
  {
    name: "Windows 11",
    weight: 6,
    ttl: 128,
    df: true,
    win: 65535,
    options: "mss=1460,nop,ws=8,nop,nop,sok",
    ecn: true
  },
  { name: "Windows 7", weight: 3, ttl: 128, df: true, win: 8192, options: "mss=1460,nop,ws=8,nop,nop,sok" },
  { name: "Windows XP", weight: 1, ttl: 128, df: true, win: 65535, options: "mss=1460,nop,nop,sok" },
  {
    name: "Apple",
    weight: 18,
    ttl: 64,
    df: true,
    zeroId: true,
    win: 65535,
    options: "mss=1460,nop,ws=6,nop,nop,ts=TS:0,sok,eol+1",
    ecn: true
  },
  { name: "FreeBSD", weight: 1, ttl: 64, df: true, win: 65535, options: "mss=1460,nop,ws=6,sok,ts=TS:0" },
  {
    name: "OpenBSD",
    weight: 1,
    ttl: 64,
    df: true,
    win: 16384,
    options: "mss=1460,nop,nop,sok,nop,ws=6,nop,nop,ts=TS:0"
  },
  { name: "lwIP", weight: 1, ttl: 255, df: false, win: 5744, options: "mss=1436" },
  { name: "nmap -sS", weight: 2, ttl: 48, df: false, win: 1024, options: "mss=1460" },
  { name: "ZMap", weight: 1, ttl: 255, df: false, win: 65535, options: "" },
  { name: "hping3", weight: 1, ttl: 64, df: false, win: 512, options: "" }
]

export const SERVERS: ReadonlyArray<Stack> = [
  {
    name: "Linux",
    weight: 6,
    ttl: 64,
    df: true,
    zeroId: true,
    win: 65160,
    options: "mss=1460,sok,ts=TS:PEER,nop,ws=7"
  },
  {
    name: "Linux 3.x",
    weight: 2,
    ttl: 64,
    df: true,
    zeroId: true,
    win: 28960,
    options: "mss=1460,sok,ts=TS:PEER,nop,ws=7"
  },
  { name: "Linux, no options", weight: 1, ttl: 64, df: true, zeroId: true, win: 29200, options: "mss=1460" },
  { name: "Windows", weight: 2, ttl: 128, df: true, win: 65535, options: "mss=1460,nop,ws=8,nop,nop,sok" },
  {
    name: "Windows 2003",
    weight: 1,
    ttl: 128,
    df: true,
    win: 64240,
    options: "mss=1460,nop,ws=0,nop,nop,ts=0:0,nop,nop,sok"
  },
  { name: "FreeBSD", weight: 1, ttl: 64, df: true, win: 65535, options: "mss=1460,nop,ws=6,sok,ts=TS:PEER" }
]

/** The builder's fields of one SYN of `stack`. */
export function stackFields(stack: Stack, timestamp: number, peerTimestamp = 0): PacketFields {
  return {
    ttl: stack.ttl,
    df: stack.df,
    win: stack.win,
    ...(stack.zeroId ? { id: 0 } : {}),
    options: stack.options.replace("TS", String(timestamp >>> 0)).replace("PEER", String(peerTimestamp >>> 0))
  }
}
