/** The start-up test finds nothing wrong with this Bun, and each thing that another might do otherwise. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { readSavedSyn } from "../../packages/linux/src/saved-syn.ts"
import { type Finding, selfTest, type Tested } from "../../packages/proxy/src/worker/self-test.ts"
import { SYNPRINT } from "../lib/agent.ts"
import { requires, testWith } from "../lib/requires.ts"
import { selfSigned } from "./certificates.ts"
import { makeDirectory } from "./proxy-process.ts"

const NEEDS = [requires.binaries("openssl")]
const directory = makeDirectory()
let tls: { readonly cert: Buffer; readonly key: Buffer } | undefined
beforeAll(async () => {
  if (NEEDS[0]!.missing !== undefined) return
  const pair = await selfSigned(directory.path, "a.test")
  tls = { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) }
})
afterAll(() => directory.remove())

const REAL: Tested = { listen: Bun.listen, connect: Bun.connect, readSyn: readSavedSyn, isOptimising: () => true }

type Options = Record<string, unknown> & { readonly socket: Record<string, unknown> }
/** A Bun.listen whose options are changed. */
const listening = (change: (options: Options) => Options): Pick<Tested, "listen"> => ({
  listen: ((options: Options) => Bun.listen(change(options) as never)) as unknown as typeof Bun.listen
})

testWith(NEEDS, "this Bun passes, with TLS and without, in little time", async () => {
  const took: Array<number> = []
  for (let round = 0; round < 5; round++) {
    const from = performance.now()
    expect(await selfTest(undefined)).toEqual([])
    expect(await selfTest(tls)).toEqual([])
    took.push(performance.now() - from)
  }
  // The quickest: a machine that is busy otherwise is no fault of it.
  expect(Math.min(...took)).toBeLessThan(1000)
})

const CASES: ReadonlyArray<readonly [what: string, Partial<Tested>, Finding["level"], message: string]> = [
  ["no optimising JIT", { isOptimising: () => false }, "warn", "the optimising JIT is off"],
  [
    "Bun.listen that takes no descriptor",
    listening(({ fd: _fd, ...options }) => ({ ...options, hostname: "127.0.0.1", port: 0 })),
    "error",
    "does not accept from a descriptor"
  ],
  [
    "sockets without a descriptor",
    listening((options) => ({
      ...options,
      socket: { ...options.socket, open: () => (options.socket["open"] as (socket: object) => void)({}) }
    })),
    "warn",
    "an accepted socket has no descriptor"
  ],
  ["a SYN that can't be read", { readSyn: () => undefined }, "warn", "the SYN of an accepted socket can't be read"],
  [
    "TLS without SNI",
    listening((options) => ({ ...options, socket: { ...options.socket, serverName: undefined } })),
    "error",
    "does not ask for the certificate of a name"
  ],
  [
    "SNI without a socket",
    listening((options) => {
      const serverName = options.socket["serverName"] as ((listener: unknown, name: string) => void) | undefined
      return {
        ...options,
        socket: { ...options.socket, serverName: (_: unknown, name: string) => serverName?.(_, name) }
      }
    }),
    "warn",
    "does not say which socket"
  ],
  [
    "`open` behind the handshake, as without a handshake handler",
    listening((options) => ({ ...options, socket: { ...options.socket, handshake: undefined } })),
    "error",
    "runs behind the handshake"
  ]
]
for (const [what, changed, level, message] of CASES)
  testWith(NEEDS, `${what} is found`, async () => {
    const findings = await selfTest(tls, { ...REAL, ...changed })
    expect(findings.map((finding) => finding.level)).toEqual([level])
    expect(findings[0]!.message).toContain(message)
  })

test("a listener whose stop ends its connections is found", async () => {
  const listen = ((options: never) => {
    const listener = Bun.listen<undefined>(options)
    return { stop: () => listener.stop(true) }
  }) as unknown as typeof Bun.listen
  const findings = await selfTest(undefined, { ...REAL, listen })
  expect(findings.map(({ message }) => message.includes("takes its connections"))).toEqual([true])
})

test("without the JIT the proxy says what to do", async () => {
  const child = Bun.spawn([...SYNPRINT, "proxy", "--listen", "127.0.0.1:0"], {
    stderr: "pipe",
    env: { ...process.env, BUN_JSC_useJIT: "0" }
  })
  const text = await new Response(child.stderr).text()
  expect([await child.exited, text.includes("remove BUN_JSC_useJIT"), text.includes("    at ")]).toEqual([
    1,
    true,
    false
  ])
})
