/** The SPOP listener over real sockets, with answers that name the client port. */
import { FIELDS } from "@synprint/core"
import { prefixes } from "@synprint/core/testing"
import { Agent, type AgentServerOptions, Counters, VariableWriter, serveAgent } from "@synprint/spoa"
import { type Message, lookupOf, connectionArguments, opened, testFingerprint } from "@synprint/spoa/testing"

export const LOOPBACK = { kind: "tcp", host: "127.0.0.1", port: 0 } as const
export const FILE = { mode: 0o660, owner: "", group: "" }
export const SYN = Uint8Array.from(
  Buffer.from(
    "4500003c613940004006db807f0000017f00000196666db00595a17100000000a002ffd7fe3000000204ffd70402080add89a778000000000103030a",
    "hex"
  )
)

/** An agent whose answers name the client port in `sig`, so that a swapped answer shows. */
export async function start(different: Partial<AgentServerOptions> = {}) {
  const counters = new Counters()
  const asked: Array<{ port: number; syn: number }> = []
  const lookup = lookupOf(({ key, savedSyn }, into) => {
    const port = (key[4]! << 8) | key[5]!
    asked.push({ port, syn: savedSyn?.length ?? -1 })
    into.status = "ok"
    into.fingerprint = testFingerprint({ rawSignature: `port ${port}`, os: "Linux 5.x" })
  })
  const agent = new Agent(
    { lookup, variables: new VariableWriter(FIELDS.map(({ name }) => name)), key: "connection", http: undefined },
    counters
  )
  const server = await opened(
    serveAgent({
      listen: [LOOPBACK],
      file: FILE,
      allow: prefixes(),
      maxFrameSize: 16380,
      pipelining: true,
      shutdownMs: 1000,
      handler: agent,
      counters,
      ...different
    })
  )
  const [first] = server.value
  const to =
    first!.kind === "tcp"
      ? { host: first!.host === "0.0.0.0" ? "127.0.0.1" : first!.host, port: first!.port }
      : { path: first!.path }
  return { counters, asked, to, close: server.close, [Symbol.asyncDispose]: server[Symbol.asyncDispose] }
}

export const ask = (port: number, syn?: Uint8Array): ReadonlyArray<Message> => [
  {
    name: "p0f-msg",
    args: [
      ...connectionArguments("127.0.0.1", port, "127.0.0.1", 28080),
      ["syn", syn === undefined ? { t: "null" } : { t: "binary", v: syn }]
    ]
  }
]

export async function eventually(what: string, isTrue: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await Bun.sleep(5)
  }
}
