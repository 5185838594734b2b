/**
 * The application behind a proxy without a configuration: answers every request with the head as it arrived, so that curl shows what an
 * application would see.
 *
 * It listens on an abstract unix socket (unix(7)) of its own, and is reached as any upstream is.
 */
import type { Socket } from "bun"
import { ChunkedScanner } from "./http1/chunked.ts"
import { isParseError, NEEDS_MORE } from "./http1/parse-error.ts"
import { METHOD_HEAD, RequestHead } from "./http1/request-head.ts"
import { parseTrailers } from "./http1/trailer-section.ts"

interface Reader {
  held: Uint8Array | undefined
  isChunked: boolean
  /** Bytes of a body of known length that are still to come. */
  left: number
  readonly scanner: ChunkedScanner
}

const head = new RequestHead()

export interface EchoApplication {
  /** As `upstream` names it. */
  readonly target: string
  readonly close: () => void
}

export function openEchoApplication(): EchoApplication {
  const path = `\0synprint-echo-${process.pid}-${Math.random().toString(36).slice(2)}`
  const listener = Bun.listen<Reader>({
    unix: path,
    socket: {
      binaryType: "uint8array",
      open: (socket) => {
        socket.data = { held: undefined, isChunked: false, left: 0, scanner: new ChunkedScanner() }
      },
      data: (socket, chunk) => receive(socket, chunk),
      error: () => {}
    }
  })
  return { target: `unix:${path}`, close: () => listener.stop(true) }
}

function receive(socket: Socket<Reader>, chunk: Uint8Array): void {
  const reader = socket.data
  const bytes = reader.held === undefined ? chunk : Buffer.concat([reader.held, chunk])
  reader.held = undefined
  for (let at = 0; at < bytes.length;) {
    const next = !reader.isChunked && reader.left === 0 ? answer(socket, bytes, at) : passBody(reader, bytes, at)
    if (isParseError(next)) {
      socket.terminate()
      return
    }
    if (next === NEEDS_MORE) {
      reader.held = bytes.subarray(at)
      return
    }
    at = next
  }
}

function answer(socket: Socket<Reader>, bytes: Uint8Array, from: number): number {
  const end = head.parse(bytes, from, bytes.length, 1024)
  if (end <= 0) return end
  const reader = socket.data
  reader.left = head.contentLength
  reader.isChunked = head.framing === "chunked"
  if (reader.isChunked) reader.scanner.reset()
  const shown = bytes.subarray(head.start, end - 2)
  const lines = `HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${shown.length}\r\n\r\n`
  socket.write(head.method === METHOD_HEAD ? Buffer.from(lines) : Buffer.concat([Buffer.from(lines), shown]))
  return end
}

function passBody(reader: Reader, bytes: Uint8Array, from: number): number {
  if (!reader.isChunked) {
    const end = Math.min(bytes.length, from + reader.left)
    reader.left -= end - from
    return end
  }
  const { scanner } = reader
  const at = scanner.isAtTrailers ? from : scanner.scan(bytes, from, bytes.length)
  if (isParseError(at) || !scanner.isAtTrailers || at === bytes.length) return at
  const end = parseTrailers(bytes, at, bytes.length)
  if (end > 0) reader.isChunked = false
  // Bytes that were scanned must not be scanned again.
  return end === NEEDS_MORE && at > from ? at : end
}
