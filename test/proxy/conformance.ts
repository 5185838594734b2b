/**
 * The conformance cases and what any proxy on a port does with them, in words that can be written down and compared.
 */
import {
  ANSWERING_CASES,
  CHUNK_CASES,
  FORWARDING_CASES,
  type FakeUpstream,
  openFakeUpstream,
  RawClient,
  readRequest,
  readResponse,
  REQUEST_CASES
} from "@synprint/proxy/testing"

export interface ConformanceCase {
  /** Section of RFC 9112, or of the RFC that it begins with. */
  readonly section: string
  /** Behavior of a conforming proxy. */
  readonly wanted: string
  readonly run: (port: number) => Promise<string>
}

export interface Conformance {
  readonly upstream: FakeUpstream
  readonly cases: ReadonlyArray<ConformanceCase>
}

/** A proxy that has not answered within `patienceMs` waits for more. */
export function openConformance(patienceMs: number): Conformance {
  let response = ""
  const upstream = openFakeUpstream((side) => {
    // Answers whatever looks complete to a lenient server: what came through is judged, not this.
    const end = side.text.indexOf("\r\n\r\n")
    if (end < 0 || side.answered > 0) return
    const hasLastChunk = side.text.includes("\n0\r\n") && side.text.endsWith("\r\n\r\n")
    if (readRequest(side.text) === "incomplete" && !hasLastChunk) return
    side.answered++
    side.socket.write(Buffer.from(response, "latin1"))
    side.socket.end()
  })

  /** Sends one request; gives the response and the request as the upstream received it. */
  const ask = async (port: number, request: string, answer: string) => {
    response = answer
    const before = upstream.connections.length
    const client = await RawClient.connect(port)
    client.send(request)
    const isHead = request.startsWith("HEAD")
    const isWhole = (text: string, { hasEnded, isClosed }: RawClient): boolean =>
      hasEnded || isClosed || typeof readResponse(text, isHead, false) !== "string"
    const text = await client.until(isWhole, patienceMs).catch(() => undefined)
    const received = text ?? client.text
    client.reset()
    await Bun.sleep(0)
    const sides = upstream.connections.slice(before)
    return { isSilent: text === undefined, received, requests: sides.map((side) => side.text) }
  }
  const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

  const judged = (section: string, text: string, outcome: string | number): ConformanceCase => {
    const isChunked = /\r\nTransfer-Encoding: chunked\r\n\r\n$/i.test(text)
    // A head that is right is a request only with its body.
    const request = outcome === "ok" && isChunked && readRequest(text) === "incomplete" ? `${text}0\r\n\r\n` : text
    return {
      section,
      wanted: outcome === "ok" ? "200, forwarded" : `${outcome}, nothing forwarded`,
      run: async (port) => {
        const { isSilent, received, requests } = await ask(port, request, OK)
        const status = /^HTTP\/1\.\d (\d{3})/.exec(received)?.[1] ?? (isSilent ? "silent" : "closed")
        return `${status}, ${requests.length > 0 ? "forwarded" : "nothing forwarded"}`
      }
    }
  }

  const cases: ReadonlyArray<ConformanceCase> = [
    ...REQUEST_CASES.map(([section, text, outcome]) => judged(section, text, outcome)),
    ...CHUNK_CASES.map(([section, body, outcome]) =>
      judged(section, `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${body}`, outcome)
    ),
    ...FORWARDING_CASES.map(({ section, request, has, hasNot, isExact }) => ({
      section,
      wanted: "forwarded as it must be",
      run: async (port: number) => {
        const { received, requests } = await ask(port, request, OK)
        const [text] = requests
        if (text === undefined) return `not forwarded: ${received.slice(9, 12)}`
        const seen = (part: string): boolean =>
          isExact ? text.includes(part) : text.toLowerCase().includes(part.toLowerCase())
        const missing = has.filter((part) => !seen(part))
        const extra = hasNot.filter(seen)
        if (missing.length + extra.length === 0) return "forwarded as it must be"
        return [
          ...missing.map((part) => `missing ${JSON.stringify(part)}`),
          ...extra.map((part) => `has ${JSON.stringify(part)}`)
        ].join("; ")
      }
    })),
    ...ANSWERING_CASES.map(({ section, request, response: answer, wanted }) => ({
      section: `${section} (response)`,
      wanted: "answered as it must be",
      run: async (port: number) => {
        const { isSilent, received } = await ask(port, request, answer)
        if (wanted.test(received)) return "answered as it must be"
        return `${isSilent ? "waits behind " : ""}${JSON.stringify(received.replace(/Date: [^\r]*/i, "Date: D").slice(0, 60))}`
      }
    }))
  ]
  return { upstream, cases }
}
