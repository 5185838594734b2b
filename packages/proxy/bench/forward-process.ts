/**
 * The floor: what Bun's sockets cost by themselves. Answers each request of a client with what the upstream says to a fixed one, byte by byte;
 * it reads no head but for its length, knows no client, counts nothing and refuses nothing.
 *
 * Usage: bun forward-process.ts PORT TLS-PORT UPSTREAM-PORT CERTIFICATE KEY
 */
import { readFileSync } from "node:fs"

const [port, tlsPort, upstreamPort, certificate, key] = process.argv.slice(2)

interface Client {
  socket: Bun.Socket<Client>
  upstream: Upstream | undefined
  rest: Buffer | undefined
  closes: boolean
}
interface Upstream {
  socket: Bun.Socket<Upstream> | undefined
  client: Client | undefined
  /** Bytes of the response that are to come. */
  left: number
  first: Buffer | undefined
}

const HEADERS = "x-tcp-os: Linux 4.20 or newer\r\nx-tcp-sig: 4:64+0:0:65495:mss*1,10:mss,sok,ts,nop,ws:df,id+:0\r\n"
const requestOf = (path: string): Buffer => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${HEADERS}\r\n`)
const SMALL = requestOf("/")
const BIG = requestOf("/big")
const idle: Array<Upstream> = []

/** Frees the memory of a large chunk, as the proxy does (socket-writer.ts). */
function giveBack(chunk: Buffer): void {
  if (chunk.length >= 16_384) (chunk.buffer as ArrayBuffer).transfer(0)
}

const ofUpstream: Bun.SocketHandler<Upstream, "buffer"> = {
  binaryType: "buffer",
  open(socket) {
    const upstream = socket.data
    upstream.socket = socket
    if (upstream.first !== undefined) socket.write(upstream.first)
  },
  data(socket, chunk) {
    const upstream = socket.data
    const client = upstream.client
    if (client === undefined) return
    if (upstream.left === 0) {
      const end = chunk.indexOf("\r\n\r\n")
      upstream.left = end + 4 + Number(/content-length: (\d+)/i.exec(chunk.toString("latin1", 0, end))![1])
    }
    upstream.left -= chunk.length
    const isDone = upstream.left === 0
    const written = client.socket.write(chunk)
    if (written < chunk.length) {
      client.rest = chunk.subarray(Math.max(0, written))
      if (!isDone) socket.pause()
    } else giveBack(chunk)
    if (!isDone) return
    client.upstream = upstream.client = undefined
    idle.push(upstream)
    if (client.closes && client.rest === undefined) client.socket.end()
  }
}

const ofClient: Bun.SocketHandler<Client, "buffer"> = {
  binaryType: "buffer",
  open(socket) {
    socket.data = { socket, upstream: undefined, rest: undefined, closes: false }
  },
  data(socket, chunk) {
    const client = socket.data
    client.closes = chunk.includes("close")
    const request = chunk.includes("/big") ? BIG : SMALL
    const upstream = idle.pop() ?? { socket: undefined, client: undefined, left: 0, first: request }
    upstream.client = client
    client.upstream = upstream
    if (upstream.socket !== undefined) upstream.socket.write(request)
    else void Bun.connect({ hostname: "127.0.0.1", port: Number(upstreamPort), socket: ofUpstream, data: upstream })
  },
  drain(socket) {
    const client = socket.data
    if (client?.rest === undefined) return
    const written = socket.write(client.rest)
    if (written < client.rest.length) {
      client.rest = client.rest.subarray(Math.max(0, written))
      return
    }
    giveBack(client.rest)
    client.rest = undefined
    client.upstream?.socket?.resume()
    if (client.upstream === undefined && client.closes) socket.end()
  }
}

Bun.listen({ hostname: "127.0.0.1", port: Number(port), socket: ofClient })
const cert = readFileSync(certificate!)
Bun.listen({
  hostname: "127.0.0.1",
  port: Number(tlsPort),
  socket: { ...ofClient, handshake() {} },
  tls: { cert, key: readFileSync(key!), ca: cert }
})
