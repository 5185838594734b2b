import { expect, test } from "bun:test"
import type { Socket } from "bun"
import { latin1 } from "../http1/byte-classes.ts"
import type { ProxyHeader } from "./proxy-protocol.ts"
import { ProxyHeaderPreread } from "./proxy-header-preread.ts"

async function meet(pieces: ReadonlyArray<string>) {
  const seen = { port: 0, read: "", refused: 0, aborted: 0 }
  const preread = new ProxyHeaderPreread<{ socket: Socket<unknown>; abort: () => void }>(
    (_client, header: ProxyHeader) => void (seen.port = header.serverPort),
    () => void seen.refused++
  )
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) =>
        preread.begin(
          {
            socket: socket as Socket<unknown>,
            abort: () => {
              seen.aborted++
              socket.terminate()
            }
          },
          new Uint8Array(0)
        ),
      data: (_socket, chunk) => void (seen.read += latin1(chunk))
    }
  })
  const socket = await Bun.connect({ hostname: "127.0.0.1", port: listener.port, socket: { data() {} } })
  for (const piece of pieces) {
    // oxlint-disable-next-line no-await-in-loop -- each in a segment of its own
    await Bun.sleep(15)
    socket.write(piece)
  }
  for (let i = 0; i < 200 && seen.read === "" && seen.aborted === 0; i++) await Bun.sleep(5)
  socket.end()
  preread.stop()
  listener.stop(true)
  return seen
}
const HEADER = "PROXY TCP4 198.51.100.1 198.51.100.2 1000 443\r\n"

test("the header is taken from the socket, and what follows is left", async () => {
  expect(await meet([`${HEADER}hello`])).toEqual({ port: 443, read: "hello", refused: 0, aborted: 0 })
})

test("in pieces, late", async () => {
  expect(await meet([HEADER.slice(0, 9), `${HEADER.slice(9)}hello`])).toMatchObject({ port: 443, read: "hello" })
})

test("something else is refused", async () => {
  expect(await meet(["GET / HTTP/1.1\r\n\r\n"])).toEqual({ port: 0, read: "", refused: 1, aborted: 1 })
})
