/**
 * A capture in this process, on this side of a veth pair, and clients on the other: each accepted connection is looked up at once,
 * as a front end does.
 */
import * as Effect from "effect/Effect"
import { backend } from "@synprint/capture-pcap"
import { makeConnectionKey, parseConnectionKey, Packet, decodeSyn } from "@synprint/core"
import {
  makeRawSyn,
  type CaptureBackend,
  type CaptureError,
  type CaptureOptions,
  type RawSyn
} from "@synprint/core/runtime"
import { writePcap } from "@synprint/core/testing"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { run } from "../lib/process.ts"
import type { End } from "../lib/netns.ts"

export function captureOptions(interfaces: ReadonlyArray<string>, more: Partial<CaptureOptions> = {}): CaptureOptions {
  return {
    filter: { ports: [], addresses: [], key: "connection" },
    interfaces,
    capacity: 65536,
    maxAgeMs: 60_000,
    feed: false,
    pcap: { snaplen: 256, bufferBytes: 16 << 20, promiscuous: false },
    xdp: { hook: "auto", cgroup: "", pin: "", pinMode: 0, pinGroup: "", attach: false },
    ...more
  }
}

/** Opens the capture, runs `body` and closes it again, also when `body` throws. */
export function withCapture<A>(options: CaptureOptions, body: (capture: CaptureBackend) => Promise<A>): Promise<A> {
  return Effect.runPromise(Effect.scoped(Effect.flatMap(backend.open(options), (c) => Effect.promise(() => body(c)))))
}

/** The error with which the capture refuses to open. */
export function refusal(options: CaptureOptions): Promise<CaptureError> {
  return Effect.runPromise(Effect.scoped(Effect.flip(backend.open(options))))
}

export interface Accepted {
  readonly result: string
  /** Facts of the SYN when it was found. */
  readonly packet: Packet | undefined
  readonly syn: Pick<RawSyn, "vlan" | "interfaceIndex" | "retransmits" | "seenAtMs">
  readonly clientPort: number
}

export interface Listener extends Disposable {
  readonly port: number
  /** One entry per connection since the last call. */
  readonly take: () => ReadonlyArray<Accepted>
}

/** Accepts connections to all addresses, IPv4 and IPv6, and looks each up in `capture` before anything else. */
export function listen(capture: CaptureBackend): Listener {
  const key = makeConnectionKey()
  const into = makeRawSyn()
  let accepted: Array<Accepted> = []
  const server = Bun.listen({
    hostname: "::",
    port: 0,
    socket: {
      open(socket) {
        parseConnectionKey(socket.remoteAddress, socket.remotePort, socket.localAddress, socket.localPort, key)
        const result = capture.lookup({ key, savedSyn: undefined, openedAtMs: Date.now() }, into)
        const packet = result === "hit" ? new Packet() : undefined
        if (packet !== undefined && decodeSyn(into, packet) !== 0) throw new Error("a hit that does not decode")
        accepted.push({ result, packet, syn: { ...into }, clientPort: socket.remotePort })
      },
      data() {},
      end: (socket) => void socket.end()
    }
  })
  return {
    port: server.port,
    take: () => {
      const taken = accepted
      accepted = []
      return taken
    },
    [Symbol.dispose]: () => server.stop(true)
  }
}

/** `count` connections from `from` to `host`; rejects unless all are made. */
export async function connections(from: End, host: string, port: number, count: number, pauseMs = 0): Promise<void> {
  const program = `${import.meta.dir}/connect.ts`
  const made = await run([...from.inside, process.execPath, program, host, ...[port, count, pauseMs].map(String)])
  if (Number(made) !== count) throw new Error(`${made} of ${count} connections to ${host} were made`)
}

/** How often each result occurs. */
export function tally(accepted: ReadonlyArray<Accepted>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { result } of accepted) counts[result] = (counts[result] ?? 0) + 1
  return counts
}

/** Waits until `isSo` holds. */
export async function until(isSo: () => boolean, what: string, timeoutMs = 5000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`after ${timeoutMs} ms still not: ${what}`)
    await Bun.sleep(10)
  }
}

/** Sends Ethernet frames out of an interface, as they are; returns when all are sent. */
export async function inject(from: End, frames: ReadonlyArray<Uint8Array>): Promise<string> {
  using file = captureFile(frames)
  return await run([...from.inside, "tcpreplay", "--topspeed", `--intf1=${from.interface}`, file.path])
}

/** The same while this process stands still: no timer empties the ring. */
export function injectBlocking(from: End, frames: ReadonlyArray<Uint8Array>): string {
  using file = captureFile(frames)
  const words = [...from.inside, "tcpreplay", "--topspeed", `--intf1=${from.interface}`, file.path]
  return Bun.spawnSync(words, { stderr: "inherit" }).stdout.toString()
}

function captureFile(frames: ReadonlyArray<Uint8Array>): Disposable & { readonly path: string } {
  const directory = mkdtempSync(path.join(os.tmpdir(), "synprint-"))
  const file = path.join(directory, "frames.pcap")
  writeFileSync(file, writePcap(frames.map((bytes) => ({ bytes, sec: 0 }))))
  return { path: file, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) }
}

/** Asks for one connection by its ends, until it is found or `timeoutMs` pass. */
export async function find(
  capture: CaptureBackend,
  client: readonly [string, number],
  server: readonly [string, number],
  timeoutMs = 1000
): Promise<{ readonly result: string; readonly syn: RawSyn; readonly packet: Packet }> {
  const key = makeConnectionKey()
  if (!parseConnectionKey(...client, ...server, key)) throw new Error(`no key: ${String(client)} ${String(server)}`)
  const syn = makeRawSyn()
  const end = performance.now() + timeoutMs
  for (;;) {
    const result = capture.lookup({ key, savedSyn: undefined, openedAtMs: Date.now() }, syn)
    if (result === "hit" || performance.now() > end) {
      const packet = new Packet()
      if (result === "hit" && decodeSyn(syn, packet) !== 0) throw new Error("a hit that does not decode")
      return { result, syn, packet }
    }
    await Bun.sleep(5)
  }
}
