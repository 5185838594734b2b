import { expect, test } from "bun:test"
import { proxyConfig } from "../testing/config.ts"
import { HealthChecks, probe } from "./health-checks.ts"

test("a probe wants a status from 200 to 399, or a connection", async () => {
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === "/slow") await Bun.sleep(500)
      return new Response("", { status: pathname === "/slow" ? 200 : Number(pathname.slice(1)) })
    }
  })
  const target = `http://127.0.0.1:${server.port}`
  expect(await probe(target, "/200", 2000)).toBeUndefined()
  expect(await probe(target, "/399", 2000)).toBeUndefined()
  expect(await probe(target, "/400", 2000)).toBe("status 400")
  expect(await probe(target, "/slow", 20)).toBe("no answer in time")
  expect(await probe(target, "tcp", 2000)).toBeUndefined()
  expect(await probe("http://127.0.0.1:1", "tcp", 2000)).toBe("ECONNREFUSED")
})

test("`fall` bad answers in a row put an upstream out, `rise` good ones bring it back", async () => {
  let status = 500
  let asked = 0
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      asked++
      return new Response("", { status })
    }
  })
  const target = `http://127.0.0.1:${server.port}`
  const route = `[[routes]]\nupstream = "${target}"\n`
  const config = proxyConfig.good(
    `[proxy.health]\ninterval = "100 millis"\nfall = 2\nrise = 3\n${route}health_check = "/"\n`
  )
  const heard: Array<string> = []
  const checks = new HealthChecks(config, (_target, isHealthy, reason) => heard.push(`${isHealthy} ${reason} ${asked}`))
  const until = async (count: number): Promise<void> => {
    for (let i = 0; i < 400 && heard.length < count; i++) await Bun.sleep(5)
  }
  await until(1)
  expect([heard, checks.out]).toEqual([["false status 500 2"], [target]])
  status = 200
  await until(2)
  expect([heard[1], checks.out]).toEqual(["true answers 5", []])
  checks.reload(proxyConfig.good(route))
  const before = asked
  await Bun.sleep(150)
  checks.stop()
  expect(asked).toBe(before)
})
