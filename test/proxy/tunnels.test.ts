/** Upgrades, and bodies to slow readers. */
import { afterAll, afterEach, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { libc } from "../../packages/linux/src/libc.ts"
import { openFakeUpstream, RawClient, type UpstreamSide } from "../../packages/proxy/src/testing/index.ts"
import { requires, testWith } from "../lib/requires.ts"
import { selfSigned } from "./certificates.ts"
import { makeDirectory } from "./proxy-process.ts"
import { closeAll, closeLater, GET, OK, openProxy, setUp } from "./setup.ts"
import { openSmallListener } from "./socket-options.ts"

const NEEDS = [requires.binaries("openssl")]
const directory = makeDirectory()
afterAll(() => directory.remove())
afterEach(closeAll)

describe("upgrades", () => {
  const UPGRADE = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
  const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
  test("101 makes a tunnel, bytes before and after it included, each half closed for itself", async () => {
    const { upstream, connect } = await setUp((side) => {
      if (side.answered++ === 0) side.socket.write(`${SWITCHED}first`)
    })
    const client = await connect()
    client.send(`${UPGRADE}early`)
    await client.until((text) => text === `${SWITCHED}first`)
    client.send("\0binary")
    await upstream.until(() => upstream.connections[0]!.text.endsWith("\r\n\r\nearly\0binary"))
    client.shutdown()
    await upstream.until(() => upstream.connections[0]!.hasEnded)
    upstream.connections[0]!.socket.write("last")
    upstream.connections[0]!.socket.end()
    expect(await client.untilEnd()).toBe(`${SWITCHED}firstlast`)
  })
  for (const scheme of ["http", "https"] as const)
    testWith(
      NEEDS,
      `${scheme}: an upstream ends while bytes wait for a slow client, which gets them and the FIN`,
      async () => {
        // Read in one go with what closes the upstream's half. Behind TLS the end comes at once, else when the client has taken them.
        const last = "0123456789abcdef".repeat(3750)
        const receive = (side: UpstreamSide): void => {
          if (side.answered++ === 0) side.socket.write(SWITCHED)
          else if (side.text.endsWith("go")) {
            expect(side.socket.write(last)).toBe(last.length)
            side.socket.shutdown()
          }
        }
        const { certificate, key } = await selfSigned(directory.path, "self.test")
        const pair = { cert: readFileSync(certificate, "latin1"), key: readFileSync(key, "latin1") }
        const upstream = openFakeUpstream(receive, 0, scheme === "https" ? pair : undefined)
        closeLater(() => upstream.close())
        const more = scheme === "https" ? `upstream_ca = "${certificate}"\nupstream_name = "self.test"\n` : ""
        const proxy = await openProxy(`[[routes]]\nupstream = "${upstream.target}"\n${more}`)
        const listener = openSmallListener()
        closeLater(() => libc.close(listener.fd))
        proxy.server.attach({ ...listener, isTls: false })
        const client = await RawClient.connect(listener.port)
        client.send(UPGRADE)
        await client.until((text) => text === SWITCHED)
        client.pause()
        client.send("go")
        await Bun.sleep(100)
        client.resume()
        const text = await client.untilEnd()
        expect([text.length, client.wasReset]).toEqual([SWITCHED.length + last.length, false])
        expect(text).toBe(SWITCHED + last)
        // The client's half is open still.
        client.send("bye")
        await upstream.until(() => upstream.connections[0]!.text.endsWith("gobye"))
      }
    )
  test("a refused upgrade is a response as any other", async () => {
    const { connect } = await setUp()
    const client = await connect()
    client.send(UPGRADE)
    await client.until((text) => text === OK)
    client.send(GET)
    await client.until((text) => text === OK + OK)
  })
})

describe("bodies", () => {
  const SIZE = 20_000_000
  const pattern = Buffer.alloc(SIZE, "0123456789abcdef")

  test("a large response to a slow reader: all of it, in little memory", async () => {
    const { connect } = await setUp((side) => {
      let at = 0
      const head = Buffer.from(`HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: ${SIZE}\r\n\r\n`)
      side.socket.write(head)
      const more = (): void => {
        while (at < SIZE) {
          const written = side.socket.write(pattern, at, Math.min(1_000_000, SIZE - at))
          if (written <= 0) {
            setTimeout(more, 1)
            return
          }
          at += written
        }
      }
      more()
    })
    const client = await connect()
    client.send(GET)
    client.pause()
    await Bun.sleep(200)
    const before = process.memoryUsage.rss()
    await Bun.sleep(200)
    expect(process.memoryUsage.rss() - before).toBeLessThan(16_000_000)
    client.resume()
    const text = await client.until((_text, { length }) => length >= SIZE + 50, 60_000)
    expect(text.slice(-SIZE)).toBe(pattern.toString("latin1"))
  }, 90_000)
})
