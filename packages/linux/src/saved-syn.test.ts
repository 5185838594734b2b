import { expect, test } from "bun:test"
import { openListeningSocket } from "./listening-socket.ts"
import { readSavedSyn } from "./saved-syn.ts"

/** SYNs that `open` of a listener reads of the next connection to it, by two reads. */
async function accepted(
  fd: number | undefined,
  host: string,
  port: number
): Promise<ReadonlyArray<Uint8Array | undefined>> {
  const seen: Array<Uint8Array | undefined> = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = {
    open(socket: Bun.Socket) {
      const descriptor = (socket as unknown as { readonly fd: number }).fd
      for (let read = 0; read < 2; read++) seen.push(readSavedSyn(descriptor)?.slice())
      resolve()
    },
    data() {}
  }
  const where = fd === undefined ? { hostname: host, port } : { fd }
  const listener = Bun.listen({ ...where, socket } as unknown as Bun.TCPSocketListenOptions<undefined>)
  const client = await Bun.connect({
    hostname: host,
    port: fd === undefined ? listener.port : port,
    socket: { data() {} }
  })
  await promise
  client.terminate()
  listener.stop(true)
  return seen
}

test("the SYN of a connection can be read once: IP header and TCP header", async () => {
  for (const [host, version, header] of [
    ["127.0.0.1", 0x45, 20],
    ["::1", 0x60, 40]
  ] as const) {
    const { fd, port } = openListeningSocket({ host, port: 0 }, 5)
    const [first, second] = await accepted(fd, host, port)
    expect(first![0]! & 0xf0).toBe(version & 0xf0)
    expect((first![header + 2]! << 8) | first![header + 3]!).toBe(port)
    // SYN alone, and as many bytes as the data offset says
    expect(first![header + 13]! & 0x3f).toBe(0x02)
    expect(first!.length).toBe(header + (first![header + 12]! >> 4) * 4)
    expect(second?.length).toBe(0)
  }
})

test("empty for a listener that keeps no SYNs, undefined for a descriptor that is no TCP socket", async () => {
  const [first] = await accepted(undefined, "127.0.0.1", 0)
  expect(first?.length).toBe(0)
  expect([readSavedSyn(undefined), readSavedSyn(-1), readSavedSyn(0)]).toEqual([undefined, undefined, undefined])
})
