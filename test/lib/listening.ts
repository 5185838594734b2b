/** Waits until a process listens: reads the socket tables of its network namespace, so it connects to nothing. */
import * as fs from "node:fs"

const LISTEN = "0A"

/** Local ports that listen in the network namespace of a process. */
export function listeningPorts(pid: number): ReadonlySet<number> {
  const ports = new Set<number>()
  for (const table of ["tcp", "tcp6"]) {
    let text: string
    try {
      text = fs.readFileSync(`/proc/${pid}/net/${table}`, "utf8")
    } catch {
      continue
    }
    for (const line of text.split("\n").slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/)
      if (state === LISTEN) ports.add(Number.parseInt(local!.slice(local!.indexOf(":") + 1), 16))
    }
  }
  return ports
}

/** Resolves when all ports listen; rejects with `complaint()` when the process ends or 20 s pass. */
export async function waitListening(
  child: Bun.Subprocess,
  ports: ReadonlyArray<number>,
  complaint: () => string,
  timeoutMs = 20_000
): Promise<void> {
  const before = performance.now()
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`ended with ${child.exitCode ?? child.signalCode}: ${complaint()}`)
    const listening = listeningPorts(child.pid)
    if (ports.every((port) => listening.has(port))) return
    if (performance.now() - before > timeoutMs)
      throw new Error(`does not listen on ${ports.join(", ")}: ${complaint()}`)
    await Bun.sleep(10)
  }
}
