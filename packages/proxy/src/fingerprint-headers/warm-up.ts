/**
 * Warm-up: made-up connections before a thread accepts real ones, until the JIT has compiled the way from a SYN to its header block and the
 * parsers of heads.
 *
 * Without it the first request of each Worker waits 20 to 30 ms instead of 10, the first 50 twice as long. Everything that it fills is its
 * own and is thrown away: no counter and no history of the service knows of it.
 */
import { ConnectionInfo, type Database, KEY_CLIENT, makeConnectionKey, parseConnectionKey } from "@synprint/core"
import { syntheticSyn4, openWarmUpEngine, setClientPort } from "@synprint/service"
import * as Effect from "effect/Effect"
import type { Config } from "../config/program.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import { HeaderLines } from "../http1/header-lines.ts"
import { RequestHead } from "../http1/request-head.ts"
import { ResponseHead } from "../http1/response-head.ts"
import { writeResponseHead } from "../http1/response-writer.ts"
import { Generation, type GenerationSettings } from "../routing/generation.ts"

/** Number of synthetic connections, which take less than 50 ms. */
const CONNECTIONS = 500

const REQUEST = bytesOf(
  "GET /path?query HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n" +
    "Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nCookie: a=b; c=d\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
)
const RESPONSE = bytesOf(
  "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 22:07:47 GMT\r\nContent-Type: text/html\r\nContent-Length: 1000\r\nConnection: keep-alive\r\n\r\n"
)

/** Gives the connections that were answered with `ok`, for the test that it warms what it should; undefined when it could not run. */
export const warmUp = (
  config: Config,
  settings: GenerationSettings,
  database: Database
): Effect.Effect<number | undefined> =>
  Effect.scoped(
    Effect.gen(function* () {
      const lookup = yield* openWarmUpEngine(config, database, 0)
      const generation = new Generation(settings, undefined)
      const syn = syntheticSyn4()
      const connection = { key: makeConnectionKey(), savedSyn: syn.bytes, openedAtMs: Date.now() }
      const answer = new ConnectionInfo()
      const connectionHeaders = new HeaderLines()
      let answered = 0
      for (let number = 0; number < CONNECTIONS; number++) {
        const port = 1024 + number
        parseConnectionKey("10.0.0.1", port, "10.0.0.2", 80, connection.key)
        setClientPort(syn, port)
        lookup.answer(connection, answer)
        if (answer.status === "ok") answered++
        generation.block.fingerprintHeaders(answer)
        connectionHeaders.length = 0
        generation.block.appendConnectionHeaders(answer, connectionHeaders)
        generation.timing.append({ rtt: 100, helloDelay: 1000, tlsRtt: 10_000 }, connectionHeaders)
        generation.hints?.hinter.connection(answer, 4, connection.key.subarray(KEY_CLIENT, KEY_CLIENT + 16), 0)
        passHeads(generation)
      }
      return answered
    })
    // Nothing depends on it: a Worker that could not warm up is slow for a moment.
  ).pipe(Effect.catchCause(() => Effect.undefined))

const EMPTY: Uint8Array = new Uint8Array(0)
const requestHead = new RequestHead()
const responseHead = new ResponseHead()
const out = new Uint8Array(new ArrayBuffer(4096))

function passHeads(generation: Generation): void {
  requestHead.parse(REQUEST, 0, REQUEST.length, generation.limits.headers)
  const route = generation.routes.find(requestHead, REQUEST)
  responseHead.parse(RESPONSE, 0, RESPONSE.length, generation.limits.responseHeaders, false)
  if (route === undefined) return
  if (route.addedToResponse.length > out.length / 2) return
  writeResponseHead(responseHead, RESPONSE, { minor: 1, keeps: true }, route, EMPTY, out)
}
