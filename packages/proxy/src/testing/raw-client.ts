/**
 * A client that sends what the test gives it, byte by byte if need be, and keeps what comes back: nothing of HTTP is done for it.
 */
import type { Socket } from "bun"

export class RawClient {
  readonly #socket: Socket<RawClient>
  #received: Array<Uint8Array> = []
  length = 0
  /** True once the peer has closed its half, or both. */
  hasEnded = false
  isClosed = false
  /** True if the connection was reset. */
  wasReset = false

  private constructor(socket: Socket<RawClient>) {
    this.#socket = socket
  }

  static async connect(port: number, hostname = "127.0.0.1"): Promise<RawClient> {
    const box: { client?: RawClient } = {}
    const socket = await Bun.connect<RawClient>({
      hostname,
      port,
      allowHalfOpen: true,
      socket: {
        binaryType: "uint8array",
        open(opened) {
          box.client = opened.data = new RawClient(opened)
        },
        data({ data }, chunk) {
          data.#received.push(chunk)
          data.length += chunk.length
        },
        end({ data }) {
          data.hasEnded = true
        },
        close({ data }, error) {
          data.isClosed = true
          data.wasReset = error !== undefined && error !== null
        },
        error() {}
      }
    })
    return box.client ?? socket.data
  }

  /** Bytes as latin1 text. */
  send(text: string): void {
    const bytes = Buffer.from(text, "latin1")
    const written = this.#socket.write(bytes)
    if (written < bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes went`)
  }

  /** Like `send`, to a peer that may have reset the connection already. */
  offer(text: string): void {
    this.#socket.write(Buffer.from(text, "latin1"))
  }

  /** In random pieces, each in a segment of its own. A peer that refused what came so far may have closed: what does not go is missed there. */
  async sendSplit(text: string, sizes: () => number): Promise<void> {
    for (let at = 0; at < text.length;) {
      const size = sizes()
      this.offer(text.slice(at, at + size))
      at += size
      // oxlint-disable-next-line no-await-in-loop -- the pieces go one after the other
      await Bun.sleep(0)
    }
  }

  get text(): string {
    const whole = Buffer.concat(this.#received)
    this.#received = [whole]
    return whole.toString("latin1")
  }

  /** Returns the received text once `isThere` holds; rejects after `timeoutMs`. */
  async until(isThere: (text: string, client: RawClient) => boolean, timeoutMs = 15_000): Promise<string> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const { text } = this
      if (isThere(text, this)) return text
      if (performance.now() > deadline)
        throw new Error(
          `not within ${timeoutMs} ms, ${this.hasEnded ? "ended" : "open"}: ${JSON.stringify(text.slice(0, 2000))}`
        )
      // oxlint-disable-next-line no-await-in-loop -- it waits
      await Bun.sleep(1)
    }
  }

  /** Everything until the peer closes. */
  untilEnd(timeoutMs = 15_000): Promise<string> {
    return this.until((_text, { hasEnded, isClosed }) => hasEnded || isClosed, timeoutMs)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** FIN. */
  shutdown(): void {
    this.#socket.shutdown()
  }

  end(): void {
    this.#socket.end()
  }

  /** RST. */
  reset(): void {
    this.#socket.terminate()
  }
}
