/**
 * Hints with Debian's HAProxy: the User-Agent of a connection's first request against the SYN that the client's kernel sent.
 */
import { expect } from "bun:test"
import * as fs from "node:fs"
import { testWith } from "../lib/requires.ts"
import { needs, openSite } from "../lib/site.ts"
import { countValues } from "../lib/expected.ts"

const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
const WINDOWS = `User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}`
const LINUX = `User-Agent: Mozilla/5.0 (X11; Linux x86_64) ${CHROME}`

/** The line that the examples give for it. */
const WITH_REQUEST = [["syn=var(sess.syn)\n", "syn=var(sess.syn) ua=req.fhdr(user-agent) hdrs=req.hdrs\n"]] as const

const variables = (more = ""): string =>
  `[spoa]\nvariables = ["status", "done", "os", "sig", "hints"]\n[admin]\nlisten = []\n${more}`

testWith(
  needs(),
  "Windows on this Linux is a mismatch on both families, Linux and a tool are none; forged hints are gone",
  async () => {
    await using site = await openSite()
    await site.agent(variables())
    await site.haproxy({ example: "haproxy.cfg", replace: WITH_REQUEST })
    for (const host of [site.server.ipv4, site.server.ipv6]) {
      const seen = async (...headers: ReadonlyArray<string>) => {
        const result = await site.load({
          host,
          connections: 20,
          requests: 3,
          headers: ["X_TCP_Hints: none", ...headers]
        })
        expect(countValues(result, "x-tcp-status")).toEqual({ ok: 60 })
        return Object.entries(countValues(result, "x-tcp-hints"))
      }
      const [[hints, count] = []] = await seen(WINDOWS)
      expect(hints).toMatch(/^ua-mismatch;q=0\.\d+;reason="windows ua, linux stack"$/)
      expect(count).toBe(60)
      expect(await seen(LINUX)).toEqual([["absent", 60]])
      expect(await seen("User-Agent: curl/8.11.1")).toEqual([["absent", 60]])
      expect(await seen()).toEqual([["absent", 60]])
      expect(await seen(LINUX, 'Sec-CH-UA-Platform: "Windows"')).toEqual([
        ['ua-mismatch;q=0.5;reason="linux ua, windows client hint"', 60]
      ])
    }
  },
  60_000
)

testWith(
  needs(),
  "a network that the operator names is told nothing of; a reload takes the carve-out away",
  async () => {
    await using site = await openSite()
    const config = (relay: string): string => variables(`[hints]\nrelays = ["${relay}/32"]\n`)
    const agent = await site.agent(config(site.client.ipv4))
    await site.haproxy({ example: "haproxy.cfg", replace: WITH_REQUEST })
    const hints = async (host: string) => {
      const result = await site.load({ host, connections: 10, headers: [WINDOWS] })
      return Object.keys(countValues(result, "x-tcp-hints"))
    }
    expect(await hints(site.server.ipv4)).toEqual(["absent"])
    expect(await hints(site.server.ipv6)).toEqual([expect.stringContaining("ua-mismatch")])
    fs.writeFileSync(agent.config, config("192.0.2.1"))
    const deadline = performance.now() + 30_000
    let seen = await hints(site.server.ipv4)
    while (seen[0] === "absent" && performance.now() < deadline) {
      // oxlint-disable-next-line no-await-in-loop -- it waits
      await Bun.sleep(100)
      // oxlint-disable-next-line no-await-in-loop -- it waits
      seen = await hints(site.server.ipv4)
    }
    expect(seen).toEqual([expect.stringContaining("ua-mismatch")])
  },
  60_000
)
