import { afterEach, expect, test } from "bun:test"
import { HealthChecks, probe } from "../../packages/proxy/src/upstream/health-checks.ts"
import { answerHeads, openFakeUpstream, proxyConfig } from "../../packages/proxy/src/testing/index.ts"

const closers: Array<() => void> = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

test("a probe says what is wrong", async () => {
  let response = "HTTP/1.1 204 No Content\r\n\r\n"
  const upstream = openFakeUpstream(answerHeads(() => response))
  closers.push(() => upstream.close())
  expect(await probe(upstream.target, "/health", 10_000)).toBeUndefined()
  expect(upstream.connections[0]!.text).toStartWith("GET /health HTTP/1.1\r\n")
  expect(await probe(upstream.target, "tcp", 10_000)).toBeUndefined()
  response = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
  expect(await probe(upstream.target, "/", 10_000)).toBe("status 500")
  response = ""
  expect(await probe(upstream.target, "/", 100)).toBe("no answer in time")
  upstream.close()
  expect(await probe(upstream.target, "tcp", 10_000)).toBe("ECONNREFUSED")
  expect(await probe(upstream.target, "/", 10_000)).toMatch(/ConnectionRefused|ECONNREFUSED/)
})

test("out after `fall` bad answers in a row, in again after `rise` good ones", async () => {
  let isGood = true
  let asked = 0
  const upstream = openFakeUpstream(
    answerHeads(() => {
      asked++
      return `HTTP/1.1 ${isGood ? 200 : 503} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
    })
  )
  closers.push(() => upstream.close())
  const config = proxyConfig.good(
    `[proxy.health]\ninterval = "100 ms"\nfall = 2\nrise = 3\n[[routes]]\nupstream = "${upstream.target}"\nhealth_check = "/h"\n`
  )
  const said: Array<string> = []
  const checks = new HealthChecks(config, (_target, isHealthy, reason) => said.push(`${isHealthy} ${reason}`))
  closers.push(() => checks.stop())
  await upstream.until(() => asked >= 2)
  expect([said.length, checks.out.length]).toEqual([0, 0])
  isGood = false
  await upstream.until(() => said.length === 1)
  expect([said[0], checks.out]).toEqual(["false status 503", [upstream.target]])
  isGood = true
  const from = asked
  await upstream.until(() => said.length === 2)
  expect(said[1]).toBe("true answers")
  expect(asked - from).toBeGreaterThanOrEqual(2)
})
