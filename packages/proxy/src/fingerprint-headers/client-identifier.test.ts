import { expect, test } from "bun:test"
import type { ConnectionInfo } from "@synprint/core"
import { bytesOf, latin1 } from "../http1/byte-classes.ts"
import { HeaderLines } from "../http1/header-lines.ts"
import { ProxyHeader } from "../connection/proxy-protocol.ts"
import { makeCounters } from "../operations/counters.ts"
import { FakeServices, ONE_ROUTE } from "../testing/fake-services.ts"
import { FakeSocket } from "../testing/fake-socket.ts"
import type { ClientFacts } from "./client-facts.ts"
import { ClientIdentifier } from "./client-identifier.ts"

class Scene {
  readonly generation
  readonly counters = makeCounters()
  /** Keys that were looked up. */
  readonly keys: Array<string> = []
  readonly identifier = new ClientIdentifier(
    {
      answer: ({ key }: { key: Uint8Array }, into: ConnectionInfo) => {
        this.keys.push(key.toHex())
        into.reset("not_captured")
      }
    } as never,
    this.counters
  )

  constructor(toml = "") {
    this.generation = new FakeServices(toml + ONE_ROUTE).generation
  }

  identify(more: Partial<FakeSocket> = {}, scheme = "http", port = "80"): ClientFacts {
    const socket = Object.assign(new FakeSocket(), more)
    return this.identifier.identify(socket.socket, this.generation, bytesOf(scheme), bytesOf(port), new HeaderLines())
  }
}

test("a client is looked up by both ends of its connection", () => {
  const scene = new Scene()
  scene.identify()
  scene.identify({ localPort: 81 })
  scene.identify({ localAddress: "192.0.2.3" })
  scene.identify({ remotePort: 40_001 })
  expect(new Set(scene.keys).size).toBe(4)
})

test("its address, port and scheme become header lines, anew when one changes", () => {
  const scene = new Scene()
  const lines = (facts: ClientFacts): string => latin1(facts.forwarded)
  const expected = (address: string, port: string, scheme: string): string =>
    `X-Forwarded-For: ${address}\r\nX-Forwarded-Port: ${port}\r\nX-Forwarded-Proto: ${scheme}\r\n`
  expect(lines(scene.identify())).toBe(expected("192.0.2.1", "80", "http"))
  expect(lines(scene.identify({}, "https", "443"))).toBe(expected("192.0.2.1", "443", "https"))
  const six = { remoteAddress: "2001:db8::1", localAddress: "2001:db8::2" }
  expect(lines(scene.identify(six))).toBe(expected("2001:db8::1", "80", "http"))
  expect(scene.identifier.family).toBe(6)
})

test("a unix socket has no address and is not looked up", () => {
  const scene = new Scene()
  scene.identify()
  const facts = scene.identify({ remoteAddress: "" })
  expect([latin1(facts.address), scene.identifier.family, scene.keys.length]).toEqual(["unknown", 0, 1])
})

test("trusted peers", () => {
  const scene = new Scene('[proxy]\ntrusted = ["192.0.2.0/24"]\n')
  expect(scene.identify().isTrusted).toBe(true)
  expect(scene.identify({ remoteAddress: "198.51.100.1" }).isTrusted).toBe(false)
})

test("behind a load balancer the PROXY header says who the client is; nothing is looked up", () => {
  const scene = new Scene()
  const header = new ProxyHeader()
  const identify = (): ClientFacts =>
    scene.identifier.identifyProxied(
      header,
      new FakeSocket().socket,
      scene.generation,
      bytesOf("https"),
      bytesOf("80"),
      new HeaderLines()
    )
  header.family = 0
  const ends = ({ address, port }: ClientFacts) => [latin1(address), latin1(port)]
  expect(ends(identify())).toEqual(["192.0.2.1", "80"])
  header.family = 4
  header.client.fill(0)
  header.client.set([198, 51, 100, 9])
  header.serverPort = 443
  expect(ends(identify())).toEqual(["198.51.100.9", "443"])
  expect(latin1(identify().fingerprintHeaders)).toContain("via_proxy")
  expect(scene.keys).toEqual([])
})
