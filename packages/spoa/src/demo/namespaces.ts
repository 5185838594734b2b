/**
 * Two network namespaces joined by a veth pair. Each is held by a process that waits on its stdin, so the namespaces vanish with us
 * whatever ends us; nothing is written to /run/netns. Without root they lie in a user namespace of their own.
 */
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DemoError } from "./error.ts"
import { runProgram, startProgram } from "./program.ts"

export interface Namespaces {
  /** Command words that run a program inside. */
  readonly server: ReadonlyArray<string>
  readonly client: ReadonlyArray<string>
}

export interface Addresses {
  readonly server: ReadonlyArray<string>
  readonly client: ReadonlyArray<string>
}

export const openNamespaces = Effect.fnUntraced(function* (
  addresses: Addresses
): Effect.fn.Return<Namespaces, DemoError, Scope.Scope> {
  const isRoot = process.getuid?.() === 0
  const enter = (pid: number): ReadonlyArray<string> =>
    isRoot
      ? ["nsenter", "--target", String(pid), "--net"]
      : ["nsenter", "--target", String(pid), "--user", "--net", "--preserve-credentials"]

  const serverPid = yield* hold(["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--net"])
  const server = enter(serverPid)
  const clientPid = yield* hold([...server, "unshare", "--net"])
  const client = enter(clientPid)

  const link = ["name", "server0", "type", "veth", "peer", "name", "client0", "netns", String(clientPid)]
  yield* runProgram([...server, "ip", "link", "add", ...link])
  for (const [side, device, words] of [
    ["server", "server0", server],
    ["client", "client0", client]
  ] as const) {
    for (const address of addresses[side]) {
      // nodad: duplicate address detection would hold an IPv6 address back for a second
      const rest = address.includes(":") ? [`${address}/64`, "dev", device, "nodad"] : [`${address}/24`, "dev", device]
      yield* runProgram([...words, "ip", "address", "add", ...rest])
    }
    yield* runProgram([...words, "ip", "link", "set", "lo", "up"])
    yield* runProgram([...words, "ip", "link", "set", device, "up"])
  }
  return { server, client }
})

const START_MS = 15_000

/** A process in a new namespace; gives its id once it is inside. */
const hold = Effect.fnUntraced(function* (
  words: ReadonlyArray<string>
): Effect.fn.Return<number, DemoError, Scope.Scope> {
  const program = yield* startProgram([...words, "cat"], "a network namespace")
  for (let waitedMs = 0; ; waitedMs += 5) {
    if (program.child.exitCode !== null || waitedMs > START_MS)
      return yield* new DemoError({
        attempted: "make a network namespace",
        reason: program.complaint() || `${words[0]} ends with ${program.child.exitCode}`,
        hint: "run the demo as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0",
        privilege: true
      })
    // The words before `cat` replace each other by exec: once cat runs, the namespaces are made.
    if ((yield* commandOf(program.child.pid)) === "cat") return program.child.pid
    yield* Effect.sleep(5)
  }
})

const commandOf = (pid: number): Effect.Effect<string> =>
  Effect.sync(() => {
    try {
      return fs.readFileSync(`/proc/${pid}/comm`, "utf8").trim()
    } catch {
      return ""
    }
  })
