/**
 * A front end of the timing tests in a namespace of its own, the application behind it, and the ways to it:
 *
 * ```
 *   near ──veth── server          clients and relays; relays listen on 127.0.0.1 and hold bytes back (relay-process.ts)
 *   far  ──TUN─── server          the same behind a path of 100 ms there and back (lib/delay.c): slow, but direct
 * ```
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { startAgent } from "../lib/agent.ts"
import { compileC } from "../lib/compile.ts"
import { SERVER_PRIORITY, startHaproxy } from "../lib/haproxy.ts"
import { waitListening } from "../lib/listening.ts"
import { connect, makeNamespace, type Namespace } from "../lib/netns.ts"
import { run, start } from "../lib/process.ts"
import { selfSigned } from "../proxy/certificates.ts"
import { startProxyProcess } from "../proxy/proxy-process.ts"

/** One way, microseconds: half a round trip, and how much longer a packet may take. */
const FAR_US = 50_000
const FAR_JITTER_US = 5000
/** Port of each relay, by the milliseconds that it holds bytes back each way. */
export const RELAY_PORTS: Readonly<Record<number, number>> = { 20: 3020, 50: 3050, 100: 3100 }

/** Headers that the application received with one request. */
export interface ReceivedHeaders {
  readonly path: string
  readonly "x-tcp-status": string | null
  /** Microseconds. */
  readonly "x-tcp-rtt": string | null
  readonly "x-tls-chello-delay": string | null
  readonly "x-tls-rtt": string | null
  readonly "x-tcp-hints": string | null
}

export interface Side {
  readonly inside: ReadonlyArray<string>
  /** The front end's address as this side sees it. */
  readonly host: string
}

export interface FrontEnd extends AsyncDisposable {
  readonly directory: string
  readonly near: Side
  readonly far: Side
  /** Header lines that the application got under a path, so far. */
  readonly received: (kind: string) => ReadonlyArray<ReceivedHeaders>
  readonly log: () => string
}

const HEADERS: ReadonlyArray<readonly [name: string, variable: string]> = [
  ["x-tcp-rtt", "rtt"],
  ["x-tls-chello-delay", "chello_delay"],
  ["x-tls-rtt", "tls_rtt"],
  ["x-tcp-hints", "hints"]
]

export type FrontEndName = "proxy" | "haproxy"

export async function openFrontEnd(name: FrontEndName, binary?: string): Promise<FrontEnd> {
  const owned = new AsyncDisposableStack()
  try {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "synprint-"))
    owned.defer(() => fs.rmSync(directory, { recursive: true, force: true }))
    fs.chmodSync(directory, 0o755)
    const [server, near, far] = [
      owned.use(await makeNamespace()),
      owned.use(await makeNamespace()),
      owned.use(await makeNamespace())
    ]
    const link = owned.use(await connect(server, near))
    const farHost = await joinFar(owned, directory, server, far)
    const { inside } = server
    const { certificate, key } = await selfSigned(directory, "site.test")

    const application = owned.use(
      start([...inside, ...SERVER_PRIORITY, process.execPath, `${import.meta.dir}/application-process.ts`, "8080"])
    )
    let log: () => string
    if (name === "proxy") {
      const proxy = await startProxyProcess(
        `[proxy]
         listen = ["0.0.0.0:80"]
         workers = 1
         [proxy.tls]
         listen = ["0.0.0.0:443"]
         [[proxy.tls.certificates]]
         certificate = "${certificate}"
         key = "${key}"
         [[routes]]
         upstream = "http://127.0.0.1:8080"
         force_new_connection = true`,
        directory,
        [...inside, ...SERVER_PRIORITY]
      )
      owned.defer(async () => void (await proxy.stop()))
      await waitListening(proxy.child, [443], proxy.log)
      log = proxy.log
    } else {
      const agent = owned.use(
        await startAgent({ directory, inside, config: `[spoa]\nvariables = ${JSON.stringify(VARIABLES)}\n` })
      )
      fs.writeFileSync(`${directory}/site.pem`, fs.readFileSync(certificate, "utf8") + fs.readFileSync(key, "utf8"))
      const set = HEADERS.map(
        ([header, variable]) =>
          `    http-request set-header ${header} %[var(sess.synprint.${variable})] if { var(sess.synprint.${variable}) -m found }\n`
      ).join("")
      const haproxy = owned.use(
        await startHaproxy({
          example: "haproxy.cfg",
          directory,
          inside,
          ...(binary === undefined ? {} : { binary }),
          replace: [
            ["    # bind 0.0.0.0:443", "    bind 0.0.0.0:443"],
            ["    # tcp-request", "    tcp-request"],
            ["    # http-request set-var(sess.", "    http-request set-var(sess."],
            ["    messages synprint-conn\n    # messages", "    messages"],
            ["    option httplog\n", "    option httplog\n    option httpclose\n"],
            ["    default_backend be_app\n", `${set}    default_backend be_app\n`]
          ]
        })
      )
      log = () => `${agent.log()}\n${haproxy.log().join("\n")}`
    }
    const relays = Object.entries(RELAY_PORTS).map(([hold, port]) => `${port}=${hold}`)
    for (const [{ inside }, host] of [
      [near, link.here.ipv4],
      [far, farHost]
    ] as const) {
      const words = [process.execPath, `${import.meta.dir}/relay-process.ts`, host, ...relays]
      await owned.use(start([...inside, ...words])).line(/^ready$/)
    }
    return {
      directory,
      near: { inside: near.inside, host: link.here.ipv4 },
      far: { inside: far.inside, host: farHost },
      received: (kind) =>
        application
          .output()
          .split("\n")
          .filter((line) => line.startsWith(`{"path":"/${kind}/`) && line.endsWith("}"))
          .map((line) => JSON.parse(line) as ReceivedHeaders),
      log,
      [Symbol.asyncDispose]: () => owned.disposeAsync()
    }
  } catch (error) {
    await owned.disposeAsync()
    throw error
  }
}

const VARIABLES = HEADERS.map(([, variable]) => variable)

/** The slow path; gives the server's address on it. */
async function joinFar(
  owned: AsyncDisposableStack,
  directory: string,
  server: Namespace,
  far: Namespace
): Promise<string> {
  const program = await compileC("delay.c", directory)
  const words = [server.name, "far0", far.name, "far0", String(FAR_US), String(FAR_JITTER_US)]
  await owned.use(start([program, ...words])).line(/^ready$/)
  const addresses = [
    [server, "10.62.0.1"],
    [far, "10.62.0.2"]
  ] as const
  for (const [{ inside }, address] of addresses) {
    await run([...inside, "ip", "addr", "add", `${address}/30`, "dev", "far0"])
    await run([...inside, "ip", "link", "set", "far0", "mtu", "1500", "up"])
  }
  return addresses[0][1]
}
