import { expect, test } from "bun:test"
import { openEchoApplication } from "./echo-application.ts"
import { probe } from "./upstream/health-checks.ts"

test("every request is answered with its head, whatever its body", async () => {
  const echo = openEchoApplication()
  let text = ""
  const socket = await Bun.connect({
    unix: echo.target.slice("unix:".length),
    socket: { data: (_socket, chunk) => void (text += chunk.toString("latin1")) }
  })
  const heads = [
    "GET /1 HTTP/1.1\r\nHost: h\r\n",
    "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n",
    "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n",
    "GET /4 HTTP/1.1\r\nHost: h\r\n"
  ]
  const bodies = ["", "abc", "3\r\nabc\r\n0\r\n\r\n", ""]
  const all = heads.map((head, i) => `${head}\r\n${bodies[i]}`).join("")
  socket.write(all.slice(0, 10))
  await Bun.sleep(5)
  socket.write(all.slice(10))
  for (let i = 0; i < 400 && !text.includes("/4"); i++) await Bun.sleep(5)
  for (const head of heads) expect(text).toContain(`Content-Length: ${head.length}\r\n\r\n${head}`)
  socket.end()
  expect(await probe(echo.target, "tcp", 1000)).toBeUndefined()
  echo.close()
})
