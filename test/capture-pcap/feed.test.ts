/** The packet feed of p0f mode: the whole TCP traffic in order, beside lookups that find their SYNs. */
import { describe, expect } from "bun:test"
import { Packet, TCP_ACK, TCP_SYN } from "@synprint/core"
import { decodeFrame } from "@synprint/core/testing"
import { clientLinks } from "../lib/links.ts"
import { run } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { captureOptions, listen, tally } from "../lib/capture.ts"
import { connections } from "../lib/connections.ts"
import { until } from "../lib/until.ts"
import { withCapture } from "./harness.ts"

const NEEDS = [requires.netns, requires.binaries("curl")]
const { client, one, two } = await clientLinks(NEEDS)

describe("feed", () => {
  testWith(NEEDS, "SYN, SYN+ACK, ACK and the request, oldest first over two interfaces", () =>
    withCapture(captureOptions([one.here.interface, two.here.interface], { feed: true }), async (capture) => {
      const packet = new Packet()
      const seen: Array<{ readonly type: number; readonly at: number; readonly text: string; readonly link: number }> =
        []
      capture.packets!.subscribe(({ bytes, at, captured, wire, linkType, sec, usec }) => {
        if (decodeFrame(bytes, at, captured, wire, linkType, packet) !== 0) return
        const text = Buffer.from(bytes.subarray(packet.payload, packet.payload + packet.payloadCaptured)).toString()
        seen.push({ type: packet.type, at: sec * 1e6 + usec, text, link: linkType })
      })
      const server = Bun.serve({ hostname: "::", port: 0, fetch: () => new Response("ok") })
      await run([...client.inside, "curl", "-sf", "-A", "probe/1", `http://${one.here.ipv4}:${server.port}/a`])
      await run([...client.inside, "curl", "-gsf", "-A", "probe/2", `http://[${two.here.ipv6}]:${server.port}/b`])
      await server.stop(true)
      capture.packets!.drain()
      const types = seen.map(({ type }) => type)
      expect(types.filter((type) => type === TCP_SYN).length).toBe(2)
      expect(types.filter((type) => type === (TCP_SYN | TCP_ACK)).length).toBe(2)
      expect(types.slice(0, 3)).toEqual([TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK])
      const requests = seen.map(({ text }) => text).filter((text) => text.startsWith("GET "))
      expect(requests.map((text) => /User-Agent: (.*)\r/.exec(text)?.[1])).toEqual(["probe/1", "probe/2"])
      expect(seen.map(({ at }) => at)).toEqual(seen.map(({ at }) => at).toSorted((a, b) => a - b))
      await until(() => capture.stats()["syns"] === 2, "the SYNs are stored too")
      expect(capture.stats()["feed_kernel_drops"]).toBe(0)
    })
  )

  testWith(NEEDS, "comes by the timer too, and lookups find what they ask for", () =>
    withCapture(captureOptions([one.here.interface], { feed: true }), async (capture) => {
      let packets = 0
      capture.packets!.subscribe(() => void packets++)
      using server = listen(capture)
      await connections(one.there, one.here.ipv4, server.port, 50)
      expect(tally(server.take())).toEqual({ hit: 50 })
      await until(() => packets >= 50 * 6, "handshakes and ends of all are delivered")
    })
  )
})
