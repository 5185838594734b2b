import { expect, test } from "bun:test"
import { latin1 } from "../http1/byte-classes.ts"
import { FakeUpstreamStream } from "../testing/fake-upstream-stream.ts"
import { Upstream } from "./upstream.ts"

const settings = { target: "http://a", ca: "", name: "", idleConnections: 2, pending: 1 }
const make = (more: Partial<typeof settings> = {}): Upstream => new Upstream({ ...settings, ...more })

test.each([
  ["http://a", "a", 80, undefined, "a"],
  ["http://a:81", "a", 81, undefined, "a:81"],
  ["https://[::1]:4433", "::1", 4433, undefined, "[::1]:4433"],
  ["https://a", "a", 443, undefined, "a"],
  ["unix:/run/a", "", 0, "/run/a", "localhost"]
] as const)("target %s", (target, hostname, port, unix, authority) => {
  const upstream = make({ target })
  expect([upstream.hostname, upstream.port, upstream.unix, latin1(upstream.authority)]).toEqual([
    hostname,
    port,
    unix,
    authority
  ])
  expect(upstream.isTls).toBe(target.startsWith("https"))
})

test("TLS asks for the name that is configured, and trusts its authorities", () => {
  expect(make().tls).toBeUndefined()
  expect(make({ target: "https://a" }).tls).toEqual({ serverName: "a", rejectUnauthorized: true })
  const tls = make({ target: "https://a", name: "b", ca: "PEM" }).tls
  expect(tls).toEqual({ serverName: "b", rejectUnauthorized: true, ca: "PEM" })
})

test("three failures in a row eject for ten seconds", () => {
  const upstream = make()
  upstream.failed(0)
  upstream.failed(0)
  expect(upstream.isUsable(0)).toBe(true)
  upstream.succeeded()
  upstream.failed(0)
  upstream.failed(0)
  expect(upstream.isUsable(0)).toBe(true)
  upstream.failed(0)
  expect([upstream.isUsable(0), upstream.isUsable(9999), upstream.isUsable(10_000)]).toEqual([false, false, true])
  upstream.failed(10_000)
  expect(upstream.isUsable(10_000)).toBe(false)
  upstream.succeeded()
  expect(upstream.isUsable(10_000)).toBe(true)
  upstream.isHealthy = false
  expect(upstream.isUsable(10_000)).toBe(false)
})

test("a fault is news once a minute", () => {
  const upstream = make()
  expect([upstream.isNews("a", 0), upstream.isNews("a", 59_999), upstream.isNews("b", 59_999)]).toEqual([
    true,
    false,
    true
  ])
  expect(upstream.isNews("b", 119_999)).toBe(true)
})

test("the pool gives the youngest back, and has a limit", () => {
  const upstream = make()
  const [a, b, c] = [new FakeUpstreamStream(), new FakeUpstreamStream(), new FakeUpstreamStream()]
  expect([upstream.release(a), upstream.release(b), upstream.release(c)]).toEqual([true, true, false])
  expect([upstream.acquire(false), upstream.acquire(false), upstream.acquire(false)]).toEqual([b, a, undefined])
})

test("a probe drops connections in which something waits", () => {
  const upstream = make()
  const [a, b] = [new FakeUpstreamStream(), new FakeUpstreamStream()]
  b.isSilent = false
  upstream.release(a)
  upstream.release(b)
  expect([upstream.acquire(true), b.calls]).toEqual([a, ["drop"]])
  upstream.release(b)
  expect(upstream.acquire(false)).toBe(b)
})

test("closed connections leave the pool", () => {
  const upstream = make()
  const [a, b] = [new FakeUpstreamStream(), new FakeUpstreamStream()]
  upstream.release(a)
  upstream.release(b)
  upstream.remove(a)
  upstream.remove(a)
  upstream.closeIdle()
  expect([upstream.idle, a.calls, b.calls]).toEqual([[], [], ["drop"]])
})
