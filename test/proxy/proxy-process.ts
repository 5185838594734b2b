/** `synprint proxy` as a process on ports of its own. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { ENVIRONMENT, SYNPRINT } from "../lib/agent.ts"

export interface ProxyProcess {
  readonly child: Bun.Subprocess
  /** Ports of `listen`, in its order. */
  readonly ports: ReadonlyArray<number>
  readonly file: string
  readonly log: () => string
  readonly stop: (signal?: NodeJS.Signals) => Promise<number>
  /** Waits until the log says something. */
  readonly says: (text: string) => Promise<void>
}

/** A directory of the test, removed by `remove`. */
export function makeDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(`${tmpdir()}/synprint-proxy-`)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

let count = 0

/** Starts it with a configuration whose listen ports may be 0; words go before the program (setpriv, ip netns exec). */
export async function startProxyProcess(
  config: string,
  directory: string,
  inside: ReadonlyArray<string> = [],
  environment: Readonly<Record<string, string>> = {}
): Promise<ProxyProcess> {
  const base = `${directory}/${count++}`
  const file = `${base}.toml`
  writeFileSync(file, config)
  const child = Bun.spawn([...inside, ...SYNPRINT, "proxy", "--config", file], {
    stdout: "ignore",
    stderr: Bun.file(`${base}.err`),
    env: { ...ENVIRONMENT, ...environment }
  })
  const log = () => (existsSync(`${base}.err`) ? readFileSync(`${base}.err`, "utf8") : "")
  const until = async (isTrue: () => boolean, what: string): Promise<void> => {
    const deadline = performance.now() + 30_000
    while (!isTrue()) {
      if (performance.now() > deadline) throw new Error(`${what} not within 30 s: ${log()}`)
      await Bun.sleep(10)
    }
  }
  await until(() => / serves http.* with /.test(log()) || child.exitCode !== null, "start")
  const ports = [...(/ serves (.*?) with /.exec(log())?.[1] ?? "").matchAll(/:(\d+)(?=$|,)/g)].map((found) =>
    Number(found[1])
  )
  return {
    child,
    ports,
    file,
    log,
    stop: async (signal = "SIGTERM") => {
      child.kill(signal)
      return child.exited
    },
    says: (text) => until(() => log().includes(text), `"${text}"`)
  }
}
