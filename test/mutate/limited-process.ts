/** Runs a program with a limit of time and memory: a mutation may loop or allocate without end. */
import { readFileSync } from "node:fs"

const MEMORY_LIMIT_BYTES = 3 * 2 ** 30
const POLL_MS = 100
const PAGE_BYTES = 4096

export interface Ended {
  readonly code: number
  readonly output: string
  readonly seconds: number
  /** The limit that ended it. */
  readonly limit: "time" | "memory" | undefined
}

const running = new Set<number>()

/** Ends a process with all that it started: each leads a process group. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // It has ended by itself.
  }
}

export function killAll(): void {
  for (const pid of running) killGroup(pid)
}

function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * PAGE_BYTES
  } catch {
    return 0
  }
}

export async function runLimited(
  command: ReadonlyArray<string>,
  cwd: string,
  environment: Readonly<Record<string, string>>,
  limitMs: number
): Promise<Ended> {
  const start = performance.now()
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true
  })
  const { pid } = child
  running.add(pid)
  let limit: Ended["limit"]
  const poll = setInterval(() => {
    if (performance.now() - start > limitMs) limit = "time"
    else if (residentBytes(pid) > MEMORY_LIMIT_BYTES) limit = "memory"
    if (limit !== undefined) killGroup(pid)
  }, POLL_MS)
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const code = await child.exited
  clearInterval(poll)
  killGroup(pid) // whatever it started and left
  running.delete(pid)
  return { code, output: (await output).join(""), seconds: (performance.now() - start) / 1000, limit }
}
