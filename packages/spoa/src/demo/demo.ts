/**
 * The demo: HAProxy with the example files, the agent and an application in a network namespace made for it, a client in a second
 * one over a veth pair (MTU 1500), and the headers that the application received.
 *
 *   client 10.77.0.2, fd77::2 ── veth ── 10.77.0.1, fd77::1 :80 HAProxy ── application
 *                                                               └── synprint spoa 127.0.0.1:9000
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { serveApplication } from "./application.ts"
import { DemoError } from "./error.ts"
import { type Namespaces, openNamespaces } from "./namespaces.ts"
import { type Program, runProgram, startProgram, waitListening } from "./program.ts"
import { type Conversation, printReport } from "./report.ts"

export { DemoError } from "./error.ts"

const EXAMPLES = path.resolve(import.meta.dir, "../../../../examples/haproxy")
const CLIENT = `${import.meta.dir}/client.ts`
const AGENT_PORT = 9000
const SERVER_PORT = 80
const ADDRESSES = { server: ["10.77.0.1", "fd77::1"], client: ["10.77.0.2", "fd77::2"] } as const

export interface DemoOptions {
  /** Command words that start synprint's own command line: the runtime and its main file. */
  readonly synprint: ReadonlyArray<string>
}

/** Shows the headers for IPv4 and IPv6. Fails with a `DemoError` that says what to do; leaves nothing behind in either case. */
export const demo = (options: DemoOptions): Effect.Effect<void, DemoError> => Effect.scoped(show(options))

const show = Effect.fnUntraced(function* (options: DemoOptions): Effect.fn.Return<void, DemoError, Scope.Scope> {
  const haproxy = yield* findProgram("haproxy", "haproxy")
  for (const [name, debianPackage] of [
    ["ip", "iproute2"],
    ["unshare", "util-linux"],
    ["nsenter", "util-linux"]
  ] as const)
    yield* findProgram(name, debianPackage)
  const version = /version (\S+)/.exec(yield* runProgram([haproxy, "-v"]))?.[1] ?? "?"

  const directory = yield* temporaryDirectory
  const namespaces = yield* openNamespaces(ADDRESSES)
  const socket = `${directory}/application.sock`
  yield* serveApplication(socket)
  const config = yield* writeExample(directory, socket)

  const agent = yield* startProgram([...namespaces.server, ...options.synprint, "spoa"], "the agent", {
    cwd: directory
  })
  yield* waitListening(agent, AGENT_PORT)
  const proxy = yield* startProgram([...namespaces.server, haproxy, "-db", "-f", config], "HAProxy")
  yield* waitListening(proxy, SERVER_PORT)

  const conversations: Array<Conversation> = []
  for (const address of ADDRESSES.server) conversations.push(yield* ask(namespaces, address))
  yield* Console.log(
    printReport(conversations, { haproxy: version, clients: ADDRESSES.client, server: ADDRESSES.server })
  )
  yield* judge(conversations, agent)
})

/** Two requests on one connection; the client also claims to be something, as a client could. */
const ask = Effect.fnUntraced(function* (namespaces: Namespaces, address: string) {
  const output = yield* runProgram([...namespaces.client, process.execPath, CLIENT, address, String(SERVER_PORT)])
  const requests = output
    .trimEnd()
    .split("\n\n")
    .map((head) => head.split("\n").slice(1))
  return { address, requests }
})

/** The demo shows that it works, so it fails when a request arrived without an answer. */
const judge = (conversations: ReadonlyArray<Conversation>, agent: Program): Effect.Effect<void, DemoError> => {
  const bad = conversations.find((each) => each.requests.some((lines) => !lines.includes("x-tcp-status: ok")))
  return bad === undefined
    ? Effect.void
    : Effect.fail(
        new DemoError({
          attempted: `show the headers of a request to ${bad.address}`,
          reason: "the application received one without x-tcp-status: ok",
          hint: `see the agent's log:\n${agent.complaint()}`
        })
      )
}

/** The example that loads on every version, with its paths in our directory. */
const writeExample = (directory: string, socket: string): Effect.Effect<string, DemoError> =>
  Effect.try({
    try: () => {
      for (const file of ["haproxy.cfg", "synprint.spop"]) {
        const text = fs.readFileSync(`${EXAMPLES}/${file}`, "utf8")
        const moved = text
          .replaceAll("/etc/haproxy/", `${directory}/`)
          .replaceAll("/run/haproxy/", `${directory}/`)
          .replaceAll("server app 127.0.0.1:8080", `server app unix@${socket}`)
          // A site wants its requests answered within 20 ms and an agent that fails found out; here it has just started, maybe on a busy machine.
          .replaceAll(/^( +timeout +\w+ +)\d+ms$/gm, (_, timeout: string) => `${timeout}5s`)
        fs.writeFileSync(`${directory}/${file}`, moved)
      }
      return `${directory}/haproxy.cfg`
    },
    catch: (cause) =>
      new DemoError({
        attempted: "copy the HAProxy example",
        reason: String(cause),
        hint: `is ${EXAMPLES} there?`,
        cause
      })
  })

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "synprint-demo-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

const SBIN = "/usr/local/sbin:/usr/sbin:/sbin"

const findProgram = (name: string, debianPackage: string): Effect.Effect<string, DemoError> => {
  // Debian keeps haproxy and ip in /usr/sbin, which is not on every user's PATH.
  const found = Bun.which(name, { PATH: `${process.env["PATH"] ?? ""}:${SBIN}` })
  return found !== null
    ? Effect.succeed(found)
    : Effect.fail(
        new DemoError({
          attempted: `find ${name}`,
          reason: "it is not installed",
          hint: `apt-get install ${debianPackage}`
        })
      )
}
