/**
 * The application behind HAProxy in the end-to-end tests: answers every request with the request head as it arrived, byte for byte,
 * so that a test sees what an application would see. Runs as its own process inside the server's namespace: `bun echo.ts PORT`.
 */
const CRLF2 = Buffer.from("\r\n\r\n")

const port = Number(process.argv[2])
Bun.listen<{ held: Buffer }>({
  hostname: "127.0.0.1",
  port,
  socket: {
    open(socket) {
      socket.data = { held: Buffer.alloc(0) }
    },
    data(socket, chunk) {
      let held = socket.data.held.length === 0 ? chunk : Buffer.concat([socket.data.held, chunk])
      let out = ""
      for (let end = held.indexOf(CRLF2); end >= 0; end = held.indexOf(CRLF2)) {
        const head = held.toString("latin1", 0, end + 2)
        out += `HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`
        held = held.subarray(end + 4)
      }
      socket.data.held = held
      if (out !== "") socket.write(out)
    }
  }
})
