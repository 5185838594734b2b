import { afterAll, expect, test } from "bun:test"
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { chownSocket, removeStale, type SocketFile, withPrivateMask } from "./unix-socket.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-socket-"))
afterAll(() => rmSync(directory, { recursive: true }))

const at = (name: string) => ({ kind: "unix", path: join(directory, name) }) as const
const listen = (path: string) => Bun.listen({ unix: path, socket: { data() {} } })

/** The message with which a file is not removed; undefined: it is removed, or there is none. */
const refused = (name: string): Promise<string | undefined> =>
  Effect.runPromise(
    removeStale("spoa.listen", at(name)).pipe(
      Effect.as(undefined),
      Effect.catch((error) => Effect.succeed(error.message))
    )
  )

test("a socket that nobody listens on is removed, one that is served is not", async () => {
  const { path } = at("a.sock")
  const server = listen(path)
  expect(await refused("a.sock")).toBe(
    `cannot listen on unix:${path}: EADDRINUSE (another process listens there: stop it or change spoa.listen)`
  )
  expect(existsSync(path)).toBe(true)
  // A listener takes its file away when it stops, unless it stands elsewhere.
  renameSync(path, `${path}.1`)
  server.stop(true)
  renameSync(`${path}.1`, path)
  expect(statSync(path).isSocket()).toBe(true)
  expect(await refused("a.sock")).toBeUndefined()
  expect(existsSync(path)).toBe(false)
  expect(await refused("a.sock")).toBeUndefined()
})

test("a file that is no socket is never removed, nor is a link", async () => {
  writeFileSync(at("file").path, "mine")
  symlinkSync("file", at("link").path)
  for (const name of ["file", "link"]) {
    expect(await refused(name)).toContain("ENOTSOCK, the file is there and is no socket")
    expect(existsSync(at(name).path)).toBe(true)
  }
})

test("a socket that is made under the private mask is nobody else's, and the mask is what it was", () => {
  const before = process.umask()
  const server = withPrivateMask(() => listen(at("private.sock").path))
  expect(statSync(at("private.sock").path).mode & 0o777).toBe(0o600)
  server.stop(true)
  expect(() =>
    withPrivateMask(() => {
      throw new Error("no")
    })
  ).toThrow("no")
  expect(process.umask()).toBe(before)
})

/** Gives a new file an owner, a group and a mode; the message of a failure. */
async function chowned(file: Partial<SocketFile>): Promise<string | undefined> {
  writeFileSync(at("owned").path, "")
  return Effect.runPromise(
    chownSocket("p0f_api.socket", at("owned"), { mode: 0o660, owner: "", group: "", ...file }).pipe(
      Effect.as(undefined),
      Effect.catch((error) => Effect.succeed(error.message))
    )
  )
}

/** The last entry of a file of users or groups: its name and its number. */
function lastOf(file: string): readonly [name: string, id: number] {
  const [name, , id] = readFileSync(file, "utf8").trim().split("\n").at(-1)!.split(":")
  return [name!, Number(id)]
}

test("owner and group by number, and the mode; an empty name leaves what is", async () => {
  const [uid, gid] = [process.getuid!(), process.getgid!()]
  const owned = () => {
    const found = statSync(at("owned").path)
    return [found.uid, found.gid, found.mode & 0o7777]
  }
  expect(await chowned({})).toBeUndefined()
  expect(owned()).toEqual([uid, gid, 0o660])
  expect(await chowned({ owner: String(uid), group: String(gid), mode: 0o604 })).toBeUndefined()
  expect(owned()).toEqual([uid, gid, 0o604])
})

test("names that nobody has, and numbers that are none, are problems of their keys", async () => {
  for (const owner of ["no-such-user", "-1", "1234567890", "root:"])
    expect(await chowned({ owner })).toBe(`configuration: p0f_api.owner: no user "${owner}" in /etc/passwd`)
  expect(await chowned({ group: "no-such-group" })).toBe(
    'configuration: p0f_api.group: no group "no-such-group" in /etc/group'
  )
})

test("owner and group by name: given by who may, refused with the reason for others", async () => {
  const [owner, uid] = lastOf("/etc/passwd")
  const [group, gid] = lastOf("/etc/group")
  const message = await chowned({ owner, group })
  const found = statSync(at("owned").path)
  if (process.getuid!() === 0) expect([message, found.uid, found.gid]).toEqual([undefined, uid, gid])
  else expect(message).toContain("EPERM")
})
