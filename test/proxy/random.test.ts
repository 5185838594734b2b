/** Random traffic against a second reading of RFC 9112. */
import { afterEach, expect, test } from "bun:test"
import { seededRandom } from "@synprint/core/testing"
import { OPEN } from "../../packages/proxy/src/operations/counters.ts"
import { mutate, randomRequest, readRequests } from "../../packages/proxy/src/testing/index.ts"
import { until } from "../lib/until.ts"
import { closeAll, OK, setUp } from "./setup.ts"

afterEach(closeAll)

test("random and mutated requests in random splits: the upstream sees exactly what the oracle reads", async () => {
  const random = seededRandom(Number(process.env["SYNPRINT_TEST_SEED"] ?? 1))
  const { proxy, upstream, connect } = await setUp((side) => {
    const { requests } = readRequests(side.text)
    for (; side.answered < requests.length; side.answered++)
      side.socket.write(
        requests[side.answered]!.method === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : OK
      )
  })
  let seen = 0
  for (let n = 0; n < 400; n++) {
    let text = ""
    for (let i = random.between(1, 4); i > 0; i--) {
      const one = randomRequest(random).replace(/ (\/|\*)/, (found) => (found === " *" ? found : ` /${n}/`))
      text += random.once(3) ? mutate(random, one) : one
    }
    // Nothing but whole requests goes on; upgrades and closes end the reading.
    const expected = readRequests(text).requests
    const wanted: Array<string> = []
    for (const request of expected) {
      wanted.push(`${request.method} ${request.body}`)
      const connection = request.fields
        .filter(({ name }) => name.toLowerCase() === "connection")
        .map(({ value }) => value.toLowerCase())
      const has = (option: string) => connection.some((value) => value.split(/[ \t]*,[ \t]*/).includes(option))
      if (has("close") || (request.minor === 0 && !has("keep-alive"))) break
    }
    const from = upstream.connections.map((side) => side.answered)
    const client = await connect()
    await client.sendSplit(text, () => random.between(1, 60))
    client.shutdown()
    await client.until((_text, { isClosed, hasEnded }) => isClosed || hasEnded)
    client.end()
    const got = upstream.connections.flatMap((side, index) =>
      readRequests(side.text)
        .requests.slice(from[index] ?? 0)
        .map((request) => `${request.method} ${request.body}`)
    )
    expect([text, got]).toEqual([text, wanted])
    seen += got.length
  }
  expect(seen).toBeGreaterThan(300)
  await until(() => proxy.counters[OPEN] === 0, "no connection is open")
}, 180_000)
