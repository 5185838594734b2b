/**
 * A site for one test: a server namespace and a client namespace joined by a veth pair with IPv4 and IPv6 addresses, the echo
 * application on 127.0.0.1:8080 of the server, and HAProxy and the agent as a test starts them. Everything ends with the site.
 *
 *   client namespace                      server namespace
 *   client0 10.77.0.2 fd77::2  ── veth ── server0 10.77.0.1 fd77::1   HAProxy :80 ── agent 127.0.0.1:9000
 *                                                                             └──── echo 127.0.0.1:8080
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { type Agent, type AgentOptions, startAgent } from "./agent.ts"
import { type Load, type LoadResult, runLoad } from "./client.ts"
import { compileC } from "./compile.ts"
import { type Haproxy, type HaproxyOptions, startHaproxy } from "./haproxy.ts"
import { waitListening } from "./listening.ts"
import { type Sniffer, startSniffer } from "./sniffer.ts"

export const SERVER4 = "10.77.0.1"
export const SERVER6 = "fd77::1"
export const CLIENT4 = "10.77.0.2"
export const CLIENT6 = "fd77::2"
export const SERVER_INTERFACE = "server0"
export const CLIENT_INTERFACE = "client0"

let count = 0

export interface Site extends AsyncDisposable {
  /** Command words that run a program inside the server's and the client's namespace. */
  readonly server: ReadonlyArray<string>
  readonly client: ReadonlyArray<string>
  readonly directory: string
  readonly haproxy: (options: Pick<HaproxyOptions, "example" | "replace" | "binary">) => Promise<Haproxy>
  readonly agent: (config?: string, more?: Partial<AgentOptions>) => Promise<Agent>
  readonly load: (load: Load) => Promise<LoadResult>
  readonly sniff: () => Promise<Sniffer>
  /** Runs a program to its end in one of the namespaces; rejects unless it exits with 0. */
  readonly run: (side: "server" | "client", ...words: ReadonlyArray<string>) => Promise<string>
}

export async function openSite(): Promise<Site> {
  const name = `synprint-e2e-${process.pid}-${count++}`
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "synprint-"))
  fs.chmodSync(directory, 0o755)
  const serverName = `${name}-s`
  const clientName = `${name}-c`
  const server = ["ip", "netns", "exec", serverName]
  const client = ["ip", "netns", "exec", clientName]
  const owned: Array<AsyncDisposable> = []
  const own = <A extends AsyncDisposable>(resource: A): A => {
    owned.push(resource)
    return resource
  }

  const close = async () => {
    for (const resource of owned.reverse()) await resource[Symbol.asyncDispose]()
    await exec(["ip", "netns", "del", clientName]).catch(() => undefined)
    await exec(["ip", "netns", "del", serverName]).catch(() => undefined)
    fs.rmSync(directory, { recursive: true, force: true })
  }

  try {
    await exec(["ip", "netns", "add", serverName])
    await exec(["ip", "netns", "add", clientName])
    const link = ["name", SERVER_INTERFACE, "netns", serverName, "type", "veth"]
    await exec(["ip", "link", "add", ...link, "peer", "name", CLIENT_INTERFACE, "netns", clientName])
    await Promise.all([
      bringUp(serverName, SERVER_INTERFACE, SERVER4, SERVER6),
      bringUp(clientName, CLIENT_INTERFACE, CLIENT4, CLIENT6)
    ])
    const program = await compileC("client.c", directory)
    const echo = Bun.spawn([...server, process.execPath, `${import.meta.dir}/echo.ts`, "8080"], {
      stdout: "ignore",
      stderr: "inherit"
    })
    owned.push({
      [Symbol.asyncDispose]: async () => {
        echo.kill()
        await echo.exited
      }
    })
    await waitListening(echo, [8080], () => "the echo application does not start")
    return {
      server,
      client,
      directory,
      haproxy: async (options) => own(await startHaproxy({ ...options, directory, inside: server })),
      agent: async (config, more) =>
        own(await startAgent({ directory, inside: server, ...(config === undefined ? {} : { config }), ...more })),
      load: (load) => runLoad(program, client, load),
      sniff: async () => own(await startSniffer(server, SERVER_INTERFACE, directory)),
      run: (side, ...words) => exec([...(side === "server" ? server : client), ...words]),
      [Symbol.asyncDispose]: close
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function bringUp(namespace: string, interfaceName: string, four: string, six: string): Promise<void> {
  const lines = [
    "link set lo up",
    `addr add ${four}/24 dev ${interfaceName}`,
    // nodad: duplicate address detection would hold the address back for a second
    `addr add ${six}/64 dev ${interfaceName} nodad`,
    `link set ${interfaceName} up`
  ]
  for (const line of lines) await exec(["ip", "-n", namespace, ...line.split(" ")])
}

async function exec(words: ReadonlyArray<string>): Promise<string> {
  const child = Bun.spawn([...words], { stdout: "pipe", stderr: "pipe" })
  const [output, complaint, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  if (code !== 0) throw new Error(`${words.join(" ")}: exit ${code}: ${complaint}`)
  return output
}
