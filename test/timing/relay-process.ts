/**
 * A relay as residential proxies run it: ends TCP near the server while TLS runs through to a far client. It speaks HTTP CONNECT
 * (RFC 9110 section 9.3.6) and SOCKS5 (RFC 1928), distinguished by the first byte, and holds every byte back for a time, each way:
 * what the far client sends and what it gets.
 *
 *     bun relay-process.ts HOST PORT=HOLD_MS ...        on 127.0.0.1; prints "ready" when it listens
 *
 * Every name leads to HOST: a namespace has no resolver.
 */
import type { Socket } from "bun"
import { isIP } from "node:net"

/** One direction: bytes go on in order, so many milliseconds after they came. */
class Held {
  #due: Array<{ readonly at: number; readonly bytes: Uint8Array | undefined }> = []
  #isScheduled = false
  readonly #holdMs: number
  readonly #deliver: (bytes: Uint8Array | undefined) => void

  constructor(holdMs: number, deliver: (bytes: Uint8Array | undefined) => void) {
    this.#holdMs = holdMs
    this.#deliver = deliver
  }

  /** undefined: the end. */
  push(bytes: Uint8Array | undefined): void {
    this.#due.push({ at: performance.now() + this.#holdMs, bytes })
    if (!this.#isScheduled) this.#schedule()
  }

  #schedule(): void {
    const next = this.#due[0]
    this.#isScheduled = next !== undefined
    if (next !== undefined) setTimeout(() => this.#run(), Math.max(0, next.at - performance.now()))
  }

  #run(): void {
    while (this.#due.length > 0 && this.#due[0]!.at <= performance.now()) this.#deliver(this.#due.shift()!.bytes)
    this.#schedule()
  }
}

interface Side {
  /** Bytes that wait for `drain`. */
  pending: Array<Uint8Array | undefined>
}

function send(socket: Socket<any>, side: Side, bytes: Uint8Array | undefined): void {
  if (side.pending.length > 0) side.pending.push(bytes)
  else if (bytes === undefined) socket.end()
  else {
    const written = Math.max(0, socket.write(bytes))
    if (written < bytes.length) side.pending.push(bytes.subarray(written))
  }
}

function drain(socket: Socket<any>, side: Side): void {
  const pending = side.pending
  side.pending = []
  for (const bytes of pending) send(socket, side, bytes)
}

class Session implements Side {
  pending: Array<Uint8Array | undefined> = []
  readonly #client: Socket<Session>
  #server: Socket<Side> | undefined
  #asked: Uint8Array = new Uint8Array(0)
  #phase: "greeting" | "request" | "connecting" | "open" = "greeting"
  readonly fromClient: Held
  readonly #toClient: Held

  constructor(client: Socket<Session>, holdMs: number) {
    this.#client = client
    this.fromClient = new Held(holdMs, (bytes) => this.#fromClient(bytes))
    this.#toClient = new Held(holdMs, (bytes) => send(client, this, bytes))
  }

  close(): void {
    this.#server?.end()
  }

  #fromClient(bytes: Uint8Array | undefined): void {
    if (bytes === undefined || this.#phase === "open") {
      if (this.#server !== undefined) send(this.#server, this.#server.data, bytes)
      return
    }
    this.#asked = Buffer.concat([this.#asked, bytes])
    const asked = this.#asked
    if (this.#phase === "greeting" && asked[0] === 5) {
      if (asked.length < 2 + asked[1]!) return
      this.#asked = asked.subarray(2 + asked[1]!)
      this.#phase = "request"
      this.#toClient.push(Uint8Array.of(5, 0))
      return
    }
    if (this.#phase === "request" && asked.length >= 10 && asked[3] === 1) {
      this.#connect([...asked.subarray(4, 8)].join("."), (asked[8]! << 8) | asked[9]!)
      return
    }
    if (this.#phase !== "greeting") return
    const text = Buffer.from(asked).toString("latin1")
    const line = /^CONNECT (\S+):(\d+) HTTP\/1\.[01]\r\n[^]*\r\n\r\n$/.exec(text)
    if (line !== null) this.#connect(line[1]!, Number(line[2]))
  }

  #connect(hostname: string, port: number): void {
    const answer =
      this.#phase === "request"
        ? Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)
        : Buffer.from("HTTP/1.1 200 Connection established\r\n\r\n")
    this.#phase = "connecting"
    Bun.connect<Side>({
      hostname: isIP(hostname) === 0 ? process.argv[2]! : hostname,
      port,
      data: { pending: [] },
      socket: {
        binaryType: "uint8array",
        open: (server) => {
          this.#server = server
          this.#phase = "open"
          this.#toClient.push(answer)
        },
        data: (_, bytes) => this.#toClient.push(bytes),
        drain: (server) => drain(server, server.data),
        close: () => this.#toClient.push(undefined),
        error: () => this.#client.terminate()
      }
    }).catch(() => this.#client.terminate())
  }
}

for (const word of process.argv.slice(3)) {
  const [port, holdMs] = word.split("=").map(Number)
  Bun.listen<Session>({
    hostname: "127.0.0.1",
    port: port!,
    socket: {
      binaryType: "uint8array",
      open: (client) => void (client.data = new Session(client, holdMs!)),
      data: (client, bytes) => client.data.fromClient.push(bytes),
      drain: (client) => drain(client, client.data),
      end: (client) => client.data.fromClient.push(undefined),
      close: (client) => client.data.close(),
      error: () => {}
    }
  })
}
process.stdout.write("ready\n")
