/**
 * Cost of a connection for a front end: drain, store and look up its SYN, against the same drain in C (drain.c).
 *
 * `new`: the SYN waits in the ring, as at accept. `known`: the timer or another look-up has taken it, the ring is empty.
 *
 *   bun packages/capture-pcap/bench/lookup.ts [--check]      root; runs in a network namespace of its own; budget 2.0
 */
import { dlopen, FFIType } from "bun:ffi"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Packet, decodeSyn, makeConnectionKey } from "@synprint/core"
import { type CaptureBackend, makeRawSyn } from "@synprint/service"
import { synFilterText } from "../src/filter.ts"
import { open } from "../src/backend.ts"

const ROUNDS = 9
const SYNS = 20_000
const WARM_UP = 20_000
const BUDGET = 2
const CAPTURED = "bench0"
const SENDING = "bench1"
const FILTER = { ports: [443], addresses: [], key: "connection" } as const

if (process.argv.includes("--inside")) await measure(process.argv.at(-1)!)
else await enter()

/** Starts this program again in a namespace with a veth pair; both end with it. */
async function enter(): Promise<void> {
  if (process.getuid?.() !== 0) {
    console.error("lookup: needs root for a network namespace")
    process.exit(77)
  }
  const directory = mkdtempSync(path.join(os.tmpdir(), "synprint-"))
  try {
    const program = path.join(directory, "drain")
    const source = path.join(import.meta.dir, "drain.c")
    const gcc = Bun.spawnSync(["gcc", "-O2", "-o", program, source, "-l:libpcap.so.0.8"], { stderr: "inherit" })
    if (gcc.exitCode !== 0) throw new Error("gcc cannot compile drain.c")
    const setUp = [
      // No multicast reports of the kernel between the SYNs.
      "sysctl -qw net.ipv6.conf.default.disable_ipv6=1",
      `ip link add ${CAPTURED} type veth peer name ${SENDING}`,
      `ip link set ${CAPTURED} up`,
      `ip link set ${SENDING} up`,
      'exec "$@"'
    ].join(" && ")
    const self = [process.execPath, import.meta.path, ...process.argv.slice(2), "--inside", program]
    const inside = Bun.spawn(["unshare", "--net", "sh", "-c", setUp, "sh", ...self], {
      stdout: "inherit",
      stderr: "inherit"
    })
    process.exitCode = await inside.exited
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measure(peer: string): Promise<void> {
  const { ptr, i32, u64, u32, cstring } = FFIType
  const { symbols: c } = dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    bind: { args: [i32, ptr, u32], returns: i32 },
    send: { args: [i32, ptr, u64, i32], returns: i32 },
    if_nametoindex: { args: [cstring], returns: u32 }
  })
  // AF_PACKET = 17, SOCK_RAW = 3; struct sockaddr_ll: family u16, protocol u16, interface index i32, ...
  const sender = c.socket(17, 3, 0)
  const to = new Uint32Array(new ArrayBuffer(20))
  to[0] = 17
  to[1] = c.if_nametoindex(SENDING)
  if (sender < 0 || c.bind(sender, to, 20) !== 0) throw new Error("cannot open the sending socket")

  const frame = new Uint8Array(new ArrayBuffer(74))
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6])
  frame.set([192, 0, 2, 1, 198, 51, 100, 7], 26)
  frame.set([1, 0xbb], 36)
  frame.set([0xa0, 2], 46)
  frame.set([2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7], 54)

  const key = makeConnectionKey()
  key[0] = 4
  const connection = { key, savedSyn: undefined, openedAtMs: 0 }
  const into = makeRawSyn()
  const packet = new Packet()
  let number = 0

  /** Median ns per connection: new, known, decoding one. */
  const round = (capture: CaptureBackend, syns: number): [number, number, number] => {
    const fresh = new Float64Array(syns)
    const known = new Float64Array(syns)
    const decoding = new Float64Array(syns)
    for (let n = 0; n < syns; n++) {
      number++
      frame[28] = number >> 16
      frame[29] = number >> 8
      // Never port 0, which would ask by address: the store then keeps an index of those.
      frame[34] = 4 + (number % 250)
      frame[38] = number
      frame[39] = number >> 8
      frame[40] = number >> 16
      key.set(frame.subarray(34, 38), 4)
      key.set(frame.subarray(26, 30), 8)
      key.set(frame.subarray(30, 34), 24)
      if (c.send(sender, frame, 74 as never, 0) !== 74) throw new Error("cannot send")
      const sent = Bun.nanoseconds()
      if (capture.lookup(connection, into) !== "hit") throw new Error(`SYN ${number} was not found`)
      const got = Bun.nanoseconds()
      if (capture.lookup(connection, into) !== "hit") throw new Error(`SYN ${number} was not found again`)
      const gotAgain = Bun.nanoseconds()
      if (decodeSyn(into, packet) !== 0) throw new Error(`SYN ${number} does not decode`)
      decoding[n] = Bun.nanoseconds() - gotAgain
      fresh[n] = got - sent
      known[n] = gotAgain - got
    }
    return [median([...fresh]), median([...known]), median([...decoding])]
  }

  const runPeer = (): ReadonlyArray<number> => {
    const words = [peer, CAPTURED, SENDING, String(SYNS), synFilterText(FILTER, true)]
    const ran = Bun.spawnSync(words, { stderr: "inherit" })
    if (ran.exitCode !== 0) throw new Error("drain.c failed")
    return ran.stdout.toString().split(" ").map(Number)
  }

  const options = {
    filter: FILTER,
    interfaces: [CAPTURED],
    capacity: 65536,
    maxAgeMs: 60_000,
    feed: false,
    config: { snaplen: 256, bufferBytes: 16 << 20, promiscuous: false },
    backends: {}
  } as const
  const ours: Array<readonly [number, number, number]> = []
  const theirs: Array<ReadonlyArray<number>> = []
  for (let n = 0; n < ROUNDS; n++) {
    // Opened anew each time, so that only one of the two captures when the other is measured.
    await Effect.runPromise(
      Effect.scoped(
        Effect.map(open(options), (capture) => {
          if (n === 0) round(capture, WARM_UP)
          ours.push(round(capture, SYNS))
        })
      )
    )
    theirs.push(runPeer())
  }
  let isOver = false
  for (const [n, name] of ["new", "known"].entries()) {
    const us = median(ours.map((times) => times[n]!))
    const them = median(theirs.map((times) => times[n]!))
    isOver ||= us > BUDGET * them
    console.log(
      `lookup of a ${name.padEnd(5)} connection ${us.toFixed(0)} ns, the drain in C ${them.toFixed(0)} ns: ` +
        `${(us / them).toFixed(2)} x (budget ${BUDGET})`
    )
  }
  console.log(`decoding its SYN ${median(ours.map((times) => times[2])).toFixed(0)} ns`)
  if (process.argv.includes("--check") && isOver) process.exitCode = 1
}

function median(values: Array<number>): number {
  values.sort((a, b) => a - b)
  return values[values.length >> 1]!
}
