/**
 * A site for one test: a server namespace and a client namespace joined by a veth pair with IPv4 and IPv6 addresses, the echo
 * application on 127.0.0.1:8080 of the server, and HAProxy and the agent as a test starts them. Everything ends with the site.
 *
 *   client namespace            server namespace
 *   client.ipv4, client.ipv6 ── veth ── server.ipv4, server.ipv6   HAProxy :80 ── agent 127.0.0.1:9000
 *                                                                     └──── echo 127.0.0.1:8080
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { type Agent, type AgentOptions, startAgent } from "./agent.ts"
import { type Load, type LoadResult, runLoad } from "./client.ts"
import { compileC } from "./compile.ts"
import { type Haproxy, type HaproxyOptions, SERVER_PRIORITY, startHaproxy } from "./haproxy.ts"
import { waitListening } from "./listening.ts"
import { connect, type End, makeNamespace } from "./netns.ts"
import { requires } from "./requires.ts"
import { type Sniffer, startSniffer } from "./sniffer.ts"

/** Requirements of every test with a site; `programs` come on top of HAProxy and gcc. */
export const needs = (...programs: ReadonlyArray<string>) => [
  requires.netns,
  requires.binaries("haproxy", "gcc", ...programs)
]

export interface HaproxySite extends AsyncDisposable {
  /** The ends of the veth pair, with the command words that run a program there. */
  readonly server: End
  readonly client: End
  /** Readable by every user. */
  readonly directory: string
  readonly haproxy: (options: Pick<HaproxyOptions, "example" | "replace" | "binary" | "isHasty">) => Promise<Haproxy>
  readonly agent: (config?: string, more?: Partial<AgentOptions>) => Promise<Agent>
  readonly load: (load: Load) => Promise<LoadResult>
  readonly sniff: () => Promise<Sniffer>
}

export async function openSite(): Promise<HaproxySite> {
  const owned = new AsyncDisposableStack()
  try {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "synprint-"))
    owned.defer(() => fs.rmSync(directory, { recursive: true, force: true }))
    fs.chmodSync(directory, 0o755)
    const serverNamespace = owned.use(await makeNamespace())
    const clientNamespace = owned.use(await makeNamespace())
    const link = owned.use(await connect(serverNamespace, clientNamespace))
    const [server, client] = [link.here, link.there]
    const program = await compileC("client.c", directory)
    const echo = Bun.spawn(
      [...server.inside, ...SERVER_PRIORITY, process.execPath, `${import.meta.dir}/echo.ts`, "8080"],
      {
        stdout: "ignore",
        stderr: "inherit"
      }
    )
    owned.defer(async () => {
      echo.kill()
      await echo.exited
    })
    await waitListening(echo, [8080], () => "the echo application does not start")
    const { inside } = server
    return {
      server,
      client,
      directory,
      haproxy: async (options) => owned.use(await startHaproxy({ ...options, directory, inside })),
      agent: async (config, more) =>
        owned.use(await startAgent({ directory, inside, ...(config === undefined ? {} : { config }), ...more })),
      load: (load) => runLoad(program, client.inside, load),
      sniff: async () => owned.use(await startSniffer(inside, server.interface, directory)),
      [Symbol.asyncDispose]: () => owned.disposeAsync()
    }
  } catch (error) {
    await owned.disposeAsync()
    throw error
  }
}
