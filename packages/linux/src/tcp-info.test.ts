import { expect, test } from "bun:test"
import { TcpInfo } from "./tcp-info.ts"

/** The kernel's clock for these times ticks every 4 or 10 ms. */
const TICKS = 20
const PAUSE = 150

const descriptorOf = (socket: Bun.Socket): number => (socket as unknown as { readonly fd: number }).fd

test("counts segments and says when the last one was sent and received", async () => {
  const { promise, resolve } = Promise.withResolvers<Bun.Socket>()
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: resolve, data() {} } })
  const client = await Bun.connect({ hostname: "127.0.0.1", port: listener.port, socket: { data() {} } })
  const server = await promise
  const fd = descriptorOf(server)
  const info = new TcpInfo()

  for (let n = 0; n < 3; n++) {
    client.write("x")
    await Bun.sleep(5)
  }
  await Bun.sleep(PAUSE)
  server.write("y")
  await Bun.sleep(2)
  expect(info.read(fd)).toBe(true)
  expect([info.received, info.sent, info.lost]).toEqual([3, 1, 0])
  expect(info.rtt).toBeGreaterThan(0)
  expect(info.rtt).toBeLessThan(1_000_000)
  expect(info.sinceReceived).toBeGreaterThan(PAUSE - TICKS)
  expect(info.sinceReceived).toBeLessThan(5000)
  const before = info.sinceReceived
  expect(info.sinceSent).toBeLessThan(before)

  await Bun.sleep(PAUSE)
  client.write("z")
  await Bun.sleep(2)
  expect(info.read(fd)).toBe(true)
  expect(info.received).toBe(4)
  expect(info.sinceSent).toBeGreaterThan(PAUSE - TICKS)
  expect(info.sinceReceived).toBeLessThan(info.sinceSent)

  client.terminate()
  listener.stop(true)
})

test("a descriptor that is no TCP socket gives nothing", () => {
  const info = new TcpInfo()
  expect([info.read(undefined), info.read(-1), info.read(0)]).toEqual([false, false, false])
})
