/**
 * The file of a unix listener: a stale one is replaced, a live one is an error, and it never has wider rights than asked for.
 *
 * The caller holds the lock of the address, so that two instances that start together can't take each other's file away.
 */
import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from "node:fs"
import * as Effect from "effect/Effect"
import { type ConfigInvalid, invalid } from "../config/problem.ts"
import type { ListenAddress } from "../config/listen-address.ts"
import { ListenError, listenError } from "./listen-error.ts"

export interface SocketFile {
  /** Permission bits. */
  readonly mode: number
  /** Name or number; empty: the process's own. */
  readonly owner: string
  readonly group: string
}

const ECONNREFUSED = "ECONNREFUSED"

/** Removes a socket file that nobody listens on. Fails when somebody does, or when the file is no socket. */
export const removeStale = (
  setting: string,
  address: ListenAddress & { kind: "unix" }
): Effect.Effect<void, ListenError> =>
  Effect.gen(function* () {
    const found = lstatSync(address.path, { throwIfNoEntry: false })
    if (found === undefined) return
    const fail = (code: string) => Effect.fail(new ListenError({ setting, address: `unix:${address.path}`, code }))
    if (!found.isSocket()) return yield* fail("ENOTSOCK, the file is there and is no socket")
    const code = yield* Effect.promise(() => probe(address.path))
    if (code === undefined) return yield* fail("EADDRINUSE")
    if (code !== ECONNREFUSED) return yield* fail(code)
    yield* Effect.try({ try: () => unlinkSync(address.path), catch: (cause) => listenError(setting, address, cause) })
  })

/** Connects and goes: undefined when somebody listens, else the error's code. A full backlog is somebody (EAGAIN). */
async function probe(path: string): Promise<string | undefined> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {}, error() {} } })
    socket.end()
    return undefined
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    return code === "EAGAIN" ? undefined : code === "ENOENT" ? ECONNREFUSED : (code ?? String(cause))
  }
}

/** Runs `open`, which binds the path, with a umask under which only the process may connect until `chownSocket` was called. */
export function withPrivateMask<A>(open: () => A): A {
  const before = process.umask(0o177)
  try {
    return open()
  } finally {
    process.umask(before)
  }
}

/** Gives the file its owner, group and mode, in that order. */
export const chownSocket = (
  setting: string,
  address: ListenAddress & { kind: "unix" },
  file: SocketFile
): Effect.Effect<void, ListenError | ConfigInvalid> =>
  Effect.gen(function* () {
    const table = setting.slice(0, setting.lastIndexOf("."))
    const uid = idOf(file.owner, "/etc/passwd")
    const gid = idOf(file.group, "/etc/group")
    if (uid === undefined) return yield* invalid(undefined, `no user "${file.owner}" in /etc/passwd`, `${table}.owner`)
    if (gid === undefined) return yield* invalid(undefined, `no group "${file.group}" in /etc/group`, `${table}.group`)
    yield* Effect.try({
      try: () => {
        if (uid >= 0 || gid >= 0) chownSync(address.path, uid, gid)
        chmodSync(address.path, file.mode)
      },
      catch: (cause) => listenError(setting, address, cause)
    })
  })

/** -1 for an empty name (chown(2): leave as it is), undefined for an unknown one. Both files have the id in the third column. */
function idOf(name: string, file: "/etc/passwd" | "/etc/group"): number | undefined {
  if (name === "") return -1
  if (/^\d{1,9}$/.test(name)) return Number(name)
  let lines: ReadonlyArray<string> = []
  try {
    lines = readFileSync(file, "utf8").split("\n")
  } catch {
    return undefined
  }
  for (const line of lines) {
    const [found, , id] = line.split(":")
    if (found === name && id !== undefined && /^\d+$/.test(id)) return Number(id)
  }
  return undefined
}
