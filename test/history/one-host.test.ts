/**
 * One kernel and 1,000 connections, captured by tcpdump on a veth pair: modern mode sees one system without an uptime, where p0f takes
 * its random ports and timestamps for other hosts. And three stacks behind one address, which p0f must not be better at.
 */
import { expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { captureOf, readOneAddress, sharedFile, threeStacks } from "@synprint/core/testing"
import { connect, makeNamespace } from "../lib/netns.ts"
import { run, start } from "../lib/process.ts"
import { countPending, drained } from "../lib/sniffer.ts"
import { requires, testWith } from "../lib/requires.ts"

const CONNECTIONS = 1000
const PORTS = 4

/** A program that opens the connections, one after the other to each port in turn, and fails with the first that is refused. */
const generator = (host: string, ports: ReadonlyArray<number>): string => `
  for (let n = 0; n < ${CONNECTIONS}; n++) {
    const closed = Promise.withResolvers()
    const port = ${JSON.stringify(ports)}[n % ${PORTS}]
    const socket = await Bun.connect({ hostname: "${host}", port, socket: { data() {}, close: closed.resolve } })
    socket.end()
    await closed.promise
    await Bun.sleep(3)
  }
`

const QUIET = { hostChanges: 0, ipSharings: 0, uptimes: 0, sharedScore: 0, nat: false }
const CLIENT = "198.51.100.7"

testWith(
  [requires.netns, requires.binaries("tcpdump", "p0f")],
  "1,000 connections of this kernel, IPv4 and IPv6",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "synprint-one-host-"))
    try {
      await using client = await makeNamespace()
      await using link = await connect(undefined, client)
      for (const [ver, host, from] of [
        [4, link.here.ipv4, link.there.ipv4],
        [6, link.here.ipv6, link.there.ipv6]
      ] as const) {
        // Several, since Linux counts ports upwards by destination.
        using servers = new DisposableStack()
        const ports = Array.from(
          { length: PORTS },
          () => servers.use(Bun.listen({ hostname: host, port: 0, socket: { data() {} } })).port
        )
        const capture = join(directory, `${ver}.pcap`)
        const words = [
          "tcpdump",
          "-Z",
          "root",
          "-i",
          link.here.interface,
          "--immediate-mode",
          "-B",
          "16384",
          "-s",
          "256"
        ]
        const tcpdump = start([...words, "-U", "-w", capture, "tcp"])
        await using _ = tcpdump
        while (!tcpdump.complaint().includes("listening on")) await Bun.sleep(20)
        const ask = (): void => void process.kill(tcpdump.pid, "SIGUSR1")
        const early = await countPending(ask, tcpdump.complaint)
        await run([...client.inside, process.execPath, "-e", generator(host, ports)])
        await drained(ask, tcpdump.complaint, early)
        await tcpdump.stop("SIGINT")
        const bytes = readFileSync(capture)
        expect(readOneAddress(bytes, from)).toEqual({ connections: CONNECTIONS, ...QUIET })
        const log = join(directory, `${ver}.log`)
        await run(["p0f", "-r", capture, "-o", log])
        const invented = readFileSync(log, "latin1").match(/mod=(host change|ip sharing|uptime)\|/g)?.length ?? 0
        console.log(`IPv${ver}: p0f invents ${invented} host changes, shared addresses and uptimes; synprint none`)
        expect(invented).toBeGreaterThan(0)
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
  180_000
)

const same = sharedFile("data/groundtruth/same-host-12-connections.pcap")
test.skipIf(same === undefined)("12 connections of one host, in which p0f sees another", () => {
  expect(readOneAddress(readFileSync(same!), "10.77.0.1")).toEqual({ connections: 12, ...QUIET })
  expect(readFileSync(`${same!}.p0f.log`, "latin1")).toContain("mod=host change|")
})

test("three stacks behind one address, or in one /64", () => {
  for (const [client, addressOf] of [
    [CLIENT, () => CLIENT],
    ["2001:db8:1:2::1", (at: number) => `2001:db8:1:2::${(at + 1).toString(16)}`]
  ] as const) {
    for (const rounds of [1, 2, 10]) {
      const seen = readOneAddress(captureOf(threeStacks(rounds, addressOf)), client)
      expect(seen).toMatchObject({ connections: 3 * rounds, nat: true, ipSharings: 1, hostChanges: 2, uptimes: 0 })
      expect(seen.sharedScore).toBeGreaterThanOrEqual(rounds === 1 ? 50 : 90)
    }
  }
})
