/**
 * Random and mutated responses in random splits, many clients at once: each gets what a second reading of RFC 9112 finds in what was
 * sent for it, a 502, or a reset - and never an byte that was for another.
 */
import { afterEach, expect, test } from "bun:test"
import { type Random, seededRandom } from "@synprint/core/testing"
import { OPEN } from "../../packages/proxy/src/operations/counters.ts"
import {
  mutate,
  RawClient,
  randomResponse,
  readResponse,
  type ResponseReading,
  type UpstreamSide
} from "../../packages/proxy/src/testing/index.ts"
import { until } from "../lib/until.ts"
import { closeAll, openProxy, openUpstream } from "./setup.ts"

afterEach(closeAll)

const SEED = Number(process.env["SYNPRINT_TEST_SEED"] ?? 1)

interface Sent {
  readonly text: string
  /** True if the upstream closes after this response. */
  readonly closes: boolean
  /** True if it is sent in several turns of the event loop. */
  readonly isSplit: boolean
}

/** Answers the request for /TAG with `responses.get(TAG)`, in random pieces. */
function answering(random: Random, responses: ReadonlyMap<string, Sent>): (side: UpstreamSide) => void {
  const closing = new Set<UpstreamSide>()
  return (side) => {
    const heads = side.text.split("\r\n\r\n").slice(0, -1)
    for (const head of heads.slice(side.answered)) {
      // A server that closes reads no further request.
      if (closing.has(side)) return
      side.answered++
      const sent = responses.get(/ \/(\S+) /.exec(head)![1]!)!
      if (sent.closes) closing.add(side)
      void send(side, random, sent)
    }
  }
}

async function send(side: UpstreamSide, random: Random, { text, closes, isSplit }: Sent): Promise<void> {
  const bytes = Buffer.from(text, "latin1")
  for (let at = 0; at < bytes.length;) {
    // Several writes may be read in several turns, also when none lies between them here.
    const size = isSplit ? random.pick([1, 7, 50, 400, 5000]) : bytes.length
    side.socket.write(bytes.subarray(at, at + size))
    at += size
    if (at < bytes.length && random.once(2)) await Bun.sleep(0)
  }
  if (closes) side.socket.end()
}

/** The part of a reading that must be equal on both sides: the proxy may change other fields. */
function essence(reading: ResponseReading): unknown {
  if (typeof reading === "string") return reading
  const { interim, status, reason, body, fields } = reading
  const named = new Set(
    fields
      .filter(({ name }) => name.toLowerCase() === "connection")
      .flatMap(({ value }) => value.toLowerCase().split(/[ \t]*,[ \t]*/))
  )
  const own = fields.filter(({ name }) => /^x-/i.test(name) && !named.has(name.toLowerCase()))
  return { interim, status, reason, body, own }
}

/** Six times the client's letter: no mutation makes those of another. */
const tagOf = (client: number, request: number): string => `${"ABCDEF"[client]!.repeat(6)}${request}`
const LETTERS = /([A-F])\1\1/g

test("valid responses: each client gets its own, whole, on connections that go on", async () => {
  const random = seededRandom(SEED)
  const responses = new Map<string, Sent>()
  const upstream = openUpstream(answering(random, responses))
  const proxy = await openProxy(`[[routes]]\nupstream = "${upstream.target}"\n`)
  let compared = 0
  const one = async (number: number): Promise<void> => {
    let client = await RawClient.connect(proxy.port)
    let from = 0
    for (let n = 0; n < 60; n++) {
      const tag = tagOf(number, n)
      const isHead = random.once(6)
      const text = randomResponse(random, tag, isHead)
      // Closing is part of what a body without a length means.
      const isUntilClose = readResponse(text, isHead, false) === "cut"
      responses.set(tag, { text, closes: isUntilClose || random.once(10), isSplit: true })
      client.send(`${isHead ? "HEAD" : "GET"} /${tag} HTTP/1.1\r\nHost: h\r\n\r\n`)
      const isWhole = (received: string, { hasEnded, isClosed }: RawClient): boolean =>
        typeof readResponse(received.slice(from), isHead, hasEnded || isClosed) !== "string"
      const received = (await client.until(isWhole)).slice(from)
      const got = readResponse(received, isHead, client.hasEnded || client.isClosed)
      expect([text, essence(got)]).toEqual([text, essence(readResponse(text, isHead, true))])
      compared++
      from += typeof got === "string" ? 0 : got.length
      if (/\r\nConnection: close\r\n/.test(received)) {
        await client.untilEnd()
        client.end()
        client = await RawClient.connect(proxy.port)
        from = 0
      }
    }
    client.end()
  }
  await Promise.all([0, 1, 2, 3, 4, 5].map(one))
  expect(compared).toBe(360)
  await until(() => proxy.counters[OPEN] === 0, "no connection is open")
}, 180_000)

// Bytes that an upstream sends after its response may arrive when its connection already carries another's request, and a proxy that
// reuses connections can't notice. So responses come in pieces only without reuse.
test.each([
  ["in pieces, each on a connection of its own", true],
  ["at once, on connections that are used again", false]
])(
  "mutated responses %s: what the oracle reads, 502, or a break that shows, and then the next",
  async (_how, isSplit) => {
    const random = seededRandom(SEED + 1)
    const responses = new Map<string, Sent>()
    const upstream = openUpstream(answering(random, responses))
    const idle = isSplit ? 0 : 256
    const proxy = await openProxy(
      `[proxy.limits]\nidle_per_upstream = ${idle}\n[[routes]]\nupstream = "${upstream.target}"\n`
    )
    const outcomes = { same: 0, refused: 0, cut: 0 }
    const one = async (number: number): Promise<void> => {
      for (let n = 0; n < 150; n++) {
        const client = await RawClient.connect(proxy.port)
        const tag = tagOf(number, n)
        const isHead = random.once(8)
        const method = isHead ? "HEAD" : "GET"
        const text = mutate(random, randomResponse(random, tag, isHead))
        responses.set(tag, { text, closes: isSplit || typeof readResponse(text, isHead, false) === "string", isSplit })
        client.send(`${method} /${tag} HTTP/1.1\r\nHost: h\r\n\r\n`)
        const wanted = readResponse(text, isHead, true)
        const isDone = (received: string, { hasEnded, isClosed }: RawClient): boolean =>
          hasEnded || isClosed || typeof readResponse(received, isHead, false) !== "string"
        const received = await client.until(isDone)
        const hasEnded = client.hasEnded || client.isClosed
        const got = readResponse(received, isHead, hasEnded)
        if (wanted === "cut") {
          // The head may have gone, what it promised not; or the client saw nothing but the reset.
          expect([text, client.isClosed, typeof got === "string"]).toEqual([text, true, true])
          outcomes.cut++
        } else if (typeof wanted === "string") {
          const interim = typeof got === "string" ? [] : got.interim
          expect([text, typeof got === "string" ? got : got.status, interim.every((status) => status < 200)]).toEqual([
            text,
            502,
            true
          ])
          outcomes.refused++
        } else {
          expect([text, essence(got)]).toEqual([text, essence(wanted)])
          outcomes.same++
        }
        for (const found of received.matchAll(LETTERS)) expect(found[1]).toBe(tag[0]!)
        // The client sends again if the connection stays.
        if (!hasEnded && !/\r\nConnection: close\r\n/.test(received)) {
          const next = `${tag}9`
          responses.set(next, {
            text: `HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: ${next.length}\r\n\r\n${next}`,
            closes: false,
            isSplit
          })
          const from = received.length
          client.send(`GET /${next} HTTP/1.1\r\nHost: h\r\n\r\n`)
          expect((await client.until((all) => all.length > from && all.endsWith(next))).slice(from)).toBe(
            responses.get(next)!.text
          )
        }
        client.end()
      }
    }
    await Promise.all([0, 1, 2, 3].map(one))
    expect(Object.values(outcomes).every((count) => count > 20)).toBe(true)
    await until(() => proxy.counters[OPEN] === 0, "no connection is open")
  },
  180_000
)
