/**
 * The demo's client, run in its own namespace: two requests on one connection, printing what the application received of each.
 * usage: client.ts ADDRESS PORT
 */
const REQUEST = "GET / HTTP/1.1\r\nHost: demo.example\r\nX-TCP-OS: what the client claims\r\n\r\n"
const REQUESTS = 2
const TIMEOUT_MS = 5000

const [hostname, port] = process.argv.slice(2)
let received = ""
let answers = 0
setTimeout(() => {
  process.stderr.write(`no answer from ${hostname} within ${TIMEOUT_MS} ms\n`)
  process.exit(1)
}, TIMEOUT_MS)

await Bun.connect({
  hostname: hostname!,
  port: Number(port),
  socket: {
    open: (socket) => void socket.write(REQUEST),
    data(socket, chunk) {
      received += chunk.toString("latin1")
      const end = received.indexOf("\r\n\r\n")
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
      if (end < 0 || received.length < end + 4 + length) return
      process.stdout.write(received.slice(end + 4, end + 4 + length).replaceAll("\r\n", "\n"))
      received = ""
      if (++answers === REQUESTS) process.exit(0)
      socket.write(REQUEST)
    },
    close: () => process.exit(1)
  }
})
