/**
 * An upstream of a test as a process of its own, so that it can be killed, stopped and started anew.
 *
 *     bun upstream-process.ts PORT [MODE]     prints "listening PORT"
 *
 * MODE: ok (each request is answered by its target), slow (half a second later), late (a minute later), garbage (bytes that are no HTTP), half (breaks responses
 * off), silent (never answers).
 */
const [port = "0", mode = "ok"] = process.argv.slice(2)

const GARBAGE = [
  "\0\u0001\u0002garbage\r\n\r\n",
  "HTTP/1.1 2OO OK\r\n\r\n",
  "HTTP/9.9 2 x\n\n",
  "\r\n".repeat(9),
  "SSH-2.0-x\r\n"
]
let turn = 0

const listener = Bun.listen<{ held: string }>({
  hostname: "127.0.0.1",
  port: Number(port),
  socket: {
    open(socket) {
      socket.data = { held: "" }
    },
    data(socket, chunk) {
      const heads = (socket.data.held + chunk.toString("latin1")).split("\r\n\r\n")
      socket.data.held = heads.pop()!
      for (const head of heads) {
        const target = head.split(" ")[1] ?? "?"
        const response = `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`
        if (mode === "ok") socket.write(response)
        else if (mode === "slow") setTimeout(() => socket.write(response), 500)
        else if (mode === "late") setTimeout(() => socket.write(response), 60_000)
        else if (mode === "garbage") socket.write(GARBAGE[turn++ % GARBAGE.length]!)
        else if (mode === "half") {
          socket.write(response.slice(0, -1))
          socket.end()
        }
      }
    },
    error() {}
  }
})
console.log(`listening ${listener.port}`)
