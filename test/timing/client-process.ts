/**
 * Clients of odd habits, each connection with a TLS handshake and one request: browsers that connect in advance and say nothing for a
 * while, and slow ones, which take their time for a key pair before the ClientHello and for certificates before the Finished.
 *
 *     bun client-process.ts HOST PATH COUNT IDLE_MIN_MS IDLE_MAX_MS SLOW_MIN_MS SLOW_MAX_MS
 */
import { connect as connectTcp, type Socket } from "node:net"
import { Duplex } from "node:stream"
import { connect as connectTls } from "node:tls"

const [host, path, ...numbers] = process.argv.slice(2)
const [count, idleMin, idleMax, slowMin, slowMax] = numbers.map(Number) as [number, number, number, number, number]
const CONCURRENCY = 5

const between = (low: number, high: number): number => low + Math.random() * (high - low)

/** Delays everything that the client sends by a thinking time, in order. */
function slow(socket: Socket): Duplex {
  let due = Promise.resolve()
  const duplex = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      due = due.then(() => Bun.sleep(between(slowMin, slowMax))).then(() => void socket.write(chunk))
      done()
    },
    final: (done) => {
      due.finally(() => socket.end())
      done()
    }
  })
  socket.on("data", (chunk) => void duplex.push(chunk))
  socket.on("end", () => void duplex.push(null))
  socket.on("close", () => duplex.destroy())
  return duplex
}

async function ask(number: number): Promise<void> {
  const tcp = connectTcp(443, host!)
  tcp.setNoDelay(true)
  tcp.on("error", () => {})
  await new Promise((resolve) => {
    tcp.once("connect", resolve)
  })
  if (idleMax > 0) await Bun.sleep(between(idleMin, idleMax))
  await new Promise<void>((resolve) => {
    const socket = slowMax > 0 ? slow(tcp) : tcp
    const tls = connectTls({ socket, servername: "site.test", rejectUnauthorized: false }, () =>
      tls.write(`GET ${path}/${number} HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n`)
    )
    tls.on("error", () => resolve())
    tls.on("data", () => {})
    tls.on("close", () => resolve())
    tls.on("end", () => tls.end())
  })
  tcp.destroy()
}

let next = 0
await Promise.all(
  Array.from({ length: CONCURRENCY }, async () => {
    while (next < count) await ask(next++)
  })
)
process.exit(0)
