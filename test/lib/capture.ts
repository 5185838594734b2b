/**
 * A capture in this process as a front end uses it: each accepted connection is looked up at once, before anything else.
 */
import { Packet, decodeSyn, makeConnectionKey, parseConnectionKey } from "@synprint/core"
import { type CaptureBackend, type CaptureOptions, type RawSyn, makeRawSyn } from "@synprint/service"

export function captureOptions(interfaces: ReadonlyArray<string>, more: Partial<CaptureOptions> = {}): CaptureOptions {
  return {
    filter: { ports: [], addresses: [], key: "connection" },
    interfaces,
    capacity: 65536,
    maxAgeMs: 60_000,
    feed: false,
    backends: {},
    ...more
  }
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

/** Number of connections by result. */
export function tally(accepted: ReadonlyArray<Accepted>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { result } of accepted) counts[result] = (counts[result] ?? 0) + 1
  return counts
}

/** Asks for one connection by its ends, until it is found or `timeoutMs` pass. */
export async function find(
  capture: CaptureBackend,
  client: readonly [string, number],
  server: readonly [string, number],
  timeoutMs = 15_000
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
