/**
 * Our p0f socket beside Debian's p0f, both on the same interface at the same time: every byte of every reply is the same, and a client
 * written for p0f (npm haraka-plugin-p0f) works with ours.
 */
import { expect } from "bun:test"
import * as fs from "node:fs"
import * as net from "node:net"
import { sharedFile } from "@synprint/core/testing"
import { P0FClient } from "haraka-plugin-p0f"
import { run } from "../lib/process.ts"
import { needs, openSite, type HaproxySite } from "../lib/site.ts"
import { testWith } from "../lib/requires.ts"

const NEEDS = needs("p0f", "tcpreplay")

const VECTORS = sharedFile("vectors/p0f/api")
const REPLY_BYTES = 232
/** Magic and status of a reply about a host that is known. */
const STATUS_OK = "0246305010000000"

const config = (site: HaproxySite) => `
[capture]
backend = "pcap"
interface = ["${site.server.interface}"]
[fingerprint]
mode = "p0f"
databases = ["/etc/p0f/p0f.fp"]
[p0f_api]
socket = "${site.directory}/synprint.sock"
`

/** p0f and our agent in the server's namespace, both listening. */
async function startBoth(site: HaproxySite) {
  const agent = await site.agent(config(site))
  const words = ["p0f", "-i", site.server.interface, "-s", `${site.directory}/p0f.sock`, "-S", "50"]
  const p0f = Bun.spawn([...site.server.inside, ...words], { stdout: "ignore", stderr: "ignore" })
  const stop = async () => {
    p0f.kill("SIGKILL")
    await p0f.exited
    await agent.stop()
  }
  for (let waited = 0; waited < 1000; waited++) {
    if (fs.existsSync(`${site.directory}/p0f.sock`) && fs.existsSync(`${site.directory}/synprint.sock`)) return { stop }
    await Bun.sleep(20)
  }
  await stop()
  throw new Error(`a socket is missing in ${fs.readdirSync(site.directory)}`)
}

/** 21 bytes: magic, 4 or 6, address in 16 bytes. */
function encodeQuery(address: string): Buffer {
  const query = Buffer.alloc(21)
  query.writeUInt32LE(0x50304601, 0)
  query[4] = address.includes(":") ? 6 : 4
  if (address.includes(":")) {
    const [head, tail = ""] = address.split("::")
    const before = head!.split(":").filter(Boolean)
    const after = tail.split(":").filter(Boolean)
    const groups = address.includes("::")
      ? [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after]
      : before
    groups.forEach((group, i) => query.writeUInt16BE(Number.parseInt(group, 16), 5 + 2 * i))
  } else address.split(".").forEach((part, i) => (query[5 + i] = Number(part)))
  return query
}

/** The replies to all queries, sent at once on one connection, in hex. */
function askAll(socketPath: string, queries: ReadonlyArray<Buffer>): Promise<ReadonlyArray<string>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadonlyArray<string>>()
  let received = Buffer.alloc(0)
  const socket = net.createConnection(socketPath, () => socket.write(Buffer.concat(queries)))
  socket.setTimeout(15_000, () => socket.destroy(new Error(`${socketPath}: ${received.length} bytes, then silence`)))
  socket.on("error", reject)
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    if (received.length < queries.length * REPLY_BYTES) return
    socket.destroy()
    resolve(queries.map((_, i) => received.toString("hex", i * REPLY_BYTES, (i + 1) * REPLY_BYTES)))
  })
  return promise
}

/** Both see the packets behind the kernel, each in its own time: asked until they say the same, for 3 s at most. */
async function askBoth({ directory }: HaproxySite, queries: ReadonlyArray<Buffer>) {
  const deadline = performance.now() + 3000
  await Bun.sleep(300)
  for (;;) {
    const theirs = await askAll(`${directory}/p0f.sock`, queries)
    const ours = await askAll(`${directory}/synprint.sock`, queries)
    if (performance.now() > deadline || ours.every((reply, i) => reply === theirs[i])) return { ours, theirs }
    await Bun.sleep(100)
  }
}

/** Gives the replies. */
async function compareReplies(site: HaproxySite, addresses: ReadonlyArray<string>): Promise<ReadonlyArray<string>> {
  const { ours, theirs } = await askBoth(site, addresses.map(encodeQuery))
  expect(addresses.map((address, i) => `${address} ${ours[i]}`)).toEqual(
    addresses.map((address, i) => `${address} ${theirs[i]}`)
  )
  return ours
}

testWith(
  NEEDS,
  "real clients: p0f and we answer with the same bytes; haraka-plugin-p0f reads ours",
  async () => {
    await using site = await openSite()
    const both = await startBoth(site)
    try {
      await site.haproxy({ example: "haproxy.cfg" })
      const headers = [
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
        "Accept-Language: de"
      ]
      for (const host of [site.server.ipv4, site.server.ipv6]) {
        await site.load({ host, connections: 5, requests: 2, headers })
        await site.load({ host, ttl: 128, mss: 1300, headers })
      }
      const mapped = `::ffff:${Buffer.from(site.client.ipv4.split(".").map(Number))
        .toString("hex")
        .replace(/(?=.{4}$)/, ":")}`
      const replies = await compareReplies(site, [
        site.client.ipv4,
        site.client.ipv6,
        site.server.ipv4,
        site.server.ipv6,
        "192.0.2.1",
        mapped
      ])
      expect(replies.map((reply) => reply.startsWith(STATUS_OK))).toEqual([true, true, true, true, false, false])

      const client = new P0FClient(`${site.directory}/synprint.sock`)
      const ask = (address: string) =>
        new Promise<Record<string, unknown> | null>((resolve, reject) =>
          client.query(address, (error, reply) => (error ? reject(error) : resolve(reply)))
        )
      const [known, unknown] = await Promise.all([ask(site.client.ipv4), ask("192.0.2.1")])
      client.sock.destroy()
      client.shutdown()
      expect(unknown).toBeNull()
      expect(known).toMatchObject({
        query: site.client.ipv4,
        os_name: "Linux",
        link_type: expect.any(String),
        language: "German"
      })
      expect(known!["total_conn"]).toBe(6)
    } finally {
      await both.stop()
    }
  },
  120_000
)

/** Bytes that hold times: first_seen, last_seen; uptime_min to last_chg. */
const TIMES = [
  [8, 16],
  [20, 36]
] as const

function withoutTimes(reply: string): string {
  const bytes = Buffer.from(reply, "hex")
  for (const [from, to] of TIMES) bytes.fill(0, from, to)
  return bytes.toString("hex")
}

interface Stored {
  readonly ip: string
  readonly hex: string
}

/** Replays a capture to fresh processes; gives each host whose replies differ. */
async function replay(capture: string, then: ReadonlyArray<Stored>): Promise<ReadonlyArray<string>> {
  await using site = await openSite()
  const both = await startBoth(site)
  try {
    await run([...site.client.inside, "tcpreplay", "-q", "-i", site.client.interface, capture])
    const { ours, theirs } = await askBoth(
      site,
      then.map(({ ip }) => encodeQuery(ip))
    )
    expect(ours.filter((reply) => reply.startsWith(STATUS_OK)).length).toBeGreaterThan(0)
    return then.flatMap(({ ip, hex }, i) => [
      ...(ours[i] === theirs[i] ? [] : [`${ip}: ours ${ours[i]}, p0f's ${theirs[i]}`]),
      ...(withoutTimes(ours[i]!) === withoutTimes(hex) ? [] : [`${ip}: ours ${ours[i]}, stored ${hex}`])
    ])
  } finally {
    await both.stop()
  }
}

/** tcpreplay keeps time badly and p0f's ring is small when the machine is busy: such a round is run again. */
const ROUNDS = 5

if (VECTORS !== undefined)
  for (const file of fs.readdirSync(VECTORS).filter((name) => name.endsWith(".pcap")))
    testWith(
      NEEDS,
      `${file} of the shared vectors, replayed over veth: the same bytes as p0f beside us and, but for times, as p0f then`,
      async () => {
        const json = fs.readFileSync(`${VECTORS}/${file.replace(".pcap", ".json")}`, "utf8")
        const then = JSON.parse(json) as ReadonlyArray<Stored>
        let differing = await replay(`${VECTORS}/${file}`, then)
        for (let round = 1; round < ROUNDS && differing.length > 0; round++) {
          console.log(`${file}: ${differing.length} replies differ in a disturbed round:\n${differing.join("\n")}`)
          differing = await replay(`${VECTORS}/${file}`, then)
        }
        expect(differing).toEqual([])
      },
      120_000
    )
