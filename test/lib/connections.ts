/** Clients of a capture: connections over a link, from the kernel of a namespace. */
import type { End, Link } from "./netns.ts"
import { run } from "./process.ts"

/** `count` connections from `from` to `host`; rejects unless all are made. A listener of this process has accepted them all then. */
export async function connections(from: End, host: string, port: number, count: number, pauseMs = 0): Promise<void> {
  const program = `${import.meta.dir}/connect.ts`
  const made = await run([...from.inside, process.execPath, program, host, ...[port, count, pauseMs].map(String)])
  if (Number(made) !== count) throw new Error(`${made} of ${count} connections to ${host} were made`)
  // They are in the listener's queue: two turns of the event loop, in case that the end of the program came first in this one.
  await Bun.sleep(1)
  await Bun.sleep(1)
}

/** Settings of the client's kernel, each changed and put back. */
const UNLIKE = [
  ["tcp_timestamps", 0, 1],
  ["tcp_sack", 0, 1],
  ["tcp_window_scaling", 0, 1],
  ["tcp_ecn", 1, 2],
  ["ip_default_ttl", 200, 64]
] as const

/** 30 connections from five kinds of client, IPv4 and IPv6. */
export async function unlikeConnections({ here, there }: Link, port: number): Promise<void> {
  const set = (name: string, value: number) => run([...there.inside, "sysctl", "-qw", `net.ipv4.${name}=${value}`])
  for (const [name, changed, usual] of UNLIKE) {
    await set(name, changed)
    await connections(there, here.ipv4, port, 3)
    await connections(there, here.ipv6, port, 3)
    await set(name, usual)
  }
}
