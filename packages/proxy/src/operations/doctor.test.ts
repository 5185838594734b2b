import { expect, test } from "bun:test"
import { proxyConfig } from "../testing/config.ts"
import { proxyChecks } from "./doctor.ts"

test("upstreams that answer and that don't, limits, and the start-up test", async () => {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("") })
  const good = `http://127.0.0.1:${server.port}`
  const bad = "http://127.0.0.1:1"
  const checks = await proxyChecks(
    proxyConfig.good(
      `[proxy]\nlisten = ["127.0.0.1:8080"]\n[proxy.limits]\nbacklog = 60000\nconnections = 4000000\n[[routes]]\nupstream = ["${good}", "${bad}"]\n`
    )
  )
  const levels = Object.fromEntries(checks.map((each) => [each.name, each.result]))
  expect(levels).toMatchObject({
    [`upstream ${good}`]: "ok",
    [`upstream ${bad}`]: "warn",
    backlog: "warn",
    descriptors: "warn",
    "start-up test": "ok"
  })
})
