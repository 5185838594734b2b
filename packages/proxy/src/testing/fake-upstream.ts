/**
 * An upstream that keeps every byte it gets, by connection, and answers as a test says.
 */
import type { Socket } from "bun"

export interface UpstreamSide {
  /** Text received on this connection so far. */
  text: string
  readonly number: number
  readonly socket: Socket<UpstreamSide>
  hasEnded: boolean
  isClosed: boolean
  /** Requests that `answers` answered. */
  answered: number
}

export interface FakeUpstream {
  readonly port: number
  readonly target: string
  readonly connections: Array<UpstreamSide>
  /** Resolves when `isThere`. */
  readonly until: (isThere: () => boolean, timeoutMs?: number) => Promise<void>
  readonly close: () => void
}

/** `receive` is called after every read; it writes to `side.socket`. `tls`: PEM texts, of an https upstream. */
export function openFakeUpstream(
  receive: (side: UpstreamSide) => void,
  port = 0,
  tls?: { readonly cert: string; readonly key: string }
): FakeUpstream {
  const connections: Array<UpstreamSide> = []
  const listener = Bun.listen<UpstreamSide>({
    hostname: "127.0.0.1",
    port,
    ...(tls === undefined ? {} : { tls }),
    allowHalfOpen: true,
    socket: {
      binaryType: "uint8array",
      open(socket) {
        socket.data = { text: "", number: connections.length, socket, hasEnded: false, isClosed: false, answered: 0 }
        connections.push(socket.data)
      },
      data({ data }, chunk) {
        data.text += Buffer.from(chunk).toString("latin1")
        receive(data)
      },
      end({ data }) {
        data.hasEnded = true
      },
      close({ data }) {
        data.isClosed = true
      },
      error() {}
    }
  })
  return {
    port: listener.port,
    target: `${tls === undefined ? "http" : "https"}://127.0.0.1:${listener.port}`,
    connections,
    until: async (isThere, timeoutMs = 15_000) => {
      const deadline = performance.now() + timeoutMs
      while (!isThere()) {
        if (performance.now() > deadline)
          throw new Error(
            `not within ${timeoutMs} ms: ${JSON.stringify(connections.map(({ text }) => text.slice(-500)))}`
          )
        // oxlint-disable-next-line no-await-in-loop -- it waits
        await Bun.sleep(1)
      }
    },
    close: () => listener.stop(true)
  }
}

/** Answers each whole head with `response`; heads of requests with bodies are taken for whole requests, so use it for requests without. */
export const answerHeads =
  (response: string | ((head: string, side: UpstreamSide) => string)) =>
  (side: UpstreamSide): void => {
    const heads = side.text.split("\r\n\r\n").slice(0, -1)
    for (const head of heads.slice(side.answered)) {
      side.answered++
      side.socket.write(Buffer.from(typeof response === "string" ? response : response(head, side), "latin1"))
    }
  }
