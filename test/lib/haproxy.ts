/**
 * A real HAProxy from one of the example files: copied into a directory of the test with paths and the given texts replaced, started
 * in the foreground inside a namespace, reloaded as its systemd unit does it (-sf, sockets handed over by -x), and stopped.
 */
import * as fs from "node:fs"
import { waitListening } from "./listening.ts"

export const EXAMPLES = `${import.meta.dir}/../../examples/haproxy`

/** A site's clients have processors of their own: those of a test must not take the time of what they measure. */
export const SERVER_PRIORITY: ReadonlyArray<string> = ["nice", "-n", "-10"]

/** `3.4` of a program that is HAProxy; undefined when it does not start. */
export function versionOf(binary: string): string | undefined {
  return /version (\d+\.\d+)/.exec(Bun.spawnSync([binary, "-v"]).stdout.toString())?.[1]
}

/** The programs that HAPROXY3 names, joined by ":" (test/lib/haproxy3.sh prints such a list), newest first. */
export const HAPROXY3: ReadonlyArray<{ readonly binary: string; readonly version: string }> = (
  process.env["HAPROXY3"] ?? ""
)
  .split(":")
  .filter((binary) => binary !== "")
  .map((binary) => ({ binary, version: versionOf(binary) ?? "of unknown version" }))

export interface HaproxyOptions {
  /** File of examples/haproxy. */
  readonly example: string
  /** A directory of this instance alone; its path must be short, as it holds the stats socket. */
  readonly directory: string
  /** Command words before haproxy: `ip netns exec NAME`. */
  readonly inside: ReadonlyArray<string>
  /** Texts of the example (configuration and .spop) and what stands there in the test; each must occur. */
  readonly replace?: ReadonlyArray<readonly [text: string, by: string]>
  /** Default: the program that SYNPRINT_TEST_HAPROXY names, or the HAProxy of the machine. */
  readonly binary?: string
  /** With the processing time-out of the example, 10 or 20 ms; by default it waits for 5 s, as a busy machine may need. */
  readonly isHasty?: boolean
}

export interface Haproxy extends AsyncDisposable {
  readonly pid: () => number
  /** Lines of the log so far, of all instances since the start. */
  readonly log: () => ReadonlyArray<string>
  /** Starts a new process on the same sockets; the old one ends as its connections do. */
  readonly reload: () => Promise<void>
  /** Sends a command to the stats socket. */
  readonly command: (text: string) => Promise<string>
  readonly stop: () => Promise<void>
}

/** Copies an example and the .spop that it names; gives the path of the configuration. */
export function copyExample(
  example: string,
  directory: string,
  replace: ReadonlyArray<readonly [text: string, by: string]> = []
): string {
  const config = fs.readFileSync(`${EXAMPLES}/${example}`, "utf8")
  const spop = /config \/etc\/haproxy\/(\S+\.spop)/.exec(config)?.[1]
  if (spop === undefined) throw new Error(`${example} names no .spop file under /etc/haproxy`)
  let texts = [config, fs.readFileSync(`${EXAMPLES}/${spop}`, "utf8")]
  texts = texts.map((text) =>
    text.replaceAll("/etc/haproxy/", `${directory}/`).replaceAll("/run/haproxy/", `${directory}/`)
  )
  for (const [text, by] of replace) {
    if (!texts.some((each) => each.includes(text))) throw new Error(`${example} and ${spop} do not hold "${text}"`)
    texts = texts.map((each) => each.replaceAll(text, by))
  }
  fs.writeFileSync(`${directory}/${example}`, texts[0]!)
  fs.writeFileSync(`${directory}/${spop}`, texts[1]!)
  return `${directory}/${example}`
}

/** Lengthens the time-outs of an example that are given in milliseconds: all of them are for the agent. */
function makePatient(config: string, isHasty: boolean): void {
  const short = isHasty ? /^( +timeout +(?:hello|connect|check) +)\d+ms$/gm : /^( +timeout +\w+ +)\d+ms$/gm
  const spop = /config (\S+\.spop)/.exec(fs.readFileSync(config, "utf8"))![1]!
  for (const file of [config, spop]) {
    const text = fs.readFileSync(file, "utf8")
    fs.writeFileSync(
      file,
      text.replaceAll(short, (_, timeout: string) => `${timeout}5s`)
    )
  }
}

export async function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  const config = copyExample(options.example, options.directory, options.replace)
  makePatient(config, options.isHasty === true)
  const binary = options.binary ?? process.env["SYNPRINT_TEST_HAPROXY"] ?? "haproxy"
  const socket = `${options.directory}/admin.sock`
  const logs: Array<string> = []
  const all: Array<Bun.Subprocess> = []
  const ports = [...fs.readFileSync(config, "utf8").matchAll(/^\s+bind \S*:(\d+)/gm)].map((match) => Number(match[1]))

  const start = async (more: ReadonlyArray<string>) => {
    const log = `${options.directory}/haproxy-${all.length}.log`
    logs.push(log)
    const child = Bun.spawn([...options.inside, ...SERVER_PRIORITY, binary, "-db", "-f", config, ...more], {
      stdout: Bun.file(log),
      stderr: Bun.file(`${log}.err`)
    })
    all.push(child)
    await waitListening(child, [...new Set(ports)], () => fs.readFileSync(`${log}.err`, "utf8"))
    return child
  }
  const stop = async () => {
    for (const child of all) child.kill("SIGTERM")
    const deadline = setTimeout(() => all.forEach((child) => child.kill("SIGKILL")), 3000)
    await Promise.all(all.map((child) => child.exited))
    clearTimeout(deadline)
  }

  const command = async (text: string): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    let answer = ""
    await Bun.connect({
      unix: socket,
      socket: {
        open: (stats) => void stats.write(`${text}\n`),
        data: (_, chunk) => void (answer += chunk.toString()),
        close: () => resolve(answer),
        error: (_, error) => reject(error)
      }
    })
    return promise
  }

  let current = await start([])
  return {
    pid: () => current.pid,
    log: () => logs.flatMap((file) => fs.readFileSync(file, "utf8").split("\n")).filter((line) => line !== ""),
    reload: async () => {
      current = await start(["-sf", String(current.pid), "-x", socket])
      // The ports listened all the time: it is up when it answers on the stats socket.
      const deadline = performance.now() + 20_000
      while (!(await command("show info").catch(() => "")).includes(`\nPid: ${current.pid}\n`)) {
        if (performance.now() > deadline) throw new Error("the new process does not take over within 20 s")
        await Bun.sleep(10)
      }
    },
    command,
    stop,
    [Symbol.asyncDispose]: stop
  }
}
