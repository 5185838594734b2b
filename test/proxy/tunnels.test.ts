/** Upgrades, and bodies to slow readers. */
import { afterEach, describe, expect, test } from "bun:test"
import { closeAll, GET, OK, setUp } from "./setup.ts"

afterEach(closeAll)

describe("upgrades", () => {
  const UPGRADE = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
  const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
  test("101 makes a tunnel, octets before and after it included, each half closed for itself", async () => {
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
    const text = await client.until((_text, { length }) => length >= SIZE + 50, 10_000)
    expect(text.slice(-SIZE)).toBe(pattern.toString("latin1"))
  }, 20_000)
})
